"""The main flow: one study, all of its stages, one subflow each."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

from prefect import flow, tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.artifacts import show_report
from flows.deployments.limits import holding
from flows.endings import ended
from flows.files import refuse_temporary
from flows.naming import place, tags_of
from flows.recorded import as_retried
from flows.requests import RunRequest, StageRequest
from flows.run_log import log_study_begins, log_study_ends
from flows.runners.cluster import open_cluster
from flows.running import begin_study, open_session, refuse_what_cannot_run, report_of, work_stages
from flows.stages import run_stage
from schemas.errors import Mistake
from schemas.unit import Stage
from tasks.files import text_of
from tasks.shards import telling_mistakes
from tasks.studies.yamltext import document


def _name() -> str:
    """The name of the study that a run is of; that of its file where it does not say."""
    file = Path(flow_run.parameters["request"].study)
    with contextlib.suppress(Mistake):
        written = document(text_of(file), str(file)).value
        if isinstance(written, dict) and isinstance(written.get("name"), str):
            return place(written["name"])
    return file.stem


@flow(name="agora-study", flow_run_name=_name, validate_parameters=True)
@telling_mistakes
async def run_study(request: RunRequest) -> State[Any]:
    """Run one study; the state's data is its :class:`StudyReport`.

    Args:
        request: The study, the warehouse, which stages, and limits.

    Raises:
        Mistake: The study, or the warehouse, is not usable as it is.
    """
    run_id = str(flow_run.id or "local")
    if (flow_run.run_count or 1) > 1:
        request = as_retried(request, run_id)
    refuse_temporary(study=request.study, warehouse=request.warehouse)
    began_s = time.perf_counter()
    async with holding(request.limit), open_session(request, run_id) as session:
        study = session.design.study

        async def work(stage: Stage) -> None:
            stage_flow: Any = run_stage
            if session.cluster is not None:
                stage_flow = run_stage.with_options(task_runner=session.cluster.task_runner)
            of_stage = StageRequest(study=study.name, version=session.design.version, stage=stage)
            with tags(*tags_of(study.name, session.design.version, stage)):
                state = await stage_flow(of_stage, return_state=True)
            result = await state.aresult(raise_on_failure=False)
            if isinstance(result, BaseException):
                raise result
            _end_if_cancelled()

        await _label(study.name, session.design.version)
        refuse_what_cannot_run(session, request.stages)
        begin_study(session)
        log_study_begins(session)
        with open_cluster(study.run) as session.cluster:
            await work_stages(session, request.stages, work)
        if session.done:
            await show_report(session)
        report = report_of(session, time.perf_counter() - began_s)
        log_study_ends(session, report)
    return ended(report.steps, report.critical, report.stopped, report.lost, data=report)


async def _label(study: str, version: str) -> None:
    """Give the flow run the study's name and the tags by which runs of it are found."""
    async with get_client() as client:
        labels = {*flow_run.tags, *tags_of(study, version)}
        await client.update_flow_run(flow_run.id, name=place(study), tags=sorted(labels))


def _end_if_cancelled() -> None:
    """Raise the cancellation that Prefect drops when it comes while a subflow is ending."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
