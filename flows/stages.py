"""One subflow per stage: plan its steps, work what is to do in shards, commit whole units."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
import asyncio
from collections.abc import Sequence
from typing import Any, cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from flows.artifacts import show_stage
from flows.committing import Committer
from flows.endings import ended
from flows.expectations import broken, check_stage, summary
from flows.naming import place
from flows.planning import StepPlan, frames_of
from flows.requests import StageRequest
from flows.running import begin_step, end_step
from flows.sentences import step_sentence
from flows.session import Session
from flows.session import session as current_session
from schemas.errors import AgoraError
from schemas.gateway import MENDED_BY_TIME
from schemas.unit import AnyUnit, Read
from tasks.models.batch import REQUESTS_PER_BATCH
from tasks.shards import Shard, shards_of, work_shard
from tasks.stages.registry import steps_of
from tasks.stages.working import Slots


@flow(
    name="agora-stage",
    flow_run_name="{request.study} / {request.stage}",
    validate_parameters=True,
)
async def run_stage(request: StageRequest) -> State[Any]:
    """Work every step of a stage; the state says what failed.

    Args:
        request: Which stage of which study; the rest is taken from the run that is going on.
    """
    session = current_session()
    names = [step.name for step in steps_of(request.stage)]
    for step in steps_of(request.stage):
        plan = await _worked(session, begin_step(session, step), set())
        end_step(session, await _retried(session, plan))
    found = await check_stage(session, request.stage)
    await show_stage(session, request.stage, names)
    reports = [session.report(name) for name in names]
    notes = [*map(step_sentence, reports), summary(found)]
    return ended(reports, broken(found, critical=True), session.stopped, notes)


async def _worked(session: Session, plan: StepPlan, tried: set[str]) -> StepPlan:
    """The plan of a step whose units were worked, those apart that were tried already."""
    # Units that rest on others of their step are free once those are done.
    while session.stopped is None and (todo := [u for u in plan.todo if u.key not in tried]):
        await _work(session, plan, todo)
        tried.update(unit.key for unit in todo)
        plan = session.planner.refreshed(plan)
    return plan


async def _retried(session: Session, plan: StepPlan) -> StepPlan:
    """The plan of a step after what time may have mended was worked again, as the study declares.

    It is done before the next step builds on these units.
    """
    run = session.design.study.run
    for number in range(1, run.retries + 1):
        failures = session.failures.get(plan.step.name, {})
        again = {key for key, failure in failures.items() if failure.kind in MENDED_BY_TIME}
        if not again or session.stopped is not None:
            break
        session.listener.waits(len(again), run.retry_after_s, number, run.retries)
        await asyncio.sleep(run.retry_after_s)
        others = {unit.key for unit in plan.failed if unit.key not in again}
        plan = await _worked(session, plan, others)
    return plan


async def _work(session: Session, plan: StepPlan, todo: Sequence[AnyUnit]) -> None:
    """Work units of a step, shard after shard, as slots for units become free.

    Raises:
        Mistake: Something that the user can mend keeps a model from being asked.
    """
    session.checker.start()  # it takes seconds, while models answer
    _hold_paid_answers(session, plan)
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
                shard = Shard(step, units, rows, session.gateway, slots, committer.take)
                slots.announce(len(units))
                group.create_task(_shard_worked(shard, where, number, len(shards)))
    except ExceptionGroup as errors:
        if (mistakes := errors.subgroup(AgoraError)) is not None:
            raise _first(mistakes) from None
        raise
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
