"""``agora sql``: answers to read-only queries."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.cli.output import as_csv, as_json, as_parquet
from flows.cli.table import cell, fits, records, table, terminal_width
from flows.cli.terminal import say
from flows.files import write_out
from flows.study_references import recorded_version
from schemas.counts import counted
from schemas.errors import Mistake, printable_lines
from warehouse.queries.of_version import StateOfVersion
from warehouse.query import query
from warehouse.reader import reader

#: Rows that a table on a terminal shows; the other formats give all of them.
MOST_ROWS = 200

#: Different warnings that stand below a table without room for their column.
MOST_WARNINGS = 8

#: Values that are shown one below the other where their columns do not fit side by side.
MOST_LISTED = 60


def answer(
    sql: str, warehouse: Path, form: str, output: Path | None, at: str | None = None
) -> None:
    """Print the answer to a query, or write it to a file.

    Args:
        sql: The query; ``-`` reads it from standard input.
        warehouse: The warehouse.
        form: ``table``, ``csv``, ``json`` or ``parquet``.
        output: File to write instead of printing.
        at: The study, or version of one, as of which it is answered; all there is if left out.

    Raises:
        Mistake: The query is none that may be asked, or the warehouse or file cannot be used.
    """
    if sql == "-":
        sql = _from_standard_input()
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise Mistake(
            what="a Parquet file cannot be shown on a terminal",
            place="--format parquet",
            fix="add --output FILE",
        )
    version = None if at is None else _version(at, warehouse)
    if form == "table":
        few = query(warehouse, sql, limit=MOST_ROWS, version=version)
        if fits(few.columns, few.rows) or len(few.columns) * len(few.rows) > MOST_LISTED:
            text = table(few.columns, few.rows)
        else:
            text = records(few.columns, few.rows)
        if re.search(r"left out:[^)]*\bwarning\b", text):
            text += _warnings(few.columns, few.rows)
        if re.search(r"^\((values are cut|\d+ columns? left out)", text, re.MULTILINE):
            text += "(name the columns that you want, or use --format csv for everything)\n"
        if few.truncated:
            text += f"(the first {MOST_ROWS} rows; --format csv or json gives all of them)\n"
        else:
            text += f"({counted(len(few.rows), 'row')})\n"
        write_out(text.encode(), output)
        return
    writers = {"csv": as_csv, "json": as_json, "parquet": as_parquet}
    content = writers[form](query(warehouse, sql, version=version))
    if output is None and sys.stdout.isatty():
        content = printable_lines(content.decode()).encode()
    write_out(content, output)


def _warnings(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The warnings of rows, each once, for a table that has no room for their column."""
    place, by_text = list(columns).index("warning"), dict[str, list[int]]()
    for number, row in enumerate(rows, start=1):
        if row[place]:
            by_text.setdefault(str(row[place]), []).append(number)
    lines = [
        textwrap.fill(
            f"{'row' if len(numbers) == 1 else 'rows'} {_some(numbers)}: {cell(text)}",
            terminal_width(),
            initial_indent="warning, ",
            subsequent_indent="  ",
            break_long_words=False,
        )
        for text, numbers in list(by_text.items())[:MOST_WARNINGS]
    ]
    if len(by_text) > MOST_WARNINGS:
        lines.append(f"({counted(len(by_text) - MOST_WARNINGS, 'more warning')})")
    return "".join(f"{line}\n" for line in lines)


def _some(numbers: Sequence[int]) -> str:
    """The first few of some numbers.

    Example:
        >>> _some([1, 4]), _some(range(1, 20))
        ('1, 4', '1, 2, 3, 4, 5, 6 and 13 more')
    """
    first = ", ".join(map(str, numbers[:6]))
    return f"{first} and {len(numbers) - 6} more" if len(numbers) > 6 else first


def _version(at: str, warehouse: Path) -> str:
    """The version on record that a reference means; says where it is not whole yet."""
    version = recorded_version(at, warehouse)
    with reader(warehouse) as reading:
        states = reading.rows(StateOfVersion(version))
    for state in states:
        if state.done < state.units:
            done = f"{at}: {state.done} of {state.units} units are done"
            say(f"{done}; the answer changes when the others are", file=sys.stderr)
    return version


def _from_standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise Mistake(
            what="the query on standard input is not UTF-8",
            place="-",
            found=f"byte 0x{error.object[error.start]:02x}",
            fix="save it in the encoding UTF-8",
        ) from None
