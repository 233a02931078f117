"""A warehouse that another process owns: reading and writing by asking that process."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import Mistake
from schemas.unit import Read, Result
from warehouse.archives.contents import Stored
from warehouse.client import Client, met
from warehouse.committing.batch import BatchRefused, CommitReport
from warehouse.messages import plain_failures, plain_results, replied, report_of, request
from warehouse.queries.query import Query
from warehouse.reader import categories, statement
from warehouse.statements import Answer, Batches
from warehouse.wire import OwnerGone, received, send
from warehouse.write_server import schema_of_code
from warehouse.writer import Writer


class RemoteWarehouse(Writer):
    """A warehouse that another process of this user has open and serves.

    Every method raises :class:`warehouse.wire.OwnerGone` where the owner ends before it has
    answered. What was asked for may have been done then or not; it may be asked for again.

    Args:
        path: The warehouse.

    Raises:
        OwnerGone: No owner answers.
        Mistake: The owner runs another version of Agora.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._client = Client(path)
        self._idle: list[socket.socket] = []
        self._changing = threading.Lock()
        try:
            self._ask("meet", {"schema": schema_of_code()})
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connections."""
        with self._changing:
            while self._idle:
                self._idle.pop().close()

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`warehouse.reader.Reader.answer`."""
        return self._client.answer(statement, limit)

    def frame(self, query: Query[Any] | Read) -> pl.DataFrame:
        """See :meth:`warehouse.reader.Reader.frame`; values stay in Arrow on their way."""
        with self.batches(statement(query)) as (schema, parts):
            kinds = categories(query) if isinstance(query, Read) else {}
            frames = [pl.DataFrame(schema.empty_table()), *map(pl.DataFrame, parts)]
            return pl.concat(frame.cast(kinds) for frame in frames)

    def batches(self, statement: str) -> AbstractContextManager[Batches]:
        """See :meth:`warehouse.reader.Reader.batches`; all rows are here before the first part."""
        return self._client.batches(statement)

    def record_study(self, study: Mapping[str, Any]) -> None:
        """See :meth:`warehouse.writer.Writer.record_study`."""
        self._ask("record_study", {"study": study})

    def record_run(self, run_id: str, study_version: str, began_at: dt.datetime) -> None:
        """See :meth:`warehouse.writer.Writer.record_run`."""
        values = {"run_id": run_id, "study_version": study_version, "began_at": began_at}
        self._ask("record_run", values)

    def record_uncommitted(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """See :meth:`warehouse.writer.Writer.record_uncommitted`."""
        if calls:
            self._ask("record_uncommitted", {"calls": calls})

    def record_units(
        self, study_version: str, step: str, units: Sequence[Mapping[str, Any]]
    ) -> None:
        """See :meth:`warehouse.writer.Writer.record_units`."""
        values = {"study_version": study_version, "step": step, "units": units}
        self._ask("record_units", values)

    def replace(
        self, table: str, values: Mapping[str, str | Sequence[str]], rows: pl.DataFrame
    ) -> None:
        """See :meth:`warehouse.writer.Writer.replace`."""
        self._ask("replace", {"table": table, "values": values}, [rows])

    def copy_to(self, target: Path) -> None:
        """See :meth:`warehouse.writer.Writer.copy_to`."""
        self._ask("copy_to", {"target": str(target.absolute())})

    def import_archive(self, folder: Path) -> Stored:
        """See :meth:`warehouse.writer.Writer.import_archive`; the owner reads the folder."""
        return Stored(**self._ask("import_archive", {"folder": str(folder.absolute())}))

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
        plain, frames = plain_results(results)
        values = {
            "results": plain,
            "run_id": run_id,
            "code_version": code_version,
            "whole": whole,
            "at": at or dt.datetime.now(dt.UTC),
        }
        return report_of(self._ask("commit", values, frames))

    def _ask(
        self, operation: str, values: Mapping[str, Any], frames: Sequence[pl.DataFrame] = ()
    ) -> dict[str, Any]:
        """What the owner has done.

        Raises:
            OwnerGone: It ended before it had answered.
            Mistake: It refuses; so does :class:`BatchRefused`.
            RuntimeError: A bug showed there.
        """
        parts = request(operation, values, frames)
        connection = self._connection()
        try:
            send(connection, parts)
            found = replied(received(connection))
        except OSError as error:
            connection.close()
            raise OwnerGone(str(error)) from error
        except BaseException:  # interrupted: the answer may still come, and is nobody's
            connection.close()
            raise
        with self._changing:
            self._idle.append(connection)
        if "mistake" in found:
            raise Mistake(**found["mistake"])
        if "refused" in found:
            raise BatchRefused(plain_failures(found["refused"]))
        if "bug" in found:
            raise RuntimeError(f"the owner of {self.path} failed:\n{found['bug']}")
        done: dict[str, Any] = found["done"]
        return done

    def _connection(self) -> socket.socket:
        """A connection that no other thread uses."""
        with self._changing:
            if self._idle:
                return self._idle.pop()
        return met(self._client.address)
