"""A warehouse as of one version of a study: its rows, in an order of their own, and nothing else.

The rows of the tables that a query needs are copied, sorted by key, into an empty database in
memory, which one thread reads. So an answer depends on the version's units alone, down to the
order of rows that a query does not sort and to the last digit of a sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import polars as pl

from schemas.errors import Mistake
from schemas.tables import TABLES
from warehouse.committing.writing import insert
from warehouse.connection import quiet
from warehouse.projections.frames import frame_schema
from warehouse.queries.of_version import FilledTables, StateOfVersion, rows_of_version
from warehouse.reader import ConnectionReader, Reader
from warehouse.schema import create_empty
from warehouse.storage import FileStorage

#: How often rows are read again because the version was being run meanwhile.
TRIES = 3
_WORD = re.compile(r"\w+")
#: What lists tables, so that a query names none of those that it is about.
_ABOUT_TABLES = frozenset({"duckdb_tables", "duckdb_columns"})


@contextmanager
def as_of(reading: Reader, version: str, statement: str, path: Path) -> Iterator[Reader]:
    """A reader of the rows of a version, for one statement.

    Args:
        reading: A reader of the warehouse.
        version: The version.
        statement: The statement; tables that it needs not are empty.
        path: The warehouse.

    Raises:
        Mistake: The version is being run, and its rows did not hold still.
    """
    with closing(duckdb.connect(config={"threads": 1})) as opened:
        create_empty(quiet(opened))
        needed = _needed(opened, statement)
        for _ in range(TRIES):
            state = reading.rows(StateOfVersion(version))
            with closing(opened.cursor()) as cursor:
                for name, rows in rows_by_table(reading, needed, version):
                    cursor.execute(f"DELETE FROM {name}")
                    insert(cursor, name, rows)
            if reading.rows(StateOfVersion(version)) == state:
                break
        else:
            raise being_run(version, path)
        yield ConnectionReader(opened, FileStorage(path))


def rows_by_table(
    reading: Reader, names: Iterable[str], version: str
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of a version in tables, each sorted by its key, with the types of the table."""
    filled = {one.name for one in reading.rows(FilledTables())}
    for name in names:
        row = TABLES[name]
        if name not in filled:
            yield name, pl.DataFrame(schema=frame_schema(row))
            continue
        with reading.batches(rows_of_version(row, version)) as (schema, parts):
            found = pl.concat([pl.DataFrame(schema.empty_table()), *map(pl.DataFrame, parts)])
        yield name, found.select(*row.model_fields).cast(frame_schema(row))


def being_run(version: str, path: Path) -> Mistake:
    """The mistake of a version whose rows change while they are read."""
    return Mistake(
        what="this version is being run, and its rows change faster than they can be read",
        place=str(path),
        found=version,
        fix="ask again when its run has ended",
    )


def _needed(empty: duckdb.DuckDBPyConnection, statement: str) -> list[str]:
    """The tables whose names a statement, or a view that it names, holds anywhere."""
    texts: dict[str, str] = dict(
        empty.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal").fetchall()
    )
    parts = {name for name, row in TABLES.items() if row.table.part != "never"}
    words = _words(statement)
    if not words.isdisjoint(_ABOUT_TABLES):
        return sorted(parts)
    pending, seen = list(words & texts.keys()), set(words)
    while pending:
        found = _words(texts[pending.pop()])
        pending.extend((found - seen) & texts.keys())
        seen |= found
    return [name for name in TABLES if name in parts & seen]


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
