"""Expectations: what data sets and numbers must be, and published numbers beside those found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.expectations.reproduction import Reproduced, reproduced
from tasks.report.data import ReportData
from tasks.report.formatting import interval, number
from tasks.report.tables import Cell, Table, computed, count, table, text


@dataclass(frozen=True)
class ExpectationSection:
    """What the template of expectations shows.

    Attributes:
        total: How many expectations hold, in a sentence; empty where none were checked.
        broken: Those that do not hold.
        checks: All of them.
        source: The publication that is reproduced; empty for none.
        differs: In which way this study can differ from it.
        simulated: Whether the numbers found come from simulated models.
        reproduced: Published, expected and found numbers.
    """

    total: str
    broken: Table | None
    checks: Table | None
    source: str
    differs: str
    simulated: bool
    reproduced: Table | None


def expectation_section(data: ReportData) -> ExpectationSection | None:
    """What was expected, published and found; ``None`` where there is nothing of either."""
    rows = data.rows("checks")
    reproduces = data.study.reproduces
    if not rows and reproduces is None:
        return None
    broken = [row for row in rows if not row["passed"]]
    return ExpectationSection(
        total=total(len(rows), len(broken)),
        broken=_checks(data, "Expectations that do not hold.", broken) if broken else None,
        checks=_checks(data, "Every expectation, stage by stage.", rows) if rows else None,
        source=reproduces.source if reproduces else "",
        differs=reproduces.differs if reproduces else "",
        simulated=simulated(data),
        reproduced=_reproduced(data) if reproduces and reproduces.published else None,
    )


def total(checked: int, broken: int) -> str:
    """How many expectations hold, as a sentence.

    Example:
        >>> total(12, 1), total(3, 0)
        ('11 of 12 expectations hold.', 'All 3 expectations hold.')
    """
    if not checked:
        return ""
    if broken:
        return f"{checked - broken} of {checked} expectations hold."
    return f"All {checked} expectations hold."


def simulated(data: ReportData) -> bool:
    """Whether some of the models behind the numbers are simulated."""
    return any(model.simulated for model in data.study.models.values())


def _checks(data: ReportData, caption: str, rows: Any) -> Table:
    return table(
        caption,
        [
            text("Data set", "view"),
            text("Condition", "condition"),
            text("Expectation", "check"),
            text("Expected", "expected"),
            text("Found", "observed"),
            text("Severity", "severity"),
            text("Declared by", "declared_by"),
            count("Rows", "n_rows"),
        ],
        rows,
        data.listings["checks"],
        strong=lambda row: not row["passed"],
        group=lambda row: row["view"],
        quiet=1,
    )


def _reproduced(data: ReportData) -> Table:
    rows = [
        {"one": one, "condition": one.published.condition, "name": one.name}
        for one in reproduced(data.study, data.rows("numbers"))
    ]
    return table(
        "Published numbers, what this study expects of them, and what it found, with 95% "
        "intervals.",
        [
            text("Number", "name"),
            text("Condition", "condition"),
            computed("Published", lambda row: _published(row["one"])),
            computed("Expected", lambda row: row["one"].expected or "–"),
            computed("Found", lambda row: _found(row["one"])),
            computed("Note", lambda row: _note(row["one"])),
        ],
        rows,
        data.listings["numbers"],
    )


def _published(one: Reproduced) -> Cell:
    published = one.published
    n = f"n = {published.n:,}" if published.n is not None else ""
    small = " ".join(filter(None, [interval(published.ci_low, published.ci_high), n]))
    return Cell(number(published.value), small)


def _found(one: Reproduced) -> Cell:
    if not one.found:
        return Cell("not computed")
    return Cell(
        ", ".join(number(found.value) for found in one.found),
        ", ".join(filter(None, (interval(found.ci_low, found.ci_high) for found in one.found))),
    )


def _note(one: Reproduced) -> str:
    return ", ".join(filter(None, [one.published.table, one.published.note])) or "–"
