"""The schema of a warehouse file: forward migrations, then views and comments.

``schema_version`` has a row per migration applied, with the digest of the table models that the
code had when it applied it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from schemas.keys import digest
from warehouse.connection import transaction
from warehouse.projections.ddl import comments, create_tables, models_digest
from warehouse.sql import identifier, literal
from warehouse.view_files import files_digest, view_texts

MIGRATIONS = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sql")


@dataclass(frozen=True)
class Migration:
    """A numbered step from one schema to the next."""

    number: int
    name: str
    sql: str


def migrations(folder: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """The migrations of a folder, in order.

    Raises:
        ValueError: Their numbers are not 1, 2, 3, ...
    """
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path}: expected a name like 0001_tables.sql")
        found.append(Migration(int(match["number"]), match["name"], path.read_text()))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{folder}: migrations are not numbered 0001, 0002, ...")
    return tuple(found)


def create_empty(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates all tables and views in memory, without what describes them and their version."""
    cursor = connection.cursor()
    with transaction(cursor):
        for sql in (create_tables(), *view_texts()):
            cursor.execute(sql)


@cache
def views_sql() -> str:
    """Statements that make the views, and the comments of tables and columns."""
    return "\n".join([*view_texts(), ";\n".join(comments()) + ";"])


def prepare(
    cursor: duckdb.DuckDBPyConnection,
    path: Path,
    steps: tuple[Migration, ...] | None = None,
) -> None:
    """Brings the schema of a warehouse up to this code's.

    A new one gets the tables of the models, an older one the migrations that it lacks. Each of
    those is a transaction of its own: DuckDB cannot add a column to a table whose rows the same
    transaction has changed. Whatever ends an upgrade, the next opening goes on with it.

    Raises:
        Mistake: The warehouse is newer than this code, or its schema is another's.
    """
    known = migrations() if steps is None else steps
    applied = _applied(cursor)
    _refuse_foreign(path, applied, known, cursor)
    if not applied:
        with transaction(cursor):
            cursor.execute(create_tables())
            cursor.execute(_VERSIONS)
            _record(cursor, known)
            _remake_views(cursor)
        return
    for migration in known[len(applied) :]:
        with transaction(cursor):
            cursor.execute(migration.sql)
            _record(cursor, [migration])
    with transaction(cursor):
        _remake_views(cursor)


_VERSIONS = (
    "CREATE TABLE schema_version (number BIGINT NOT NULL, name VARCHAR NOT NULL, "
    "models_digest VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
)


def _record(cursor: duckdb.DuckDBPyConnection, applied: Iterable[Migration]) -> None:
    # Values stand as literals: to bind parameters, DuckDB imports pandas.
    now = "(current_timestamp AT TIME ZONE 'UTC')::TIMESTAMP"
    rows = (
        f"({one.number}, {literal(one.name)}, {literal(models_digest())}, {now})" for one in applied
    )
    cursor.execute(f"INSERT INTO schema_version VALUES {', '.join(rows)}")


def check(cursor: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Makes sure that a warehouse opened for reading has this code's schema.

    Raises:
        Mistake: It is older, newer, or no warehouse at all.
    """
    applied = _applied(cursor)
    known = migrations()
    _refuse_foreign(path, applied, known, cursor)
    if len(applied) < len(known):
        raise Mistake(
            what="the warehouse has an older schema",
            place=str(path),
            found=f"schema {len(applied)}",
            expected=f"schema {len(known)}",
            fix="open it once for writing (agora run does), which upgrades it",
        )


def _tables(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    rows = cursor.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE NOT internal AND database_name = current_database()"
    ).fetchall()
    return {row[0] for row in rows}


def _applied(cursor: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    # To list tables, a lake asks its catalogue about each, which takes longer than all else here.
    try:
        return cursor.execute("SELECT number, name FROM schema_version ORDER BY number").fetchall()
    except duckdb.CatalogException:  # there is no such table
        return []


def _refuse_foreign(
    path: Path,
    applied: list[tuple[int, str]],
    known: Iterable[Migration],
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    expected = [(migration.number, migration.name) for migration in known]
    if not applied and _tables(cursor):
        raise Mistake(
            what="this DuckDB file is not a warehouse of Agora",
            place=str(path),
            found=f"tables {', '.join(sorted(_tables(cursor))[:5])}",
            expected="an empty file, or one written by agora",
            fix="name another file; this one was left as it is",
        )
    if applied != expected[: len(applied)]:
        number, name = applied[-1]
        raise Mistake(
            what="the warehouse was written by a newer or a different version of Agora",
            place=str(path),
            found=f"schema {number} ({name})",
            expected=f"schema {len(expected)} ({expected[-1][1]}) or an earlier one of its line",
            fix="upgrade agora, or name another warehouse with --warehouse",
        )


def _remake_views(cursor: duckdb.DuckDBPyConnection) -> None:
    current = (digest("views", views_sql()), files_digest())
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_views "
        "(views_digest VARCHAR NOT NULL, files_digest VARCHAR NOT NULL)"
    )
    found = cursor.execute("SELECT views_digest, files_digest FROM schema_views").fetchone()
    if found == current:
        return
    old = cursor.execute(
        "SELECT view_name FROM duckdb_views() "
        "WHERE NOT internal AND database_name = current_database()"
    ).fetchall()
    for (name,) in old:
        cursor.execute(f"DROP VIEW {identifier(name)}")
    cursor.execute(views_sql())
    cursor.execute("DELETE FROM schema_views")
    values = ", ".join(map(literal, current))
    cursor.execute(f"INSERT INTO schema_views VALUES ({values})")
