"""Maintenance: the flow that looks after a warehouse."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.maintenance import run_maintenance
from flows.requests import MaintenanceRequest
from warehouse.query import query


@pytest.mark.slow
async def test_it_keeps_what_the_warehouse_holds_and_exports_studies(
    first_run: tuple[Path, Any], tmp_path: Path
) -> None:
    warehouse = tmp_path / "agora.duckdb"
    shutil.copy(first_run[0] / "agora.duckdb", warehouse)
    before = query(warehouse, "SELECT * FROM events ORDER BY ALL").rows
    request = MaintenanceRequest(
        warehouse=warehouse, studies=("small",), archives=tmp_path / "archives"
    )
    state = await run_maintenance.fn(request)
    assert state.is_completed(), state.message
    assert query(warehouse, "SELECT * FROM events ORDER BY ALL").rows == before
    (folder,) = (tmp_path / "archives").iterdir()
    assert folder.name.startswith("small-2")
    assert f"rows exported to {folder}" in state.message
    assert (folder / "README.md").exists()


async def test_a_warehouse_that_is_not_there_fails_it_with_what_to_do(tmp_path: Path) -> None:
    request = MaintenanceRequest(warehouse=tmp_path / "none.duckdb", wait_s=0)
    state = await run_maintenance.fn(request)
    assert (state.type.value, state.name) == ("FAILED", "Mistake")
    assert "no warehouse here" in state.message
