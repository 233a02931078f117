"""Storing the rows of an archive: all that is new of it in one transaction, or nothing.

Rows are held against the models of their tables and the rules among rows, like those of any commit,
but what says when, by which run and by which code a unit was worked stays as it is.
"""

from __future__ import annotations

import duckdb
import polars as pl
from pydantic import ValidationError

from schemas.codebook import Codebook
from schemas.errors import Mistake
from schemas.tables import Row
from warehouse.archives.contents import Archive, Stored
from warehouse.archives.parquet import decoding
from warehouse.committing.batch import NUMBER, SHARED
from warehouse.committing.rules import broken_by_rule, rules_of
from warehouse.committing.staging import refused_rows
from warehouse.committing.writing import ARRIVING, arrive, set_aside, take_from_uncommitted
from warehouse.sql import identifier, literal

Cursor = duckdb.DuckDBPyConnection


def stored(cursor: Cursor, archive: Archive) -> Stored:
    """Stores what is new of an archive, in the transaction that a cursor is in.

    A unit that is done in the warehouse is left as it is.

    Raises:
        Mistake: The archive holds rows that are refused.
    """
    tables = archive.tables()
    with decoding() as reading:
        for row in tables:
            _stage(cursor, archive, row, reading)
    _refuse_strangers(cursor, archive, tables)
    total, new = _keep_new_units(cursor, tables)
    version = archive.manifest.study_version
    held = cursor.execute(
        f"SELECT 1 FROM studies WHERE study_version = {literal(version)}"
    ).fetchone()
    of_version = f"WHERE study_version = {literal(version)}"
    complete = _count(cursor, f"complete_units {of_version}") > 0
    for row in tables:
        table = row.table.name
        if table == "complete_units" and complete:
            cursor.execute(f"DELETE FROM {_in(table)}")
        elif table in {"study_units", "study_inputs", "validations"}:
            gone = table if new or not held else _in(table)
            cursor.execute(f"DELETE FROM {gone} {of_version}")
    for row in tables:
        if row.table.part != "unit" or row.table.name.startswith("earlier_"):
            _drop_held(cursor, row)
    _refuse_broken(cursor, archive, tables)
    for row in tables:
        names = ", ".join(map(identifier, row.model_fields))
        cursor.execute(
            f"INSERT INTO {identifier(row.table.name)} BY NAME "
            f"SELECT {names} FROM {_in(row.table.name)} ORDER BY {NUMBER}"
        )
        cursor.execute(f"DROP TABLE {_in(row.table.name)}")
    return Stored(new, total - new)


def _stage(cursor: Cursor, archive: Archive, row: type[Row], reading: Cursor) -> None:
    """Puts the rows of a table into ``in_<table>``, each held against its model."""
    table = row.table.name
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {_in(table)} AS "
        f"SELECT *, 0::BIGINT AS {NUMBER} FROM {identifier(table)} LIMIT 0"
    )
    before = 0
    for rows in archive.rows(row, reading):
        frame, refused = refused_rows(row, rows)
        if refused:
            number, reason = min(refused.items())
            raise _refused(archive, table, f"row {before + number}: {reason}", len(refused))
        numbered = frame.with_row_index(NUMBER, offset=before).cast({NUMBER: pl.Int64})
        arrive(cursor, numbered)
        cursor.execute(f"INSERT INTO {_in(table)} BY NAME SELECT * FROM {ARRIVING}")
        before += rows.height


def _refuse_strangers(cursor: Cursor, archive: Archive, tables: tuple[type[Row], ...]) -> None:
    """Refuses rows of another version, of units that the archive does not list, and false digests.

    A message or a codebook under a digest that is not its own would stand for the true one in
    every other study.
    """
    version = literal(archive.manifest.study_version)
    names = {row.table.name for row in tables}
    if "studies" not in names:
        raise _refused(archive, "studies", "no row", 1)
    for row in tables:
        table, part = row.table.name, row.table.part
        foreign = "false"
        if part == "version":
            foreign = f"study_version <> {version}"
        elif part == "commits":
            foreign = f"study_version IS NOT NULL AND study_version <> {version}"
        elif part == "unit":
            listed = "SELECT unit_key FROM in_units" if "units" in names else "SELECT ''"
            foreign = f"unit_key IS NULL OR unit_key NOT IN ({listed})"
        elif table == "prompt_messages":
            foreign = "left(sha256(role || chr(10) || text), 32) <> digest"
        if n := _count(cursor, f"{_in(table)} WHERE {foreign}"):
            what = (
                "another digest than their text has"
                if part == "refers"
                else ("of another version, or of a unit that the archive does not list")
            )
            raise _refused(archive, table, what, n)
    if "codebooks" in names:
        cursor.execute("SELECT codebook_digest, spec FROM in_codebooks")
        for digest, spec in cursor.fetchall():
            try:
                same = Codebook.model_validate_json(spec).digest == digest
            except ValidationError:
                same = False
            if not same:
                raise _refused(archive, "codebooks", f"{digest} is not the digest of its spec", 1)


