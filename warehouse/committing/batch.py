"""What a commit is about: its rows, the checks made of them, the rows refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from schemas.counts import counted
from schemas.tables import Row
from schemas.unit import QUARANTINE, Failure, Result

Source = Literal["pydantic", "great_expectations", "sql"]

#: Columns that staged frames carry besides the table's: number in the batch, and unit.
NUMBER, UNIT = "_row", "_unit"

#: Tables whose rows were paid for; they are stored even when their unit failed.
PAID = frozenset({"calls", "attempts", "prompt_messages"})

#: Tables that units share; a row that is there already is left as it is.
SHARED = frozenset({"prompt_messages", "codebooks"})

#: Tables that only the warehouse itself writes.
OWN = frozenset(
    {
        *("studies", "study_units", "study_inputs", "complete_units", "runs", "units", "sources"),
        *("validations", "quarantine"),
        *("earlier_units", "earlier_calls", "earlier_attempts", "uncommitted_calls"),
    }
)

#: Kind of the failure of a unit that wrote a row which was refused.
INVALID = "invalid_rows"


@dataclass(frozen=True)
class Check:
    """A check of one table in one batch.

    Attributes:
        table: The table.
        name: The check.
        source: Who checked.
        n_rows: Rows that were checked.
        n_failed: Rows that failed.
        detail: What was expected, and a few of the things found.
    """

    table: str
    name: str
    source: Source
    n_rows: int
    n_failed: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


#: What a unit gave for a table: number of its first row in the batch, unit, rows.
Given = tuple[int, str, Sequence[Mapping[str, Any]] | pl.DataFrame]


@dataclass
class Staged:
    """The rows of one table in a batch.

    Attributes:
        row: Model of the table.
        frame: Rows that have the table's schema, with :data:`NUMBER` and :data:`UNIT`.
        given: What the units gave.
        refused: Reasons by row number.
    """

    row: type[Row]
    frame: pl.DataFrame
    given: tuple[Given, ...]
    refused: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.row.table.name

    @property
    def n_given(self) -> int:
        """Number of rows that the units gave."""
        return sum(len(rows) for _, _, rows in self.given)

    def refuse(self, numbers: Iterable[int], reason: str) -> int:
        """How many rows were newly refused; a row keeps the first reason."""
        before = len(self.refused)
        for number in numbers:
            self.refused.setdefault(number, reason)
        return len(self.refused) - before

    def owners(self) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
        """Every row as it came: number, unit, row."""
        for first, unit, rows in self.given:
            plain = rows.iter_rows(named=True) if isinstance(rows, pl.DataFrame) else rows
            for offset, row in enumerate(plain):
                yield first + offset, unit, row

    def unit_of(self, number: int) -> str:
        """The unit that gave a row."""
        return next(unit for first, unit, rows in self.given if first <= number < first + len(rows))

    def accepted(self, failed_units: frozenset[str]) -> pl.DataFrame:
        """Rows that are to be stored, given the units that failed."""
        frame = self.frame
        if self.refused:
            frame = frame.filter(~pl.col(NUMBER).is_in(list(self.refused)))
        if failed_units and self.name not in PAID:
            frame = frame.filter(~pl.col(UNIT).is_in(list(failed_units)))
        return frame


@dataclass
class Batch:
    """Results that are committed together.

    Attributes:
        key: The commit.
        run_id: Flow run.
        code_version: Version of the code.
        time: When, in UTC without zone.
        results: What working the units gave, by unit key.
        tables: Staged rows by table.
        checks: Checks made.
    """

    key: str
    run_id: str
    code_version: str
    time: dt.datetime
    results: Mapping[str, Result]
    tables: dict[str, Staged]
    checks: list[Check] = field(default_factory=list)

    def refused_by_units(self) -> Iterator[tuple[str, int, str, Mapping[str, Any]]]:
        """Rows that units refused themselves: unit, number in the batch, table, what is known."""
        counts = {name: staged.n_given for name, staged in self.tables.items()}
        for unit, result in self.results.items():
            rows = result.rows.get(QUARANTINE, ())
            for one in rows.iter_rows(named=True) if isinstance(rows, pl.DataFrame) else rows:
                table = one["table_name"]
                number = counts.get(table, 0)
                counts[table] = number + 1
                yield unit, number, table, one

    def failures(self) -> dict[str, Failure]:
        """Units that failed: those that came so, and those with a refused row."""
        failures = {key: r.failure for key, r in self.results.items() if r.failure is not None}
        for staged in self.tables.values():
            for number, reason in staged.refused.items():
                key = staged.unit_of(number)
                if key not in failures:
                    failures[key] = Failure(INVALID, f"{staged.name}: {reason}")
        return failures


class BatchRefused(Exception):
    """A batch that was to be stored whole or not at all, and held something that was refused.

    Attributes:
        failures: Units that failed, with the reason.
    """

    def __init__(self, failures: Mapping[str, Failure]) -> None:
        super().__init__(counted(len(failures), "refused unit"))
        self.failures = failures


@dataclass(frozen=True)
class CommitReport:
    """What became of a commit.

    Attributes:
        batch: The commit; key of its rows in ``validations`` and ``quarantine``.
        done: Units that are done now.
        failed: Units that failed, with the reason.
        unchanged: Units that were done before; nothing was written for them.
        rows: Rows written by table.
    """

    batch: str
    done: tuple[str, ...]
    failed: Mapping[str, Failure]
    unchanged: tuple[str, ...]
    rows: Mapping[str, int]


def summed(reports: Sequence[CommitReport]) -> CommitReport:
    """What became of a commit that was made in parts; its key is that of the first."""
    rows: dict[str, int] = {}
    for report in reports:
        for table, number in report.rows.items():
            rows[table] = rows.get(table, 0) + number
    return CommitReport(
        reports[0].batch,
        tuple(unit for report in reports for unit in report.done),
        {unit: failure for report in reports for unit, failure in report.failed.items()},
        tuple(unit for report in reports for unit in report.unchanged),
        rows,
    )
