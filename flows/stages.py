"""One subflow per stage: plan its steps, work what is to do in shards, commit whole units."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import polars as pl
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.utilities.annotations import quote

from flows.artifacts import show_stage
from flows.committing import Committer
from flows.expectations import broken, check_stage, summary
from flows.planning import StepPlan
from flows.requests import StageRequest
from flows.session import Session, session_in_use
from schemas.errors import AgoraError
from schemas.unit import AnyUnit, Read
from tasks.models.batch import REQUESTS_PER_BATCH
from tasks.shards import Shard, results_of, shards_of
from tasks.stages.base import AnyStep
from tasks.stages.registry import steps_of


@flow(
    name="agora-stage",
    flow_run_name="{request.study}: {request.stage}",
    validate_parameters=True,
)
async def run_stage(request: StageRequest) -> State[Any]:
    """Work every step of a stage; the state says what failed.

    Args:
        request: Which stage of which study; the rest is taken from the run that is going on.
    """
    session = session_in_use.get()
    failed = 0
    counts = []
    for step in steps_of(request.stage):
        plan = session.planner.plan(step)
        session.warehouse.record_units(session.design.version, step.name, _members(session, plan))
        session.listener.step_begins(plan)
        if session.stopped is None:
            await _work(session, plan)
        plan = session.planner.refreshed(plan)
        session.plans[step.name] = plan
        session.listener.step_ends(plan)
        failed += len(plan.failed)
        counts.append(f"{step.name}: {len(plan.held)} of {len(plan.units)}")
    found = await check_stage(session, request.stage)
    await show_stage(session, request.stage, [step.name for step in steps_of(request.stage)])
    message = ", ".join(filter(None, [*counts, summary(found)]))
    if critical := broken(found, critical=True):
        return Failed(message=f"critical: {critical[0].sentence}. {message}", data=failed)
    if failed:
        return Failed(
            message=f"{failed} units failed; the next run works them again. {message}", data=failed
        )
    if session.stopped:
        return Completed(name="Stopped", message=f"{session.stopped} {message}", data=0)
    return Completed(message=message, data=0)


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


async def _work(session: Session, plan: StepPlan) -> None:
    """Work the units that are to do, a few shards at a time.

    Raises:
        Mistake: Something that the user can mend keeps a model from being asked.
    """
    if not plan.todo:
        return
    session.checker.start()  # it takes seconds, while models answer
    _hold_paid_answers(session, plan)
    size, width = _size_and_width(plan, session.concurrency)
    shards = shards_of(plan.todo, size)
    gate = asyncio.Semaphore(width)
    committer = Committer(session, plan.step.name)

    async def one(number: int, units: Sequence[AnyUnit]) -> None:
        async with gate:
            if session.stopped is not None:
                return
            rows = await asyncio.to_thread(_rows_for, session, plan.step, units)
            shard = Shard(plan.step, units, rows)
            # Quoted, Prefect hands the shard over without searching its rows for futures.
            results = await results_of(
                cast(Shard, quote(shard)), plan.step.name, number, len(shards)
            )
            await committer.add(results)

    try:
        async with asyncio.TaskGroup() as group:
            for number, units in enumerate(shards, start=1):
                group.create_task(one(number, units))
    except ExceptionGroup as errors:
        if (mistakes := errors.subgroup(AgoraError)) is not None:
            raise _first(mistakes) from None
        raise
    finally:
        await committer.flush()


def _size_and_width(plan: StepPlan, concurrency: int) -> tuple[int, int]:
    """Units in a shard, and shards that are worked at once.

    Few units are begun at once where models answer, so that a budget that is spent leaves few
    unfinished. A provider's batch is better the more it holds, so whatever it can take is begun.
    """
    size = max(plan.step.shard, 1)
    if plan.step.asks is None:
        return size, 1
    if any(map(plan.step.batched, plan.todo)):
        concurrency = REQUESTS_PER_BATCH
    size = min(size, concurrency)
    return size, max(1, concurrency // size)


def _first(errors: ExceptionGroup[AgoraError]) -> AgoraError:
    """The first error in a group, however deep."""
    error: Any = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return cast(AgoraError, error)


def _hold_paid_answers(session: Session, plan: StepPlan) -> None:
    """Hand the gateway what failed units were answered before, so that it is not asked again."""
    keys = tuple(unit.key for unit in plan.failed)
    if keys and plan.step.asks is not None:
        session.gateway.reuse(
            {
                table: session.warehouse.frame(Read(table, "unit_key", keys)).to_dicts()
                for table in ("calls", "attempts")
            }
        )


def _rows_for(session: Session, step: AnyStep, units: Sequence[AnyUnit]) -> dict[str, pl.DataFrame]:
    """Rows of the warehouse that a shard needs, by table."""
    frames: dict[str, list[pl.DataFrame]] = {}
    for read in step.reads(units):
        frames.setdefault(read.table, []).append(session.warehouse.frame(read))
    return {
        table: pl.concat(parts).unique(maintain_order=True) if len(parts) > 1 else parts[0]
        for table, parts in frames.items()
    }
