"""The flows that bring data in and take it out; the command line calls what they call."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.files import refuse_temporary
from flows.human_coding import hand_out
from flows.imports import import_data
from flows.report_file import write_report
from flows.requests import ImportRequest, ReportRequest, SampleRequest
from flows.study_references import named
from schemas.counts import counted
from tasks.shards import telling_mistakes


@flow(name="agora-import", flow_run_name="{request.kind} {request.path.name}")
@telling_mistakes
def run_import(request: ImportRequest) -> State[Any]:
    """Bring in a file or folder.

    Raises:
        Mistake: The data or the warehouse are not usable as they are.
    """
    refuse_temporary(path=request.path, warehouse=request.warehouse)
    done = import_data(request)
    return Completed(
        message=f"{counted(done.new, 'unit')} new, {done.held} held. {' '.join(done.notes)}"
    )


@flow(name="agora-report", flow_run_name="{request.study}: report")
@telling_mistakes
def run_report(request: ReportRequest) -> State[Any]:
    """Write the report of a study; the state's data is the file.

    Raises:
        Mistake: There is no such study, it has not been run, or a file cannot be used.
        Mistakes: The study file has mistakes in it.
    """
    refuse_temporary(warehouse=request.warehouse, output=request.output)
    path = write_report(request.study, request.warehouse, request.output, request.allow_paths)
    return Completed(message=f"report: {path}", data=path)


@flow(name="agora-sample", flow_run_name="{request.study}: sample")
@telling_mistakes
def run_sample(request: SampleRequest) -> State[Any]:
    """Draw a study's sample and write its coding sheets; the state's data says what was written.

    Raises:
        Mistake: There is no such study, it declares no sample, or a file cannot be used.
        Mistakes: The study file has mistakes in it.
    """
    refuse_temporary(warehouse=request.warehouse, folder=request.folder)
    one = named(request.study, request.warehouse, request.allow_paths)
    out = hand_out(one.study, one.version, request.warehouse, request.folder)
    return Completed(
        message=f"sample {out.sample_key[:12]}: {counted(out.n_items, 'item')}", data=out
    )
