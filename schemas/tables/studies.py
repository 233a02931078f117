"""Tables of what was planned and done: studies and their units."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.source import Source
from schemas.tables.column import Count, Json, Key, Name, Row, Table, Time
from schemas.unit import Origin, Stage


class StudyRow(Row):
    """A version of a study."""

    table: ClassVar[Table] = Table(
        "studies", ("study_version",), "version of a study", part="version"
    )

    study_version: Key = Field(description="Digest of all that can change the study's results.")
    name: Name = Field(description="Name of the study.")
    spec: Json = Field(description="The study as canonical JSON, files included.")
    yaml: str = Field(description="The study as it was written.")
    path: str = Field(description="File that it was read from.")
    code_version: str = Field(description="Version of the code that first ran it.")
    created_at: Time = Field(description="When it was first run.")
    last_run_at: Time = Field(description="When a run of it began last.")


class StudyUnitRow(Row):
    """A unit that a version of a study consists of."""

    table: ClassVar[Table] = Table(
        "study_units",
        ("study_version", "unit_key", "condition"),
        "unit of a version of a study",
        {"study_version": "studies.study_version"},
        part="version",
    )

    study_version: Key = Field(description="The version.")
    stage: Stage = Field(description="The stage.")
    step: Name = Field(description="The step of the stage.")
    unit_key: Key = Field(description="The unit, done or not.")
    condition: str = Field(description="Condition; empty for units of the whole study.")
    replicate: Count = Field(description="Replicate from 1; 0 for units of the whole study.")
    label: str = Field(description="Name for people.")


class StudyInputRow(Row):
    """A unit from outside that the plan of a version read: an episode, codes, a market."""

    table: ClassVar[Table] = Table(
        "study_inputs",
        ("study_version", "step", "unit_key"),
        "imported unit that a version of a study read",
        {"study_version": "studies.study_version", "unit_key": "units.unit_key"},
        part="version",
    )

    study_version: Key = Field(description="The version.")
    step: Name = Field(description="The step that read it; `study` for what the study names.")
    unit_key: Key = Field(description="The unit, which an import wrote.")


class CompleteUnitRow(Row):
    """A unit that a version consisted of when a run of it had first left nothing to do.

    Later runs may make it consist of others, when a recipe of the code or imported data changed.
    """

    table: ClassVar[Table] = Table(
        "complete_units",
        ("study_version", "step", "unit_key", "condition"),
        "unit of a version of a study when it was first complete",
        {"study_version": "studies.study_version", "unit_key": "units.unit_key"},
        part="version",
    )

    study_version: Key = Field(description="The version.")
    stage: Origin = Field(description="The stage; `import` for a unit from outside that it read.")
    step: Name = Field(description="The step of the stage, or that read it.")
    unit_key: Key = Field(description="The unit.")
    condition: str = Field(description="Condition; empty for units of the whole study.")
    replicate: Count = Field(description="Replicate from 1; 0 for units of the whole study.")
    label: str = Field(description="Name for people.")


class SourceRow(Source, Row):
    """Whose work a unit is that was brought in, as it was declared at the import."""

    table: ClassVar[Table] = Table(
        "sources",
        ("unit_key",),
        "unit brought in whose source, licence or citation was declared",
        owner="unit_key",
    )

    unit_key: Key = Field(description="The unit.")


class RunRow(Row):
    """An execution of a study; several may go on at the same time."""

    table: ClassVar[Table] = Table(
        "runs",
        ("study_version", "began_at"),
        "run of a study",
        part="runs",
    )

    run_id: str = Field(description="Flow run; `local` where there was nothing to do.")
    study_version: Key = Field(
        description="The version that was run; an archive may bring runs of versions not in it."
    )
    began_at: Time = Field(description="When it began, before it asked a model.")


class UnitRow(Row):
    """A unit that has been worked, with what became of it."""

    table: ClassVar[Table] = Table("units", ("unit_key",), "unit that was worked", owner="unit_key")

    unit_key: Key = Field(description="Digest of everything that determines the unit's rows.")
    stage: Origin = Field(description="The stage.")
    step: Name = Field(description="The step of the stage.")
    label: str = Field(description="Name for people.")
    status: Literal["done", "failed"] = Field(description="Failed units are worked again.")
    failure_kind: str | None = Field(None, description="Kind of failure, in one word.")
    failure: str | None = Field(None, description="Why it failed.")
    n_rows: Count = Field(description="Rows that it wrote, this one not counted.")
    code_version: str = Field(description="Version of the code that worked it.")
    run_id: str = Field(description="Flow run that worked it.")
    committed_at: Time = Field(description="When its rows were committed.")


class EarlierUnitRow(UnitRow):
    """What became of a unit that failed and was worked again."""

    table: ClassVar[Table] = Table(
        "earlier_units",
        ("unit_key", "committed_at"),
        "earlier try of a unit, which failed",
        owner="unit_key",
    )