def _keep_new_units(cursor: Cursor, tables: tuple[type[Row], ...]) -> tuple[int, int]:
    """Takes rows of units that the warehouse has out of what arrives; counts all, and new ones."""
    names = {row.table.name for row in tables}
    if "units" not in names:
        return 0, 0
    total = _count(cursor, "in_units")
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE new_units AS SELECT unit_key, held.status AS before "
        "FROM in_units AS new LEFT JOIN units AS held USING (unit_key) "
        "WHERE held.status IS NULL OR (held.status = 'failed' AND new.status = 'done')"
    )
    for row in tables:
        if row.table.part == "unit":
            cursor.execute(
                f"DELETE FROM {_in(row.table.name)} "
                "WHERE unit_key NOT IN (SELECT unit_key FROM new_units)"
            )
    failed = cursor.execute("SELECT unit_key FROM new_units WHERE before = 'failed'").fetchall()
    if "calls" in names:
        take_from_uncommitted(cursor)
    set_aside(cursor, [key for (key,) in failed], with_calls="calls" in names)
    new = _count(cursor, "new_units")
    cursor.execute("DROP TABLE new_units")
    return total, new


def _drop_held(cursor: Cursor, row: type[Row]) -> None:
    """Takes rows whose key the warehouse has out of what arrives."""
    table = row.table.name
    same = " AND ".join(
        f"held.{identifier(name)} IS NOT DISTINCT FROM new.{identifier(name)}"
        for name in row.table.key
    )
    cursor.execute(
        f"DELETE FROM {_in(table)} AS new WHERE EXISTS (FROM {identifier(table)} AS held "
        f"WHERE {same})"
    )


def _refuse_broken(cursor: Cursor, archive: Archive, tables: tuple[type[Row], ...]) -> None:
    """Refuses rows that break a rule among rows."""
    names = frozenset(row.table.name for row in tables)
    for row in tables:
        for rule, broken in broken_by_rule(cursor, rules_of(row, names)):
            if broken:
                raise _refused(archive, row.table.name, rule.expected, len(broken))
        for column, target in row.table.item_references.items():
            if broken_items := _without_target(cursor, row, column, target, names):
                expected = f"{column}: no row of {target} has it"
                raise _refused(archive, row.table.name, expected, broken_items)
    for table in sorted(SHARED & names):
        (key,) = next(row.table.key for row in tables if row.table.name == table)
        if _count(cursor, f"(SELECT {key} FROM {_in(table)} GROUP BY {key} HAVING count(*) > 1)"):
            raise _refused(archive, table, f"{key}: another row has it", 1)


def _without_target(
    cursor: Cursor, row: type[Row], column: str, target: str, names: frozenset[str]
) -> int:
    there, key = target.split(".")
    held = [f"SELECT {key} FROM {identifier(there)}"]
    held += [f"SELECT {key} FROM {_in(there)}"] if there in names else []
    return _count(
        cursor,
        f"(SELECT DISTINCT unnest({identifier(column)}) AS item FROM {_in(row.table.name)}) "
        f"WHERE item NOT IN ({' UNION ALL '.join(held)})",
    )


def _count(cursor: Cursor, source: str) -> int:
    found = cursor.execute(f"SELECT count(*) FROM {source}").fetchone()
    return int(found[0]) if found else 0


def _in(table: str) -> str:
    return identifier(f"in_{table}")


def _refused(archive: Archive, table: str, reason: str, n: int) -> Mistake:
    return Mistake(
        what="rows of the archive were refused; nothing was imported",
        place=str(archive.folder),
        found=f"{table}: {reason}" + (f" ({n:,} rows)" if n > 1 else ""),
        fix="get it again from where it was made",
    )
