"""Removing what nothing refers to, and finding what contradicts itself."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.errors import Mistake
from schemas.tables import ROWS
from warehouse.connection import transaction
from warehouse.extensions import load_extension
from warehouse.queries.upkeep import integrity, not_referred, removal
from warehouse.reader import Reader
from warehouse.sql import identifier
from warehouse.store import Warehouse


def remove_unused(path: Path, *, paid: bool) -> dict[str, int]:
    """Removes units that no version refers to, with all of their rows; rows gone by table.

    Messages and codebooks go that no row names any more.

    Args:
        path: The warehouse.
        paid: Whether units go too whose calls were paid.

    Raises:
        Locked: Another process has the warehouse.
    """
    gone: dict[str, int] = {}
    with Warehouse.open(path) as warehouse, warehouse.writing() as cursor, transaction(cursor):
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE going AS {removal(paid)}")
        for row in ROWS:
            if "unit_key" in row.model_fields and row.table.part in {"unit", "never"}:
                where = "unit_key IN (FROM going)"
                gone[row.table.name] = _removed(cursor, row.table.name, where)
        for row in ROWS:
            if row.table.part == "refers":
                (key,) = row.table.key
                where = not_referred(row.table.name, key)
                gone[row.table.name] = _removed(cursor, row.table.name, where)
        cursor.execute("DROP TABLE going")
    return {table: number for table, number in gone.items() if number}


def contradictions(reading: Reader) -> list[str]:
    """What in a warehouse contradicts itself, a line each; none in a sound one."""
    found = []
    for words, statement in integrity():
        ((rows,),) = reading.answer(statement).rows
        if rows:
            found.append(f"{words} ({rows:,})")
    return found


def extension_faults(names: tuple[str, ...]) -> list[str]:
    """Why extensions of DuckDB cannot be loaded, a line each."""
    found = []
    for name in names:
        opened = duckdb.connect()
        try:
            load_extension(opened, name)
        except (FileNotFoundError, ModuleNotFoundError, duckdb.Error) as error:
            found.append(f"{name}: {str(error).splitlines()[0]}")
        finally:
            opened.close()
    return found


def readable(path: Path, reading: Reader) -> str:
    """The schema that a warehouse has, in words.

    Raises:
        Mistake: It has none of ours.
    """
    rows = reading.answer("SELECT max(number) FROM schema_version").rows
    if not rows or rows[0][0] is None:
        raise Mistake(what="this is no warehouse", place=str(path))
    return f"schema {rows[0][0]}"


def _removed(cursor: duckdb.DuckDBPyConnection, table: str, where: str) -> int:
    found = cursor.execute(f"DELETE FROM {identifier(table)} WHERE {where}").fetchone()
    return int(found[0]) if found else 0
