"""The main flow: one study, all of its stages, one subflow each."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import show_report
from flows.estimating import estimated, refuse_unpriced
from flows.expectations import broken
from flows.planning import Planner, plans
from flows.remaining import leftover
from flows.requests import RunRequest, StageRequest, StudyReport
from flows.resources import opened
from flows.session import Session, in_session, listener
from flows.stages import run_stage
from schemas.checks import Checked
from schemas.unit import STAGES, Stage
from tasks.stages.registry import steps, steps_of
from warehouse.expectations.checker import Checker


@flow(name="agora-study", flow_run_name="{request.study.stem}", validate_parameters=True)
async def run_study(request: RunRequest) -> State[Any]:
    """Run one study; the state's data is its :class:`StudyReport`.

    Args:
        request: The study, the warehouse, which stages, and limits.

    Raises:
        Mistake: The study, or the warehouse, is not usable as it is.
    """
    began = time.perf_counter()
    async with _session(request) as session:
        design = session.design
        planned = plans(design, session.warehouse, steps())
        asked = (one for one in planned if one.step.stage in (request.stages or STAGES))
        refuse_unpriced(design, asked, session.warehouse, session.gateway.budget.usd)
        session.listener.study_begins(design.study.name, design.version)
        for stage in STAGES:
            left_out = request.stages and stage not in request.stages
            if left_out or _critical(session):  # no stage builds on data that are not as expected
                _look_at(session, stage)
                continue
            state = await run_stage(
                StageRequest(study=design.study.name, version=design.version, stage=stage),
                return_state=True,
            )
            ended = await state.aresult(raise_on_failure=False)
            if isinstance(ended, BaseException):
                raise ended
        if session.done:
            await show_report(session)
        report = _report(session, time.perf_counter() - began)
    if critical := report.critical:
        return Failed(message=f"critical: {critical[0].sentence}", data=report)
    failed = sum(step.failed for step in report.steps)
    if failed:
        return Failed(message=f"{failed} units failed; run it again to retry them", data=report)
    name = "Completed" if report.stopped is None else "Stopped"
    return Completed(name=name, message=report.stopped or "complete", data=report)


@contextlib.asynccontextmanager
async def _session(request: RunRequest) -> AsyncIterator[Session]:
    """The session of a run; while it lasts, subflows find it."""
    async with opened(request) as (design, warehouse, gateway):
        checker = Checker()
        session = Session(
            design=design,
            warehouse=warehouse,
            gateway=gateway,
            planner=Planner(design, warehouse),
            run_id=str(flow_run.id or "local"),
            concurrency=request.concurrency or design.study.run.concurrency,
            listener=listener(),
            checker=checker,
        )
        with contextlib.closing(checker), in_session(session):
            yield session


def _look_at(session: Session, stage: Stage) -> None:
    """Plan a stage that is not to be run, since later stages build on its units."""
    for step in steps_of(stage):
        session.plans[step.name] = session.planner.plan(step)


def _checked(session: Session) -> list[Checked]:
    """What the expectations of all stages found so far."""
    return [one for found in session.checked.values() for one in found]


def _critical(session: Session) -> bool:
    """Whether a critical expectation of an earlier stage does not hold."""
    return bool(broken(_checked(session), critical=True))


def _report(session: Session, elapsed_s: float) -> StudyReport:
    """What the run did, step by step, and what it cost."""
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
        checked=tuple(_checked(session)),
        stopped=session.stopped,
        left=_left(session) if session.stopped else "",
    )


def _left(session: Session) -> str:
    """What is left to do, in words."""
    plans = list(session.plans.values())
    keys = [unit.key for plan in plans for unit in plan.units]
    return leftover(
        plans,
        estimated(session.design, plans, session.warehouse),
        session.gateway.answers_held(keys),
    )
