"""``agora sql``: answers to read-only queries."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from flows.cli.output import as_csv, as_json, as_parquet
from flows.cli.table import fits, records, table
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
        if re.search(r"^\((values are cut|\d+ columns left out)", text, re.MULTILINE):
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
