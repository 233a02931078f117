"""How far a study is, as the warehouse says; nothing is planned, so it is answered at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from flows.naming import SHORT
from flows.study_references import Named, named
from schemas.base import Record
from schemas.errors import Mistake, nearest
from schemas.gateway import MENDED_BY_TIME
from schemas.study import Study
from schemas.unit import Stage
from warehouse.queries.status import FailuresByCondition, StatusByCondition
from warehouse.queries.studies import Versions
from warehouse.reader import reader


class StageStatus(Record):
    """Units of a stage and condition."""

    stage: Stage = Field(description="The stage.")
    condition: str = Field(description="Condition; empty for units of the whole study.")
    units: int = Field(description="Units planned.")
    done: int = Field(description="Units with rows.")
    failed: int = Field(description="Units that were worked and failed.")
    missing: int = Field(description="Units that were not worked yet.")
    quarantined: int = Field(description="Rows of these units that were refused.")
    calls: int = Field(description="Model calls that this version paid for.")
    usd: float | None = Field(description="What they cost, as far as prices are known.")
    unknown_price_calls: int = Field(description="Calls whose price is not known.")


class FailureStatus(Record):
    """Units of a step and condition that failed for reasons of one kind."""

    stage: Stage = Field(description="The stage.")
    step: str = Field(description="The step of the stage.")
    condition: str = Field(description="Condition; empty for units of the whole study.")
    kind: str = Field(description="Kind of the failure.")
    units: int = Field(description="Units that failed so.")
    mended_by_time: bool = Field(description="Whether a later try may succeed by itself.")
    example: str = Field(description="What one of them says.")


class StudyStatus(Record):
    """How far a version of a study is."""

    study: str = Field(description="Name of the study.")
    version: str = Field(description="The version.")
    last_run_at: dt.datetime = Field(description="When a run of it began last, in UTC.")
    stages: tuple[StageStatus, ...] = Field(description="Units by stage and condition.")
    not_begun: tuple[Stage, ...] = Field(description="Stages of the study that no run began.")
    failures: tuple[FailureStatus, ...] = Field(description="Why units failed.")

    @property
    def complete(self) -> bool:
        """Whether every unit is done."""
        return not self.not_begun and all(one.done == one.units for one in self.stages)


def study_status(reference: str, warehouse: Path, allowed: Sequence[Path] = ()) -> StudyStatus:
    """How far a version of a study is, also while it is being run.

    Args:
        reference: A study file, a study's name, or the start of a version.
        warehouse: The warehouse.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, it was never run, or the warehouse cannot be read.
        Mistakes: The study file has mistakes in it.
    """
    found = version_on_record(reference, (), warehouse, allowed)
    with reader(warehouse) as reading:
        (last_run_at,) = (
            row.last_run_at
            for row in reading.rows(Versions())
            if row.study_version == found.version
        )
        rows = reading.rows(StatusByCondition(found.version))
        failures = reading.rows(FailuresByCondition(found.version))
    begun = {row.stage for row in rows}
    return StudyStatus(
        study=found.study.name,
        version=found.version,
        last_run_at=last_run_at,
        stages=tuple(StageStatus.model_validate(row._asdict()) for row in rows),
        not_begun=tuple(stage for stage in _stages(found.study) if stage not in begun),
        failures=tuple(
            FailureStatus.model_validate(
                {
                    **row._asdict(),
                    "kind": row.kind or "",
                    "example": row.example or "",
                    "mended_by_time": row.kind in MENDED_BY_TIME,
                }
            )
            for row in failures
        ),
    )


def version_on_record(
    reference: str, conditions: Sequence[str], warehouse: Path, allowed: Sequence[Path] = ()
) -> Named:
    """A study that a command names, which must have been run, and which has some conditions.

    Raises:
        Mistake: It was never run, or does not have the conditions.
        Mistakes: The study file has mistakes in it.
    """
    found = named(reference, warehouse, allowed)
    if not found.recorded:
        raise Mistake(
            what="this version of the study was never run",
            place=reference,
            found=f"{found.study.name} {found.version[:SHORT]}",
            expected="a version that the warehouse has on record; agora studies lists them",
            fix=f"run it with: agora run {reference}; or name a version instead of the file",
        )
    for condition in conditions:
        if condition not in found.study.changes:
            close = nearest(condition, found.study.changes)
            raise Mistake(
                what="unknown condition",
                place="--condition",
                found=condition,
                expected=f"one of {', '.join(found.study.changes)}",
                fix=f"write {close}" if close else "",
            )
    return found


def _stages(study: Study) -> tuple[Stage, ...]:
    """The stages in which a study has units."""
    wanted: dict[Stage, bool] = {
        "personas": study.population is not None,
        "episodes": study.episode is not None,
        "codes": study.coding is not None,
        "metrics": bool(study.metrics or study.contrasts),
    }
    return tuple(stage for stage, has_units in wanted.items() if has_units)
