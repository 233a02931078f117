"""The one way to read a warehouse: a reader that has the file open, or asks the process that has.

This module starts fast: it needs DuckDB and nothing else that is large.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from schemas.unit import Read
from warehouse.client import Client
from warehouse.connection import Limits, Locked, Missing, Unwritable, quiet
from warehouse.queries.query import Query
from warehouse.statements import Answer, answer
from warehouse.storage import FileStorage, Storage, storage_of
from warehouse.view_files import files_digest

if TYPE_CHECKING:
    import polars as pl

    from warehouse.queries.query import RowT

#: Queries may use more than a writing process does.
READING = Limits(memory_mb=2048, threads=4)
MIGRATIONS = Path(__file__).parent / "migrations"


class Reader(ABC):
    """Whatever answers queries to a warehouse."""

    @abstractmethod
    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """The answer to one statement that reads, at most so many rows.

        Raises:
            Mistake: The statement is wrong, or the warehouse cannot answer it.
        """

    def rows(self, query: Query[RowT]) -> list[RowT]:
        """The rows of a query."""
        return [cast("RowT", query.row(*row)) for row in self.answer(query.text).rows]

    def frame(self, query: Query[Any] | Read) -> pl.DataFrame:
        """The rows of a query, or those that a unit reads; JSON columns are documents."""
        found = self.answer(statement(query)).frame()
        return found.cast(categories(query)) if isinstance(query, Read) else found

    def statuses(self, keys: Iterable[str]) -> dict[str, str]:
        """Status (``done`` or ``failed``) of those of the units that were worked."""
        from warehouse.queries.units import UnitStatuses

        return {row.unit_key: row.status for row in self.rows(UnitStatuses(tuple(keys)))}


class ConnectionReader(Reader):
    """A reader that has the warehouse open; it reads nothing else."""

    def __init__(self, opened: duckdb.DuckDBPyConnection, storage: Storage) -> None:
        self._connection, self._storage = opened, storage
        storage.confine(opened)

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`Reader.answer`."""
        return answer(self._connection, statement, limit, storage=self._storage)


class ServerReader(Reader):
    """A reader that asks the process that has the warehouse open."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`Reader.answer`."""
        return self._client.answer(statement, limit)


@contextmanager
def reader_as_it_is(path: Path) -> Iterator[Reader]:
    """A reader of a warehouse, whatever its schema.

    Raises:
        Mistake: The warehouse cannot be read.
    """
    storage = storage_of(path)
    try:
        opened = storage.connection(read_only=True, limits=READING)
    except Locked as locked:
        with closing(Client(path, locked)) as client:
            yield ServerReader(client)
        return
    with closing(opened):
        yield ConnectionReader(opened, storage)


@contextmanager
def reader(path: Path) -> Iterator[Reader]:
    """A reader of a warehouse that has this code's schema; an older one is upgraded first.

    Raises:
        Mistake: The warehouse cannot be read, is newer than this code, or may not be upgraded.
    """
    with reader_as_it_is(path) as found:
        if isinstance(found, ServerReader) or _has_this_schema(found):
            yield found
            return
    from warehouse.store import Warehouse

    try:
        Warehouse.open(path).close()
    except Unwritable as unwritable:
        raise Unwritable(
            what="the warehouse is of an older version of Agora and must be upgraded before it "
            "can be read, but it cannot be written",
            place=str(path),
            found=unwritable.details["found"],
            fix="have somebody who may write it run agora studies on it, or copy it to a folder "
            "of your own and read the copy",
        ) from unwritable
    with reader_as_it_is(path) as found:
        yield found


@contextmanager
def reader_or_empty(path: Path) -> Iterator[Reader]:
    """A reader of a warehouse, of an empty one where there is none; none is made there.

    Raises:
        Mistake: The warehouse cannot be read, is newer than this code, or may not be upgraded.
    """
    from warehouse.schema import create_empty

    with ExitStack() as stack:
        try:
            found = stack.enter_context(reader(path))
        except Missing:
            opened = stack.enter_context(closing(duckdb.connect()))
            create_empty(quiet(opened))
            found = ConnectionReader(opened, FileStorage(path))
        yield found


def categories(read: Read) -> dict[Any, Any]:
    """Types of the columns that are handed out as categories."""
    import polars as pl

    return {name: pl.Categorical() for name in read.repeated}


def statement(query: Query[Any] | Read) -> str:
    """The statement that a query, or a unit's reading, comes to."""
    if isinstance(query, Query):
        return query.text
    from warehouse.queries.table import statement_of

    return statement_of(query)


def _has_this_schema(found: Reader) -> bool:
    """Whether a warehouse has this code's tables and views, found out without any model."""
    if ("schema_version",) not in found.answer("SHOW TABLES").rows:
        return False
    applied = found.answer("SELECT printf('%04d_%s', number, name) FROM schema_version").rows
    if {name for (name,) in applied} != {path.stem for path in MIGRATIONS.glob("*.sql")}:
        return False
    return found.answer("SELECT files_digest FROM schema_views").rows == [(files_digest(),)]
