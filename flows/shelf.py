"""A warehouse as a plan reads it: by queries, from the file or from the process that serves it.

Statements carry their values as literals, since DuckDB imports pandas to bind parameters and a plan
is to be answered at once.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from warehouse.query import Answer, query
from warehouse.sql import literal

_TYPES: dict[str, Any] = {
    "VARCHAR": pl.String,
    "JSON": pl.String,
    "BOOLEAN": pl.Boolean,
    "INTEGER": pl.Int32,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "TIMESTAMP": pl.Datetime("us"),
    "VARCHAR[]": pl.List(pl.String),
    "DOUBLE[]": pl.List(pl.Float64),
}


class QueryShelf:
    """What plans read of a warehouse; every query is answered once.

    Args:
        path: The warehouse.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._answers: dict[str, pl.DataFrame] = {}

    @cached_property
    def _statuses(self) -> Mapping[str, str]:
        return dict(query(self.path, "SELECT unit_key, status FROM units").rows)

    def held(self, keys: Sequence[str]) -> dict[str, str]:
        """Status (``done`` or ``failed``) of the units among these that were worked."""
        return {key: self._statuses[key] for key in keys if key in self._statuses}

    def frame_sql(self, sql: str, params: Sequence[Any] = ()) -> pl.DataFrame:
        """Rows that a query selects; ``?`` stands for the parameters and for nothing else.

        Raises:
            Mistake: The warehouse cannot answer it.
        """
        pieces = sql.split("?")
        if len(pieces) != len(params) + 1:
            raise ValueError(f"{len(params)} parameters for {len(pieces) - 1} places: {sql}")
        filled = pieces[0] + "".join(
            literal(value) + piece for value, piece in zip(params, pieces[1:], strict=True)
        )
        if filled not in self._answers:
            self._answers[filled] = frame_of(query(self.path, filled))
        return self._answers[filled]


def frame_of(answer: Answer) -> pl.DataFrame:
    """An answer as a frame with the types that the query gave it."""
    schema = {
        name: _TYPES.get(kind) for name, kind in zip(answer.columns, answer.types, strict=True)
    }
    return pl.DataFrame(answer.rows, schema=schema, orient="row", infer_schema_length=None)


@contextlib.contextmanager
def shelf_of(warehouse: Path) -> Iterator[QueryShelf]:
    """The warehouse for reading; an empty one where there is none yet, and none is made there.

    Raises:
        Mistake: The warehouse cannot be read.
    """
    if warehouse.exists():
        yield QueryShelf(warehouse)
        return
    from warehouse.store import Warehouse

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.duckdb"
        Warehouse.open(path).close()
        yield QueryShelf(path)
