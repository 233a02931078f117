"""Which units a version of a study consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.tables.studies import StudyUnitRow
from warehouse.projections.frames import frame_of
from warehouse.store import Warehouse


def record_units(
    warehouse: Warehouse, study_version: str, step: str, units: Sequence[Mapping[str, Any]]
) -> None:
    """Puts the units of a step in place of those that were on record for it.

    Units over many runs change with every run that is added; the version consists of the latest.

    Raises:
        pydantic.ValidationError: A row does not fit its table.
    """
    frame = frame_of(StudyUnitRow, [StudyUnitRow.model_validate(unit) for unit in units])
    with warehouse.cursor() as cursor:
        cursor.execute("BEGIN TRANSACTION")
        try:
            cursor.execute(
                "DELETE FROM study_units WHERE study_version = ? AND step = ?",
                [study_version, step],
            )
            cursor.register("planned", frame)
            cursor.execute("INSERT INTO study_units BY NAME SELECT * FROM planned")
            cursor.unregister("planned")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
