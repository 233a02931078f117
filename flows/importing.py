"""The flow that brings in data, for schedules; the command line calls its core directly."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.imports import imported
from flows.requests import ImportRequest


@flow(name="agora-import", flow_run_name="{request.kind} {request.path.name}")
def run_import(request: ImportRequest) -> State[Any]:
    """Bring in a file or folder.

    Raises:
        Mistake: The data or the warehouse are not usable as they are.
    """
    done = imported(request)
    return Completed(message=f"{done.new} units new, {done.held} held. {' '.join(done.notes)}")
