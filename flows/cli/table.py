"""Rows as a table that people read on a terminal."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

from flows.cli.output import word
from schemas.counts import counted

GAP = "  "
#: Widths below which no column is squeezed: of the start of a key, and of a long word.
KEY_WIDTH, WORD_WIDTH = 13, 20
#: Keys and other digests: their beginning is enough to name them.
_DIGEST = re.compile(r"[0-9a-f]{32,}")


def terminal_width() -> int:
    """Columns to write in: the terminal's, else 100."""
    return max(80, shutil.get_terminal_size((100, 24)).columns)


def cell(value: Any) -> str:
    r"""A value as it stands in a table; NULL cannot be taken for a text, nor a text for NULL.

    Example:
        >>> cell(None), cell("NULL"), cell(""), cell("a\nb"), cell(0.1234567)
        ('NULL', '"NULL"', '""', 'a⏎b', '0.123457')
        >>> cell(dt.datetime(2026, 1, 2, 3, 4, 5, 678))
        '2026-01-02 03:04:05'
    """
    if value is None:
        return "NULL"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and value in {"", "NULL"}:
        return f'"{value}"'
    text = word(value).replace("\r\n", "⏎").replace("\n", "⏎")
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    """A character as it stands in a table: what is not printable as a blank or a dot."""
    return character if character.isprintable() else " " if character.isspace() else "·"


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int | None = None,
    wrapped_lines: int = 3,
) -> str:
    """A table no wider than asked, with a note on whatever had to be cut or left out.

    Long values are wrapped between words. Columns that cannot be shown at a readable width are
    left out, the last ones first.

    Args:
        columns: Names of the columns.
        rows: Their values.
        width: Columns of the terminal; its own width if left out.
        wrapped_lines: Lines that a long value may take, at most.
    """
    width = width or terminal_width()
    texts = [[cell(value) for value in row] for row in rows]
    heads = [cell(name) for name in columns]
    widths = _widths(heads, texts, width)
    numeric = [
        any(row[place] is not None for row in rows)
        and all(
            value is None or (isinstance(value, int | float) and not isinstance(value, bool))
            for value in (row[place] for row in rows)
        )
        for place in range(len(widths))
    ]
    lines = _lines(list(map(heading_lines, heads, widths)), widths, numeric)
    lines.append(GAP.join("─" * size for size in widths))
    for row in texts:
        lines.extend(
            _lines(
                [_wrapped(*one, wrapped_lines) for one in zip(row, widths, strict=False)],
                widths,
                numeric,
            )
        )
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    if any(line.rstrip().endswith("…") or f"…{GAP}" in line for line in lines):
        text += f"(values are cut to fit {width} columns)\n"
    left_out = columns[len(widths) :]
    if left_out:
        note = f"({counted(len(left_out), 'column')} left out: {', '.join(left_out)})"
        text += textwrap.fill(note, width, break_long_words=False) + "\n"
    return text


def fits(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None = None) -> bool:
    """Whether a table of all columns is readable at a width."""
    texts = [[cell(value) for value in row] for row in rows]
    return len(_widths(columns, texts, width or terminal_width())) == len(columns)


def records(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None = None) -> str:
    """Rows one below the other, a line for each value: for a few rows that are too wide.

    Example:
        >>> print(records(["metric", "value"], [("welfare", 0.5)]), end="")
        metric  welfare
        value   0.5
    """
    width = width or terminal_width()
    most = max(map(len, columns))
    blocks = []
    for row in rows:
        lines = []
        for name, value in zip(columns, row, strict=True):
            first, *more = _wrapped(cell(value), width - most - len(GAP), 6)
            lines.append(f"{name:<{most}}{GAP}{first}")
            lines.extend(" " * (most + len(GAP)) + line for line in more)
        blocks.append("".join(f"{line.rstrip()}\n" for line in lines))
    return "\n".join(blocks)


def _widths(heads: Sequence[str], texts: Sequence[Sequence[str]], width: int) -> list[int]:
    """Widths of the columns that fit, the widest narrowed first, none below what is readable."""
    natural, least = [], []
    for place, head in enumerate(heads):
        column = [row[place] for row in texts]
        natural.append(max([cell_len(head), *map(cell_len, column), 1]))
        least.append(max([*map(cell_len, _parts(head)), *map(_least, column), 1]))
    shown = len(heads)
    while shown > 1 and _total(least[:shown]) > width:
        shown -= 1
    widths = natural[:shown]
    for place in range(shown):
        if _total(widths) > width and any(_DIGEST.fullmatch(row[place]) for row in texts):
            widths[place] = least[place]
    while _total(widths) > width:
        loose = [place for place in range(shown) if widths[place] > least[place]]
        if not loose:
            return [min(size, width) for size in widths]
        widths[max(loose, key=lambda place: widths[place])] -= 1
    return widths


def _least(text: str) -> int:
    """The width that a value needs to be readable."""
    if _DIGEST.fullmatch(text):
        return KEY_WIDTH
    return min(WORD_WIDTH, max(map(cell_len, text.split()), default=1))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _lines(
    cells: Sequence[Sequence[str]], widths: Sequence[int], numeric: Sequence[bool]
) -> list[str]:
    """The lines that one row takes, given the lines of each of its values."""
    lines = []
    for number in range(max(map(len, cells), default=1)):
        parts = [
            _padded(one[number] if number < len(one) else "", width, right)
            for one, width, right in zip(cells, widths, numeric, strict=True)
        ]
        lines.append(GAP.join(parts))
    return lines


def _parts(name: str) -> list[str]:
    """The parts between which a heading may be broken.

    Example:
        >>> _parts("unknown_price_calls"), _parts("to do")
        (['unknown_', 'price_', 'calls'], ['to ', 'do'])
    """
    return re.findall(r"[^_ ]*[_ ]|[^_ ]+", name) or [name]


def heading_lines(name: str, width: int) -> list[str]:
    """The lines of a heading."""
    lines = [""]
    for part in _parts(name):
        if lines[-1] and cell_len(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return lines


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """A text in at most so many pieces of a width, the last one cut where it is not enough."""
    pieces: list[str] = []
    while cell_len(text) > width and len(pieces) < most - 1 and not _DIGEST.fullmatch(text):
        end = len(set_cell_size(text, width).rstrip(" ")) if cell_len(text) > len(text) else width
        blank = text.rfind(" ", 1, end + 1)
        end = blank if blank > 0 else end
        pieces.append(text[:end])
        text = text[end:].lstrip()
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    return [*pieces, text]


def _padded(text: str, width: int, right: bool) -> str:
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)
