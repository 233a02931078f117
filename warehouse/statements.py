"""Answers of a connection to statements that read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from schemas.errors import Mistake
from warehouse.connection import STORAGE_ERRORS

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from warehouse.storage import Storage


#: The place that messages about a query name.
SQL = "SQL"
#: Rows that are handed out at once.
BATCH_ROWS = 50_000


@dataclass(frozen=True)
class Answer:
    """The rows of a query.

    Attributes:
        columns: Names of the columns.
        types: Their DuckDB types.
        rows: The rows, as Python values; JSON columns are documents.
        truncated: Whether rows beyond the limit were left out.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool = False

    def frame(self) -> pl.DataFrame:
        """The rows as a frame whose columns have the types that the query gave them."""
        import polars as pl

        types: dict[str, Any] = {
            "VARCHAR": pl.String,
            "JSON": pl.String,
            "BOOLEAN": pl.Boolean,
            "INTEGER": pl.Int32,
            "BIGINT": pl.Int64,
            "DOUBLE": pl.Float64,
            "TIMESTAMP": pl.Datetime("us"),
        }
        types |= {f"{name}[]": pl.List(dtype) for name, dtype in types.items()}
        schema = {
            name: types.get(kind) for name, kind in zip(self.columns, self.types, strict=True)
        }
        return pl.DataFrame(self.rows, schema=schema, orient="row", infer_schema_length=None)


class Batches(NamedTuple):
    """The rows of a statement, a part at a time."""

    schema: pa.Schema
    parts: Iterator[pa.RecordBatch]


def confine(reading: duckdb.DuckDBPyConnection) -> None:
    """Bars the connection from other files, the network, and changes of its settings."""
    enclose(reading)
    reading.execute("SET lock_configuration = true")


def enclose(reading: duckdb.DuckDBPyConnection) -> None:
    """Bars the connection from other files and the network, for good."""
    reading.execute("SET enable_external_access = false")
    reading.execute("SET python_enable_replacements = false")


def answer(
    reading: duckdb.DuckDBPyConnection,
    statement: str,
    limit: int | None = None,
    *,
    storage: Storage | None = None,
) -> Answer:
    """The answer that a connection gives.

    Args:
        reading: The connection.
        statement: The statement.
        limit: Rows to return, at most.
        storage: The warehouse that the connection has open, if it has one.

    Raises:
        Mistake: The statement is wrong, or reaches outside the warehouse, or the file is damaged.
    """
    try:
        result = reading.execute(statement)
        columns = tuple(str(entry[0]) for entry in result.description or [])
        types = tuple(str(entry[1]) for entry in result.description or [])
        rows = result.fetchall() if limit is None else result.fetchmany(limit + 1)
    except duckdb.PermissionException as error:
        raise outside(str(error)) from error
    except duckdb.Error as error:
        if storage is not None and isinstance(error, STORAGE_ERRORS):
            raise storage.mistake(error) from error
        raise sql_mistake(error) from error
    truncated = limit is not None and len(rows) > limit
    return Answer(columns, types, rows[:limit] if truncated else rows, truncated)


def streamed(cursor: duckdb.DuckDBPyConnection, statement: str) -> Batches:
    """The rows of a statement, read as they are taken."""
    reader = cursor.execute(statement).fetch_record_batch(BATCH_ROWS)
    return Batches(reader.schema, iter(reader))


def outside(message: str) -> Mistake:
    """The mistake of a statement that reaches for something besides the warehouse."""
    return Mistake(
        what="queries may read the warehouse and nothing else",
        place=SQL,
        found=message.splitlines()[0],
        fix="bring data in with agora import",
    )


def sql_mistake(error: duckdb.Error) -> Mistake:
    """The mistake of a statement that DuckDB cannot answer."""
    message = str(error).strip()
    return Mistake(
        what="DuckDB cannot answer this",
        place=SQL,
        found=message,
        fix="see docs/tables.md for what there is",
    )
