"""Tables of what was checked and what was refused."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.tables.column import Count, Json, Key, Name, Row, Table, Time


class ValidationRow(Row):
    """A check that was made before a commit."""

    table: ClassVar[Table] = Table(
        "validations", ("batch", "table_name", "check_name"), "check before a commit"
    )

    batch: Key = Field(description="The commit.")
    table_name: Name = Field(description="Table that was checked.")
    check_name: Name = Field(description="The check.")
    source: Literal["pydantic", "great_expectations", "sql"] = Field(description="Who checked.")
    passed: bool = Field(description="Whether every row passed.")
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
    unit_key: str | None = Field(None, description="Unit that it came from; the unit failed.")
    reason: str = Field(description="Why it was refused.")
    row: Json = Field(description="The row as it came.")
    run_id: str = Field(description="Flow run.")
    quarantined_at: Time = Field(description="When.")
