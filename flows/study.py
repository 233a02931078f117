"""The main flow: one study, all of its stages, one subflow each."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
import asyncio
import time
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import show_report
from flows.files import refuse_temporary
from flows.requests import RunRequest, StageRequest
from flows.running import begin_study, open_session, refuse_what_cannot_run, report_of, work_stages
from flows.stages import run_stage
from schemas.unit import Stage


@flow(name="agora-study", flow_run_name="{request.study.stem}", validate_parameters=True)
async def run_study(request: RunRequest) -> State[Any]:
    """Run one study; the state's data is its :class:`StudyReport`.

    Args:
        request: The study, the warehouse, which stages, and limits.

    Raises:
        Mistake: The study, or the warehouse, is not usable as it is.
    """
    refuse_temporary(study=request.study, warehouse=request.warehouse)
    began_s = time.perf_counter()
    async with open_session(request, str(flow_run.id or "local")) as session:
        study = session.design.study

        async def work(stage: Stage) -> None:
            of_stage = StageRequest(study=study.name, version=session.design.version, stage=stage)
            state = await run_stage(of_stage, return_state=True)
            ended = await state.aresult(raise_on_failure=False)
            if isinstance(ended, BaseException):
                raise ended
            _end_if_cancelled()

        refuse_what_cannot_run(session, request.stages)
        begin_study(session)
        await work_stages(session, request.stages, work)
        if session.done:
            await show_report(session)
        report = report_of(session, time.perf_counter() - began_s)
    if critical := report.critical:
        return Failed(message=f"critical: {critical[0].sentence}", data=report)
    failed = sum(step.failed for step in report.steps)
    if failed:
        return Failed(message=f"{failed} units failed; run it again to retry them", data=report)
    name = "Completed" if report.stopped is None else "Stopped"
    return Completed(
        name=name, message=". ".join((report.stopped or "complete", *report.lost)), data=report
    )


def _end_if_cancelled() -> None:
    """Raise the cancellation that Prefect drops when it comes while a subflow is ending."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
