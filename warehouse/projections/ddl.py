"""DuckDB statements that create the tables.

Tables carry no PRIMARY KEY: uniqueness is checked in SQL at commit, see
``docs/design/001-keys-without-indexes.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.keys import digest
from schemas.tables import ROWS, Row
from warehouse.projections.columns import Column, Kind, columns_of
from warehouse.sql import identifier, literal

TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "real": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP",
    "json": "JSON",
    "texts": "VARCHAR[]",
    "spans": 'STRUCT("first" BIGINT, "last" BIGINT)[]',
}


def create_table(row: type[Row]) -> str:
    """The statement that creates a table.

    Example:
        >>> from schemas.tables import TABLES
        >>> print(create_table(TABLES["prompt_messages"]))
        CREATE TABLE "prompt_messages" (
            "digest" VARCHAR NOT NULL,
            "role" VARCHAR NOT NULL,
            "text" VARCHAR NOT NULL
        );
    """
    lines = ",\n".join(f"    {_definition(column)}" for column in columns_of(row))
    return f"CREATE TABLE {identifier(row.table.name)} (\n{lines}\n);"


def create_tables(rows: Iterable[type[Row]] = ROWS) -> str:
    """The statements that create tables, in an order in which references resolve."""
    return "\n\n".join(create_table(row) for row in rows) + "\n"


def comments(rows: Iterable[type[Row]] = ROWS) -> Iterator[str]:
    """Statements that document tables and columns inside the database."""
    for row in rows:
        name = identifier(row.table.name)
        yield f"COMMENT ON TABLE {name} IS {literal(f'One row per {row.table.about}.')}"
        for column in columns_of(row):
            unit = f" Unit: {column.unit}." if column.unit else ""
            text = literal(column.description + unit)
            yield f"COMMENT ON COLUMN {name}.{identifier(column.name)} IS {text}"


def models_digest(rows: Iterable[type[Row]] = ROWS) -> str:
    """Digest of what the table models say about storage: names, types, nullability."""
    return digest("tables", create_tables(rows))


def _definition(column: Column) -> str:
    required = " NOT NULL" if column.required else ""
    return f"{identifier(column.name)} {TYPES[column.kind]}{required}"
