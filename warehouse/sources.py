"""Whose work imported units are: declared by whoever imports them, on record for later."""

from __future__ import annotations

from collections.abc import Collection

from schemas.source import Source
from schemas.tables.studies import SourceRow
from warehouse.projections.frames import frame_of
from warehouse.queries.sources import SourcesOfUnits
from warehouse.writer import Writer


def record_source(warehouse: Writer, declared: Source, unit_keys: Collection[str]) -> None:
    """Records what is declared of units; what was declared before and is not named now stays.

    Raises:
        pydantic.ValidationError: A key is none.
    """
    given = declared.model_dump(exclude_defaults=True)
    if not given or not unit_keys:
        return
    held = {row.unit_key: row._asdict() for row in warehouse.rows(SourcesOfUnits(tuple(unit_keys)))}
    rows = [
        SourceRow.model_validate({**held.get(key, {"unit_key": key}), **given})
        for key in sorted(unit_keys)
    ]
    warehouse.replace("sources", {"unit_key": sorted(unit_keys)}, frame_of(SourceRow, rows))
