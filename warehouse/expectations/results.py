"""What checks of data sets found; ``validations`` holds the latest of each stage of a version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from schemas.checks import Checked
from schemas.tables.quality import ValidationRow
from schemas.unit import Stage
from warehouse.projections.frames import frame_of
from warehouse.queries.expectations import ChecksOfBatch
from warehouse.reader import Reader
from warehouse.writer import Writer

#: Columns of ``validations`` by field of :class:`Checked`, where their names differ.
_COLUMNS = {"view": "table_name", "check": "check_name"}


def held_results(warehouse: Reader, batch: str) -> list[Checked]:
    """What the checks of a data set found when they were made; empty if they never were."""
    return [Checked(**row._asdict()) for row in warehouse.rows(ChecksOfBatch(batch))]


def record_results(
    warehouse: Writer,
    batch: str,
    found: Sequence[Checked],
    *,
    study_version: str,
    stage: Stage,
    run_id: str,
) -> None:
    """Records what checks found, in place of what earlier checks of the stage had found.

    Args:
        warehouse: The warehouse.
        batch: Digest of the data set and its suite.
        found: What was found.
        study_version: Version that the data set is of.
        stage: Its stage.
        run_id: Flow run.
    """
    time = dt.datetime.now(dt.UTC).replace(tzinfo=None)

    def row(place: int, one: Checked) -> dict[str, Any]:
        values = {_COLUMNS.get(f.name, f.name): getattr(one, f.name) for f in fields(one)}
        return values | {
            "batch": batch,
            "study_version": study_version,
            "stage": stage,
            "detail": {"place": place},
            "run_id": run_id,
            "checked_at": time,
        }

    models = [ValidationRow.model_validate(row(place, one)) for place, one in enumerate(found)]
    warehouse.replace(
        "validations",
        {"study_version": study_version, "stage": stage},
        frame_of(ValidationRow, models),
    )
