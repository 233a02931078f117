"""What versions of studies consist of besides the units that they plan: on record for later."""

from __future__ import annotations

from collections.abc import Collection

from schemas.tables.studies import CompleteUnitRow, StudyInputRow
from warehouse.projections.frames import frame_of, frame_schema
from warehouse.queries.of_version import NewlyComplete
from warehouse.queries.units import InputsOfStep
from warehouse.writer import Writer


def record_inputs(
    warehouse: Writer, study_version: str, step: str, unit_keys: Collection[str]
) -> None:
    """Records what a step of a version read, in place of what is on record for it.

    Raises:
        pydantic.ValidationError: A key is none.
    """
    held = {row.unit_key for row in warehouse.rows(InputsOfStep(study_version, step))}
    if held == set(unit_keys):
        return
    rows = [
        StudyInputRow(study_version=study_version, step=step, unit_key=key)
        for key in sorted(unit_keys)
    ]
    of_step = {"study_version": study_version, "step": step}
    warehouse.replace("study_inputs", of_step, frame_of(StudyInputRow, rows))


def record_complete(warehouse: Writer, study_version: str) -> None:
    """Records what a version consists of, if that is done and was not recorded before.

    Answers as of the version are of these units from now on.
    """
    schema = frame_schema(CompleteUnitRow)
    rows = warehouse.frame(NewlyComplete(study_version)).select(schema.names()).cast(schema)
    if rows.height:
        warehouse.replace("complete_units", {"study_version": study_version}, rows)
