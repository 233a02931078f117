"""One subflow per stage: plan its steps, work what is to do in shards, commit whole units."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
import asyncio
from collections.abc import Sequence
from typing import Any, cast

from prefect import flow
from prefect.client.schemas.objects import State

from flows.artifacts import show_stage
from flows.endings import ended
from flows.estimating import estimated
from flows.expectations import broken, check_stage, summary
from flows.planning import StepPlan
from flows.progress_artifact import progress_shown
from flows.requests import StageRequest
from flows.run_log import log_step_begins, log_step_ends, log_wait
from flows.runners.here import work_here
from flows.runners.sending import Sender
from flows.running import begin_step, end_step
from flows.sentences import step_sentence
from flows.session import Session
from flows.session import session as current_session
from schemas.errors import AgoraError
from schemas.gateway import MENDED_BY_TIME
from schemas.unit import AnyUnit
from tasks.models.estimate import summed
from tasks.models.prices import prices
from tasks.shards import telling_mistakes
from tasks.stages.registry import steps_of


@flow(
    name="agora-stage",
    flow_run_name="{request.study} / {request.stage}",
    validate_parameters=True,
)
@telling_mistakes
async def run_stage(request: StageRequest) -> State[Any]:
    """Work every step of a stage; the state says what failed.

    Args:
        request: Which stage of which study; the rest is taken from the run that is going on.
    """
    session = current_session()
    names = [step.name for step in steps_of(request.stage)]
    async with progress_shown(session, request.stage):
        for step in steps_of(request.stage):
            plan = begin_step(session, step)
            await _expect(session, plan)
            log_step_begins(session, plan)
            plan = await _retried(session, await _worked(session, plan, set()))
            log_step_ends(session, end_step(session, plan))
    found = await check_stage(session, request.stage)
    await show_stage(session, request.stage, names)
    reports = [session.report(name) for name in names]
    steps = [*filter(None, map(step_sentence, reports))] or ["the study has nothing of this stage"]
    notes = [*steps, summary(found)]
    return ended(reports, broken(found, critical=True), session.unfinished, notes)


async def _expect(session: Session, plan: StepPlan) -> None:
    """Have the meter know what a step will cost, where prices are known and not all zero."""
    paid = any(prices(one).cost_usd(1, 1) for one in session.design.study.models.values())
    if paid and plan.step.asks is not None and plan.todo:
        planned = [*session.plans.values(), plan]
        found = await asyncio.to_thread(estimated, session.design, planned, session.warehouse)
        session.meter.expect(summed(one.usd for one in found if one.usd is not None))


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
        log_wait(session, plan, len(again), number)
        await asyncio.sleep(run.retry_after_s)
        others = {unit.key for unit in plan.failed if unit.key not in again}
        plan = await _worked(session, plan, others)
    return plan


async def _work(session: Session, plan: StepPlan, todo: Sequence[AnyUnit]) -> None:
    """Work units of a step, shard after shard, here or on a cluster.

    What a provider answers in a batch takes hours and no worker, so it is asked from here.

    Raises:
        Mistake: Something that the user can mend keeps a model from being asked.
    """
    session.checker.start()  # it takes seconds, while models answer
    try:
        if session.cluster is None or any(map(plan.step.batched, todo)):
            await work_here(session, plan, todo)
        else:
            await Sender(session, plan, todo, session.cluster).send()
    except ExceptionGroup as errors:
        if (mistakes := errors.subgroup(AgoraError)) is not None:
            raise _first(mistakes) from None
        raise


def _first(errors: ExceptionGroup[AgoraError]) -> AgoraError:
    """The first error in a group, however deep."""
    error: Any = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return cast(AgoraError, error)
