"""The flow that looks after a warehouse; it is scheduled beside the studies that fill it."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
import asyncio
import datetime as dt
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.archives.export import export_archive
from flows.deployments.limits import holding
from flows.files import refuse_temporary
from flows.requests import MaintenanceRequest
from schemas.counts import counted
from tasks.shards import telling_mistakes
from warehouse.compacting import compact, settle


@flow(name="agora-maintenance", flow_run_name="{request.warehouse.stem}: maintenance")
@telling_mistakes
async def run_maintenance(request: MaintenanceRequest) -> State[Any]:
    """Write a warehouse's log into its file, the file anew without unused room, and exports.

    Args:
        request: The warehouse, and what is to be done.

    Raises:
        Mistake: The warehouse is not usable as it is, a run has it open for too long, or a study
            cannot be exported.
    """
    refuse_temporary(warehouse=request.warehouse, archives=request.archives)
    did = ["all rows are in its files"]
    async with holding(request.limit):
        await asyncio.to_thread(settle, request.warehouse, request.wait_s)
        if request.compact:
            compacted = await asyncio.to_thread(compact, request.warehouse)
            did.append(compacted.in_words)
        for study in request.studies:
            folder = request.archives / _folder_name(study)
            done = await asyncio.to_thread(export_archive, study, folder, request.warehouse)
            did.append(f"{done.title}: {counted(done.rows, 'row')} exported to {folder}")
    return Completed(message=". ".join(did))


def _folder_name(study: str) -> str:
    """The folder of an export that is made now."""
    return f"{study.replace('@', '-')}-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}"
