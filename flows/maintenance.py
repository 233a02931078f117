"""The flow that looks after a warehouse; it is scheduled beside the studies that fill it."""

# Annotations are no texts here: a served flow is pickled, and Prefect reads its parameters' types.
import asyncio
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.deployments.limits import holding
from flows.files import refuse_temporary
from flows.requests import MaintenanceRequest
from warehouse.compacting import compact, settle


@flow(name="agora-maintenance", flow_run_name="{request.warehouse.stem}: maintenance")
async def run_maintenance(request: MaintenanceRequest) -> State[Any]:
    """Write a warehouse's log into its file, and the file anew without unused room.

    Args:
        request: The warehouse, and what is to be done.

    Raises:
        Mistake: The warehouse is not usable as it is, or a run has it open for too long.
    """
    refuse_temporary(warehouse=request.warehouse)
    async with holding(request.limit):
        await asyncio.to_thread(settle, request.warehouse, request.wait_s)
        if not request.compact:
            return Completed(message="checkpoint")
        done = await asyncio.to_thread(compact, request.warehouse)
    return Completed(message=f"compact: {done.in_words}", data=done)
