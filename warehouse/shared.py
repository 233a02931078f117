"""A warehouse that several processes write: one of them owns its file, the others go through it.

Whoever finds the file free becomes its owner. When the owner ends, in good order or not, the system
frees the file: the next operation of any other process finds nobody who answers, opens the file and
owns it from then on, or finds that a third one was faster and goes through that one.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from warehouse.connection import Locked
from warehouse.reader import BETWEEN_TRIES_S, OPENING_S
from warehouse.wire import OwnerGone
from warehouse.writer import Writer

if TYPE_CHECKING:
    import polars as pl

    from schemas.unit import Read, Result
    from warehouse.archives.contents import Stored
    from warehouse.committing.batch import CommitReport
    from warehouse.queries.query import Query
    from warehouse.statements import Answer, Batches

_LOG = logging.getLogger(__name__)

#: How long a file may be locked by somebody who does not serve it, in the middle of a run.
TAKING_OVER_S = 120.0

T = TypeVar("T")


class SharedWarehouse(Writer):
    """A warehouse for reading and writing, whichever process owns its file, until it is closed.

    Args:
        path: The warehouse; its file is made where it is missing.

    Raises:
        Locked: Somebody has the file open who does not serve it.
        Mistake: The file is no warehouse, of another version, or may not be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changing = threading.Lock()
        self._holding = ExitStack()
        self._held: Writer | None = None
        self._patience_s = OPENING_S
        self._done(lambda held: None)
        self._patience_s = TAKING_OVER_S

    def close(self) -> None:
        """Gives up the file, or the connection to its owner."""
        with self._changing:
            self._held = None
            self._holding.close()

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`warehouse.reader.Reader.answer`."""
        return self._done(lambda held: held.answer(statement, limit))

    def frame(self, query: Query[Any] | Read) -> pl.DataFrame:
        """See :meth:`warehouse.reader.Reader.frame`."""
        return self._done(lambda held: held.frame(query))

    @contextmanager
    def batches(self, statement: str) -> Iterator[Batches]:
        """See :meth:`warehouse.reader.Reader.batches`."""
        with ExitStack() as stack:
            yield self._done(lambda held: stack.enter_context(held.batches(statement)))

    def record_study(self, study: Mapping[str, Any]) -> None:
        """See :meth:`warehouse.writer.Writer.record_study`."""
        self._done(lambda held: held.record_study(study))

    def record_run(self, run_id: str, study_version: str, began_at: dt.datetime) -> None:
        """See :meth:`warehouse.writer.Writer.record_run`."""
        self._done(lambda held: held.record_run(run_id, study_version, began_at))

    def record_uncommitted(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """See :meth:`warehouse.writer.Writer.record_uncommitted`."""
        self._done(lambda held: held.record_uncommitted(calls))

    def record_units(
        self, study_version: str, step: str, units: Sequence[Mapping[str, Any]]
    ) -> None:
        """See :meth:`warehouse.writer.Writer.record_units`."""
        self._done(lambda held: held.record_units(study_version, step, units))

    def replace(
        self, table: str, values: Mapping[str, str | Sequence[str]], rows: pl.DataFrame
    ) -> None:
        """See :meth:`warehouse.writer.Writer.replace`."""
        self._done(lambda held: held.replace(table, values, rows))

    def copy_to(self, target: Path) -> None:
        """See :meth:`warehouse.writer.Writer.copy_to`."""
        self._done(lambda held: held.copy_to(target))

    def import_archive(self, folder: Path) -> Stored:
        """See :meth:`warehouse.writer.Writer.import_archive`."""
        return self._done(lambda held: held.import_archive(folder))

    def commit(
        self,
        results: Sequence[Result],
        *,
        run_id: str,
        code_version: str,
        whole: bool = False,
        at: dt.datetime | None = None,
    ) -> CommitReport:
        """See :meth:`warehouse.writer.Writer.commit`."""
        first = at or dt.datetime.now(dt.UTC)  # the same however often it is asked for
        return self._done(
            lambda held: held.commit(
                results, run_id=run_id, code_version=code_version, whole=whole, at=first
            )
        )

    def _done(self, operation: Callable[[Writer], T]) -> T:
        """What an operation gives, done by whoever owns the file, and again by the next one."""
        while True:
            held = self._current()
            try:
                return operation(held)
            except OwnerGone as gone:
                _LOG.info("the process that had %s open has ended: %s", self.path, gone)
                self._let_go(held)

    def _current(self) -> Writer:
        with self._changing:
            if self._held is None:
                self._held = self._found()
            return self._held

    def _let_go(self, held: Writer) -> None:
        """Gives up an owner that has ended, unless another thread has done so."""
        with self._changing:
            if self._held is held:
                self._held = None
                self._holding.close()

    def _found(self) -> Writer:
        """The file itself where it is free, or its owner."""
        from warehouse.owner import owning
        from warehouse.remote import RemoteWarehouse

        until = time.monotonic() + self._patience_s
        while True:
            try:
                return self._holding.enter_context(owning(self.path))
            except Locked as locked:
                try:
                    return self._holding.enter_context(RemoteWarehouse(self.path))
                except OwnerGone:
                    if time.monotonic() > until:
                        raise locked from None
            time.sleep(BETWEEN_TRIES_S)
