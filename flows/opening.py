"""Opens what a run needs: the study, its warehouse and the gateway to its models."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from flows.requests import RunRequest
from tasks.models.gateway import ModelGateway
from tasks.studies.cells import Design, design
from tasks.studies.load import LoadedStudy, load_study
from warehouse.store import Warehouse


@contextlib.asynccontextmanager
async def opened(request: RunRequest) -> AsyncIterator[tuple[Design, Warehouse, ModelGateway]]:
    """The design of a study, the warehouse that is to hold it, and a gateway to its models."""
    ...
