"""Rows of one table or view, as units and plans read them."""

from __future__ import annotations

from schemas.tables import TABLES
from schemas.unit import Read
from warehouse.sql import identifier, literal


def statement_of(read: Read) -> str:
    """The statement that selects the rows.

    Rows of a table come in the order of its key, those of a view, and distinct ones, in the order
    of what is selected.

    Raises:
        KeyError: There is no such table, or it has no such column.

    Example:
        >>> print(statement_of(Read("seats", "episode_key", ("a",))))
        SELECT * FROM "seats" WHERE "seats"."episode_key" IN (SELECT unnest(['a'])) ORDER BY \
"episode_key", "seat"
        >>> coded = Read("codes", "coder", ("ann",), ("unit_key", "coder"), distinct=True)
        >>> print(statement_of(coded))
        SELECT DISTINCT "unit_key", "coder" FROM "codes" WHERE "codes"."coder" IN \
(SELECT unnest(['ann'])) ORDER BY ALL
    """
    row = None if read.table.startswith("v_") else TABLES[read.table]
    for name in (read.column, *read.columns):
        if row is not None and name not in row.model_fields:
            raise KeyError(f"{read.table}.{name}")
    table = identifier(read.table)
    columns = ", ".join(map(identifier, read.columns)) or "*"
    by_key = row is not None and not read.distinct
    order = ", ".join(map(identifier, row.table.key)) if row is not None and by_key else "ALL"
    return (
        f"SELECT {'DISTINCT ' if read.distinct else ''}{columns} "
        f"FROM {table} WHERE {table}.{identifier(read.column)} "
        f"IN (SELECT unnest({literal(read.keys)})) ORDER BY {order}"
    )
