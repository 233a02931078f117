"""The one way to read a warehouse: a reader that has the file open, or asks the process that has.

This module starts fast: it needs DuckDB and nothing else that is large.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import duckdb

from schemas.errors import Mistake
from schemas.unit import Read
from warehouse.claims import read_here
from warehouse.client import Client
from warehouse.closing import Closing
from warehouse.connection import Limits, Locked, Missing, Unwritable, quiet
from warehouse.queries.query import Query
from warehouse.statements import Answer, Batches, answer, streamed
from warehouse.storage import FileStorage, Storage, storage_of
from warehouse.view_files import files_digest
from warehouse.wire import OwnerGone

if TYPE_CHECKING:
    import polars as pl

    from warehouse.queries.query import RowT

#: Queries may use more than a writing process does.
READING = Limits(memory_mb=2048, threads=4)
#: How long a file may be locked by somebody who does not serve it: by an owner that begins or ends,
#: or by a program that reads the file itself.
OPENING_S = 15.0
BETWEEN_TRIES_S = 0.05
MIGRATIONS = Path(__file__).parent / "migrations"

T = TypeVar("T")


class Reader(ABC):
    """Whatever answers queries to a warehouse."""

    @abstractmethod
    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """The answer to one statement that reads, at most so many rows.

        Raises:
            Mistake: The statement is wrong, or the warehouse cannot answer it.
        """

    @abstractmethod
    def batches(self, statement: str) -> AbstractContextManager[Batches]:
        """The rows of a statement that reads, :data:`BATCH_ROWS` at a time, within a context.

        Raises:
            Mistake: The warehouse cannot answer it.
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
        self._streaming = storage.cursor(opened)  # made here, since settings are locked then
        storage.confine(opened)

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`Reader.answer`."""
        return answer(self._connection, statement, limit, storage=self._storage)

    @contextmanager
    def batches(self, statement: str) -> Iterator[Batches]:
        """See :meth:`Reader.batches`; one statement at a time, its rows read as they are taken."""
        yield streamed(self._streaming, statement)


class FoundReader(Reader, Closing):
    """A reader of a warehouse, whichever process has its file open, until it is closed.

    Where that process ends, the file itself is opened, or the next owner is asked.

    Args:
        path: The warehouse.

    Raises:
        Locked: Somebody has the file open who does not serve it.
        Mistake: The warehouse cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holding = ExitStack()
        self._held = self._found()

    @property
    def served(self) -> bool:
        """Whether another process has the file open."""
        return isinstance(self._held, Client)

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`Reader.answer`."""
        return self._done(lambda held: held.answer(statement, limit))

    @contextmanager
    def batches(self, statement: str) -> Iterator[Batches]:
        """See :meth:`Reader.batches`."""
        with ExitStack() as stack:
            yield self._done(lambda held: stack.enter_context(held.batches(statement)))

    def _done(self, operation: Callable[[ConnectionReader | Client], T]) -> T:
        """What an operation gives, asked of whoever has the file open."""
        while True:
            try:
                return operation(self._held)
            except OwnerGone:
                self._holding.close()
                self._held = self._found()

    def close(self) -> None:
        """Frees the file, or ends the connection to its owner."""
        self._holding.close()

    def _found(self) -> ConnectionReader | Client:
        """The owner of the file, which is found faster than a file is opened, or the file."""
        storage = storage_of(self._path)
        until = time.monotonic() + OPENING_S
        while True:
            try:
                return Client(self._path)
            except OwnerGone:
                pass  # nobody has the file, or not for others
            try:
                with ExitStack() as opening:
                    opening.enter_context(read_here(self._path))
                    opened = storage.connection(read_only=True, limits=READING)
                    found = ConnectionReader(opening.enter_context(closing(opened)), storage)
                    self._holding = opening.pop_all()
                    return found
            except Locked:
                if time.monotonic() > until:
                    raise
            time.sleep(BETWEEN_TRIES_S)


@contextmanager
def reader(path: Path) -> Iterator[Reader]:
    """A reader of a warehouse that has this code's schema; an older one is upgraded first.

    Raises:
        Mistake: The warehouse cannot be read, is newer than this code, or may not be upgraded.
    """
    with FoundReader(path) as found:
        if found.served or _has_this_schema(found):
            yield found
            return
    from warehouse.store import Warehouse

    try:
        with suppress(Locked):  # somebody else upgrades it
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
    with FoundReader(path) as found:
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
    try:
        applied = found.answer("SELECT printf('%04d_%s', number, name) FROM schema_version").rows
    except Mistake as mistake:
        if isinstance(mistake.__cause__, duckdb.CatalogException):  # there is no such table
            return False
        raise
    if {name for (name,) in applied} != {path.stem for path in MIGRATIONS.glob("*.sql")}:
        return False
    return found.answer("SELECT files_digest FROM schema_views").rows == [(files_digest(),)]
