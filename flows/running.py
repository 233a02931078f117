"""A run of a study but for Prefect: what it opens, in which order it works, what it reports."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Any

from flows.estimating import estimated, questions, refuse_keyless, refuse_unpriced
from flows.expectations import broken, check_stage
from flows.meter import Meter
from flows.planning import Planner, StepPlan
from flows.recorded import RecordedPlanner
from flows.remaining import remaining
from flows.requests import RunRequest, StudyReport
from flows.resources import open_run
from flows.session import Session, in_session, listener, waiting_checker
from schemas.checks import Checked
from schemas.unit import STAGES, Stage
from tasks.models.estimate import Planned
from tasks.stages.base import AnyStep
from tasks.stages.registry import steps, steps_of
from warehouse.expectations.checker import Checker
from warehouse.inputs import record_complete, record_inputs


@contextlib.asynccontextmanager
async def open_session(request: RunRequest, run_id: str) -> AsyncIterator[Session]:
    """The session of a run; while it lasts, subflows find it.

    Args:
        request: The study, the warehouse and limits.
        run_id: Identifier of the run.

    Raises:
        Mistake: The study, or the warehouse, is not usable as it is.
    """
    async with open_run(request, run_id) as (design, warehouse, gateway):

        def new_planner() -> Planner:
            if request.version is not None:
                return RecordedPlanner(design, warehouse, request.conditions)
            return Planner(design, warehouse)

        waiting = waiting_checker()
        checker = waiting or Checker()
        session = Session(
            design=design,
            warehouse=warehouse,
            gateway=gateway,
            planner=new_planner(),
            new_planner=new_planner,
            run_id=run_id,
            concurrency=request.concurrency or design.study.run.concurrency,
            listener=listener(),
            checker=checker,
            meter=Meter(design.study.name, design.version, gateway.usage),
        )
        with contextlib.nullcontext() if waiting else checker, in_session(session):
            yield session


def refuse_what_cannot_run(session: Session, stages: Collection[Stage]) -> None:
    """Refuse a run that would stop when it has paid for much: for want of a price, or of a key.

    The keys of a cluster that is there already are those of its workers.

    Raises:
        Mistake: Dollars are limited and a model that will be asked has no price that is known; or
            the variable that it declares for its key is not set.
    """
    design = session.design

    @functools.cache
    def asked() -> list[Planned]:
        planned = map(session.new_planner().plan, steps())
        return questions(design, planned, session.warehouse, stages or STAGES)

    refuse_unpriced(design.study, asked, session.gateway.budget.usd)
    if design.study.run.address is None:
        refuse_keyless(design, asked)


async def work_stages(
    session: Session, stages: Collection[Stage], work: Callable[[Stage], Awaitable[None]]
) -> None:
    """Work stages in their order.

    A stage that is not to be run is planned, since later ones build on its units. So is one after
    a critical expectation that does not hold: no stage builds on data that are not as expected.

    Args:
        session: The run.
        stages: The stages to run; all if none is named.
        work: Works a stage.
    """
    for stage in STAGES:
        if (stages and stage not in stages) or broken(_checked(session), critical=True):
            for step in steps_of(stage):
                session.plans[step.name] = session.planner.plan(step)
        else:
            await work(stage)
    if not stages and session.unfinished is None and all(map(_whole, session.plans.values())):
        record_complete(session.warehouse, session.design.version)


def _whole(plan: StepPlan) -> bool:
    return len(plan.held) == len(plan.units)


def begin_study(session: Session) -> None:
    """Put the run on record, before it asks a model, and say that it begins."""
    version = session.design.version
    session.warehouse.record_run(session.run_id, version, dt.datetime.now(dt.UTC))
    session.listener.study_begins(session.design.study.name, version, session.meter)


def begin_step(session: Session, step: AnyStep) -> StepPlan:
    """Plan a step, put its units on record as those of the version, and say that it begins."""
    plan = session.planner.plan(step)
    version = session.design.version
    session.warehouse.record_units(version, step.name, _members(session, plan))
    record_inputs(session.warehouse, version, step.name, session.planner.brought_in(step))
    session.meter.begin(plan)
    session.listener.step_begins(plan)
    return plan


def end_step(session: Session, plan: StepPlan) -> StepPlan:
    """Put the plan of a step on record with what became of it, and say that it ended."""
    plan = session.planner.refreshed(plan)
    session.plans[plan.step.name] = plan
    session.listener.step_ends(plan)
    return plan


async def report_if_done(request: RunRequest) -> StudyReport | None:
    """The report of a run that has nothing to do; ``None``, and nobody told, where there is work.

    Such a run needs no server, asks no model, and imports none of the libraries for either.

    Raises:
        Mistake: The study, or the warehouse, is not usable as it is.
    """
    began_s = time.perf_counter()
    async with open_session(request, "local") as session:
        for plan in map(session.new_planner().plan, steps()):
            wanted = plan.step.stage in (request.stages or STAGES)
            if wanted and plan.worth_a_run:
                return None

        async def work(stage: Stage) -> None:
            for step in steps_of(stage):
                end_step(session, begin_step(session, step))
            await check_stage(session, stage)

        begin_study(session)
        await work_stages(session, request.stages, work)
        return report_of(session, time.perf_counter() - began_s)


def report_of(session: Session, elapsed_s: float) -> StudyReport:
    """What a run did, step by step, and what it cost."""
    usage = session.gateway.usage
    return StudyReport(
        study=session.design.study.name,
        version=session.design.version,
        steps=tuple(map(session.report, session.plans)),
        calls_asked=usage.calls_asked,
        calls_reused=usage.calls_reused,
        cost_usd=usage.cost_usd,
        unknown_prices=usage.calls_unpriced,
        elapsed_s=elapsed_s,
        lost=session.gateway.lost,
        checked=tuple(_checked(session)),
        stopped=session.unfinished,
        left=_left(session) if session.unfinished else "",
    )


def _checked(session: Session) -> list[Checked]:
    """What the expectations of all stages found so far."""
    return [one for found in session.checked.values() for one in found]


def _members(session: Session, plan: StepPlan) -> list[dict[str, Any]]:
    """Rows of ``study_units`` for a planned step."""
    return [
        {
            "study_version": session.design.version,
            "stage": unit.stage,
            "step": unit.step,
            "unit_key": unit.key,
            "condition": unit.condition,
            "replicate": unit.replicate,
            "label": unit.label,
        }
        for unit in plan.units
    ]


def _left(session: Session) -> str:
    """What is left to do, in words."""
    planned = list(session.plans.values())
    keys = [unit.key for plan in planned for unit in plan.units]
    return remaining(
        planned,
        estimated(session.design, planned, session.warehouse),
        session.gateway.answers_held(keys),
    )
