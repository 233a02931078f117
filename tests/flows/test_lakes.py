"""A study on a lake gives what it gives on a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.requests import MaintenanceRequest, StudyReport
from warehouse.query import query
from warehouse.store import Warehouse

if TYPE_CHECKING:
    import polars as pl
    from conftest import Ran

    from ..postgres import Postgres

pytestmark = pytest.mark.slow

#: Tables whose rows are the same whenever and wherever a study is run.
TIMELESS = (
    *("study_units", "episodes", "seats", "actions", "events", "audiences", "exposures"),
    *("outcomes", "codebooks", "codes", "labels", "metrics", "contrasts", "prompt_messages"),
)


@pytest.fixture
def lake(postgres: Postgres, lake_template: Path, tmp_path: Path) -> Path:
    """A lake without rows."""
    return postgres.lake(tmp_path, lake_template)


def rows(warehouse: Path) -> dict[str, pl.DataFrame]:
    with Warehouse.open(warehouse, read_only=True) as opened:
        return {name: opened.frame_sql(f'SELECT * FROM "{name}" ORDER BY ALL') for name in TIMELESS}


async def test_a_study_on_a_lake_gives_the_rows_that_it_gives_on_a_file(
    study_file: Path, ran: Ran, lake: Path, first_run: tuple[Path, StudyReport]
) -> None:
    report = await ran(study_file, warehouse=lake)
    assert report.complete
    on_file, on_lake = rows(first_run[0] / "agora.duckdb"), rows(lake)
    assert all(on_lake[name].equals(on_file[name]) for name in TIMELESS)
    assert {"events", "codes", "metrics"} <= {name for name in TIMELESS if len(on_lake[name])}

    again = await ran(study_file, warehouse=lake)
    assert again.complete
    assert {step.step: step.done for step in again.steps if step.done} == {}

    assert query(lake, "SELECT count(*) FROM v_messages").rows == [(48,)]

    from flows.maintenance import run_maintenance

    request = MaintenanceRequest(warehouse=lake, compact=True)
    state = await run_maintenance.fn(request)
    assert state.message.startswith("all rows are in its files. ")
    assert all(found.equals(on_lake[name]) for name, found in rows(lake).items())
