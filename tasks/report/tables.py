"""Tables as the templates show them: headings, cells, and the query behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.report.data import Listing, Row
from tasks.report.formatting import number


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        small: A second line in small print, such as an interval.
        mark: ``low``, ``best``, ``used`` or nothing; shown by weight and sign, not by colour alone.
    """

    text: str
    small: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        heading: Its heading.
        value: Gives its text or cell of a row.
        numeric: Whether it is aligned on the right.
    """

    heading: str
    value: Callable[[Row], str | Cell]
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        columns: Its columns.
        rows: Its cells, row by row.
        listing: The query behind it.
        strong: Numbers of rows that stand out.
        ruled: Numbers of rows that begin a group.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    listing: Listing
    strong: frozenset[int] = field(default_factory=frozenset)
    ruled: frozenset[int] = field(default_factory=frozenset)

    def __len__(self) -> int:
        return len(self.rows)


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    listing: Listing,
    *,
    strong: Callable[[Row], bool] = lambda row: False,
    group: Callable[[Row], Any] | None = None,
    quiet: int = 0,
) -> Table:
    """A table of rows.

    Args:
        caption: What it shows.
        columns: Its columns.
        rows: Its rows.
        listing: The query behind it.
        strong: Says which rows stand out.
        group: What rows of one group share; a rule is drawn between groups.
        quiet: So many of the first columns are left blank where they repeat the row above.
    """
    found = list(rows)
    cells = []
    for row in found:
        made = [column.value(row) for column in columns]
        cells.append([Cell(one) if isinstance(one, str) else one for one in made])
    cells = _without_repeats(cells, quiet)
    keys = [group(row) for row in found] if group else []
    begins = frozenset(i for i in range(1, len(keys)) if keys[i] != keys[i - 1])
    return Table(
        caption,
        columns,
        cells,
        listing,
        frozenset(i for i, row in enumerate(found) if strong(row)),
        begins if len(begins) < len(keys) - 1 else frozenset(),
    )


def _without_repeats(cells: list[list[Cell]], quiet: int) -> list[list[Cell]]:
    found = []
    for number_, row in enumerate(cells):
        same = 0
        while number_ and same < quiet and row[same] == cells[number_ - 1][same]:
            same += 1
        found.append([Cell("")] * same + row[same:])
    return found


def text(heading: str, name: str, empty: str = "–") -> Column:
    """A column of words."""
    return Column(heading, lambda row: empty if row[name] in (None, "") else str(row[name]))


def count(heading: str, name: str) -> Column:
    """A column of whole numbers."""
    return Column(
        heading, lambda row: number(None if row[name] is None else int(row[name])), numeric=True
    )


def computed(heading: str, value: Callable[[Row], str | Cell]) -> Column:
    """A column of numbers with words of its own."""
    return Column(heading, value, numeric=True)
