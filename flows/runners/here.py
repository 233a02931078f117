"""Works the shards of a step in this process, on the event loop of the run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from flows.committing import Committer
from flows.naming import place
from flows.planning import StepPlan, frames_of
from flows.runners.paid import paid_answers
from schemas.unit import AnyUnit
from tasks.models.batch import REQUESTS_PER_BATCH
from tasks.shards import Shard, shards_of, work_shard
from tasks.stages.working import Slots

if TYPE_CHECKING:
    from flows.session import Session


async def work_here(session: Session, plan: StepPlan, todo: Sequence[AnyUnit]) -> None:
    """Work units of a step, shard after shard, as slots for units become free.

    Raises:
        ExceptionGroup: What kept shards from being worked.
    """
    if plan.step.asks is not None:
        session.gateway.reuse(paid_answers(session.warehouse, [unit.key for unit in plan.failed]))
    step, shards = plan.step, shards_of(todo, max(plan.step.shard, 1))
    where = place(session.design.study.name, step.stage, step.name)
    slots = Slots(_units_at_once(plan, session.concurrency))
    committer = Committer(session, step.name, slots)
    try:
        async with asyncio.TaskGroup() as group:
            for number, units in enumerate(shards, start=1):
                await slots.free()
                if session.stopped is not None:
                    break
                rows = await asyncio.to_thread(frames_of, session.warehouse, step.reads(units))
                shard = Shard(
                    step, units, rows, session.gateway, slots, committer.take, committer.stored
                )
                slots.announce(len(units))
                committer.expect_shard()
                group.create_task(_shard_worked(shard, where, number, len(shards)))
            committer.expect_no_more()
    finally:
        await committer.flush()


async def _shard_worked(shard: Shard, where: str, number: int, total: int) -> None:
    """Have a task work a shard; units that fail are in its state, and raise nothing.

    Raises:
        Exception: A bug, or something that the user can mend, kept the shard from being worked.
    """
    # Quoted, Prefect hands the shard over without searching its rows for futures.
    quoted = cast(Shard, quote(shard))
    working: Any = work_shard(quoted, where, number, total, return_state=True)
    state: State[Any] = await working
    result = await state.aresult(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result


def _units_at_once(plan: StepPlan, concurrency: int) -> int:
    """How many units of a step are worked at once.

    Few are begun where models answer, so that a budget that is spent leaves few unfinished. A
    provider's batch is better the more it holds, so whatever it can take is begun.
    """
    if not plan.step.concurrent:
        return 1
    return REQUESTS_PER_BATCH if any(map(plan.step.batched, plan.todo)) else concurrency
