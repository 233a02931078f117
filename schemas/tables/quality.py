"""Tables of what was checked and what was refused."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.study.expectations import Severity
from schemas.tables.column import Count, Json, Key, Name, Row, Table, Time
from schemas.unit import Stage


class ValidationRow(Row):
    """A check of rows before a commit, or of a version's data set at the end of a stage."""

    table: ClassVar[Table] = Table(
        "validations",
        ("batch", "table_name", "check_name", "condition", "expected"),
        "check of rows before a commit, or of a data set at the end of a stage",
        part="commits",
    )

    batch: Key = Field(description="The commit; or digest of the data set and its suite.")
    table_name: Name = Field(description="Table or view that was checked.")
    check_name: Name = Field(description="The check.")
    source: Literal["pydantic", "great_expectations", "sql", "agora"] = Field(
        description="Who checked: rows pydantic or sql, data sets the others."
    )
    study_version: Key | None = Field(None, description="Version that the data set is of.")
    stage: Stage | None = Field(None, description="Stage at whose end the data set was checked.")
    condition: str | None = Field(None, description="Condition; empty for all rows.")
    severity: Severity | None = Field(None, description="What it means if it does not hold.")
    declared_by: Literal["stage", "study"] | None = Field(
        None, description="Whose expectation it is: of the stage's suite, or the study's own."
    )
    expected: str | None = Field(None, description="What was expected of the data set.")
    observed: str | None = Field(None, description="What was found of the data set.")
    passed: bool = Field(description="Whether it holds; of rows, for every one.")
    n_rows: Count = Field(description="Rows that were checked.")
    n_failed: Count = Field(description="Rows that failed.")
    detail: Json = Field(description="What was expected and a few of the values that were found.")
    run_id: str = Field(description="Flow run.")
    checked_at: Time = Field(description="When.")


class QuarantineRow(Row):
    """A row that was refused, with the reason."""

    table: ClassVar[Table] = Table(
        "quarantine", ("batch", "table_name", "row_number"), "refused row"
    )

    batch: Key = Field(description="The commit.")
    table_name: Name = Field(description="Table that it was meant for.")
    row_number: Count = Field(description="Its number in the batch.")
    unit_key: str | None = Field(None, description="Unit that it came from.")
    reason: str = Field(description="Why it was refused.")
    row: Json = Field(description="The row as it came.")
    run_id: str = Field(description="Flow run.")
    quarantined_at: Time = Field(description="When.")
