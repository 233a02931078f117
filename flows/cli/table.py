"""Rows as a table that people read on a terminal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

from flows.cli.output import word

MIN_WIDTH = 6
GAP = "  "
#: What text from a model must not do to a terminal: move the cursor, change colours, ring.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def terminal_width() -> int:
    """Columns to write in: the terminal's, else 100."""
    return max(80, shutil.get_terminal_size((100, 24)).columns)


def cell(value: Any) -> str:
    r"""A value as it stands in a table; NULL cannot be taken for a text, nor a text for NULL.

    Example:
        >>> cell(None), cell("NULL"), cell(""), cell("a\nb"), cell(0.1234567)
        ('NULL', '"NULL"', '""', 'a⏎b', '0.123457')
    """
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and value in {"", "NULL"}:
        return f'"{value}"'
    return _CONTROL.sub("·", word(value).replace("\r\n", "⏎").replace("\n", "⏎").replace("\t", " "))


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int | None = None,
    wrapped_lines: int = 1,
) -> str:
    """A table no wider than asked, with a note on whatever had to be cut or left out.

    Args:
        columns: Names of the columns.
        rows: Their values.
        width: Columns of the terminal; its own width if left out.
        wrapped_lines: Lines that a long value may take, at most.
    """
    width = width or terminal_width()
    texts = [[cell(value) for value in row] for row in rows]
    natural = [
        max(cell_len(name), *(cell_len(row[place]) for row in texts), 1)
        if texts
        else max(cell_len(name), 1)
        for place, name in enumerate(columns)
    ]
    widths, shown = _fitting(natural, width)
    numeric = [
        any(row[place] is not None for row in rows)
        and all(
            value is None or (isinstance(value, int | float) and not isinstance(value, bool))
            for value in (row[place] for row in rows)
        )
        for place in range(len(columns))
    ]
    lines = _lines([cell(name) for name in columns[:shown]], widths, [False] * shown, 1)
    lines.append(GAP.join("─" * size for size in widths))
    for row in texts:
        lines.extend(_lines(row[:shown], widths, numeric, wrapped_lines))
    notes = []
    if any(line.rstrip().endswith("…") or f"…{GAP}" in line for line in lines):
        notes.append(f"values are cut to fit {width} columns")
    if shown < len(columns):
        notes.append(f"{len(columns) - shown} columns left out: {', '.join(columns[shown:])}")
    return "\n".join([*(line.rstrip() for line in lines), *(f"({note})" for note in notes)]) + "\n"


def _fitting(natural: Sequence[int], width: int) -> tuple[list[int], int]:
    """Widths of the columns that fit, the widest cut first, and how many fit."""
    shown = len(natural)
    while shown > 1 and _total([min(size, MIN_WIDTH) for size in natural[:shown]]) > width:
        shown -= 1
    widths = list(natural[:shown])
    while _total(widths) > width and max(widths) > MIN_WIDTH:
        widest = max(widths)
        below = max([size for size in widths if size < widest], default=MIN_WIDTH)
        places = [place for place, size in enumerate(widths) if size == widest]
        spare = _total(widths) - width
        cut = min(widest - max(below, MIN_WIDTH), -(-spare // len(places)))
        for place in places:
            widths[place] -= max(cut, 1)
    return widths, shown


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _lines(
    texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], most: int
) -> list[str]:
    """The lines that one row takes."""
    cells = [_wrapped(text, width, most) for text, width in zip(texts, widths, strict=False)]
    lines = []
    for number in range(max(map(len, cells), default=1)):
        parts = [
            _padded(one[number] if number < len(one) else "", width, right)
            for one, width, right in zip(cells, widths, numeric, strict=False)
        ]
        lines.append(GAP.join(parts))
    return lines


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """A text in at most so many pieces of a width, the last one cut where it is not enough."""
    pieces: list[str] = []
    while cell_len(text) > width and len(pieces) < most - 1:
        end = len(set_cell_size(text, width).rstrip(" ")) if cell_len(text) > len(text) else width
        blank = text.rfind(" ", width // 2, end + 1)
        end = blank if blank > 0 else end
        pieces.append(text[:end])
        text = text[end:].lstrip()
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    return [*pieces, text]


def _padded(text: str, width: int, right: bool) -> str:
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)
