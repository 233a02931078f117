"""Opens what a run needs: the study, its warehouse and the gateway to its models."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.catalogues import record_markets, refuse_missing_imports, with_catalogues
from flows.only_run import only_run
from flows.recorded import study_on_record
from flows.requests import RunRequest
from flows.secret_blocks import secret_block
from flows.session import listener
from flows.version import code_version
from schemas.errors import AgoraError
from tasks.models.budget import Budget
from tasks.models.gateway import ModelGateway, open_gateway
from tasks.models.journal import journal_dir
from tasks.studies.design import Design, design
from tasks.studies.load import load_study
from warehouse.shared import SharedWarehouse
from warehouse.storage import storage_of
from warehouse.store import Warehouse
from warehouse.writer import Writer

if TYPE_CHECKING:
    from tasks.studies.load import LoadedStudy


@contextlib.asynccontextmanager
async def open_run(
    request: RunRequest, run_id: str
) -> AsyncIterator[tuple[Design, Writer, ModelGateway]]:
    """The design of a study, the warehouse that is to hold it, and a gateway to its models.

    Where another process runs the same version, its end is waited for: what it has done then need
    not be done here.

    Args:
        request: The study, the warehouse and limits.
        run_id: Identifier of the run.

    Raises:
        Mistake: The study, the warehouse or a journal is not usable as it is.
    """
    from_file = _from_file(request) if request.version is None else None
    with open_warehouse(request.warehouse) as warehouse:
        loaded = from_file or study_on_record(request, warehouse)
        study = with_catalogues(loaded.study, warehouse, str(request.study))
        resolved = design(study)
        if request.version is not None:  # other code may give the same study another version
            resolved = replace(resolved, version=request.version)
        limits = study.run
        budget = Budget(
            usd=limits.budget_usd if request.budget_usd is None else request.budget_usd,
            calls=limits.budget_calls if request.budget_calls is None else request.budget_calls,
        )
        journals = journal_dir(request.warehouse)
        async with (
            only_run(journals, resolved.version, listener().waits_for),
            open_gateway(journals, budget=budget, secret_of=secret_block, run_id=run_id) as gateway,
        ):
            _record(warehouse, loaded, resolved)
            record_markets(warehouse, resolved.version, loaded.study)
            warehouse.record_uncommitted(gateway.uncommitted())
            done = warehouse.statuses(gateway.journal.held())
            gateway.forget(key for key, status in done.items() if status == "done")
            try:
                yield resolved, warehouse, gateway
            finally:
                if not isinstance(sys.exception(), Exception):
                    warehouse.record_uncommitted(gateway.uncommitted())


@contextlib.contextmanager
def open_warehouse(path: Path) -> Iterator[Writer]:
    """The warehouse, for reading and writing; other processes may read and write it meanwhile.

    Raises:
        Mistake: It is no warehouse, may not be used, or is open in a program that serves nobody.
    """
    shared = storage_of(path).owned
    with SharedWarehouse(path) if shared else Warehouse.open(path) as warehouse:
        yield warehouse


@contextlib.contextmanager
def open_for_import(path: Path) -> Iterator[Writer]:
    """The warehouse, for reading and writing; one that was made for nothing is taken away again.

    Raises:
        Mistake: It is no warehouse, may not be used, or is open in a program that serves nobody.
    """
    if path.exists():
        with open_warehouse(path) as warehouse:
            yield warehouse
        return
    with Warehouse.open(path) as made:  # which serves nobody, so that nobody has begun to use it
        try:
            yield made
        except AgoraError:
            path.unlink()  # while it is open
            raise


def _from_file(request: RunRequest) -> LoadedStudy:
    """The study of a file, whose imported data must be there before anything is made.

    Raises:
        Mistake: It, or what it imports, is not there.
    """
    loaded = load_study(request.study, request.allow_paths)
    refuse_missing_imports(loaded.study, request.warehouse, str(request.study))
    return loaded


def _record(warehouse: Writer, loaded: LoadedStudy, resolved: Design) -> None:
    """Put the version of a study on record, with all that is in it."""
    study = resolved.study
    row = {
        "study_version": resolved.version,
        "name": study.name,
        "spec": study.model_dump(mode="json"),
        "yaml": loaded.yaml,
        "path": loaded.path,
        "code_version": code_version(),
        "created_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
    }
    warehouse.record_study(row)
