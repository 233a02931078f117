"""The warehouse of a process: what is read, recorded and committed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
import polars as pl

from schemas.tables.calls import UncommittedCallRow
from schemas.tables.studies import RunRow, StudyRow, StudyUnitRow
from schemas.unit import Read, Result
from warehouse import schema
from warehouse.committing.batch import CommitReport, summed
from warehouse.committing.commit import commit_results
from warehouse.committing.writing import insert, not_on_record
from warehouse.connection import Limits, give_back_memory, too_large, transaction
from warehouse.projections.frames import frame_of, naive_utc
from warehouse.queries.query import Query
from warehouse.reader import categories, statement
from warehouse.sql import identifier, literal
from warehouse.statements import Answer, Batches, answer, streamed
from warehouse.storage import Storage, storage_of
from warehouse.writer import Writer

if TYPE_CHECKING:
    from warehouse.archives.contents import Stored

#: Memory in MB that DuckDB may use for an archive, which is stored in one transaction.
IMPORT_MB = 2048
#: Rows that are held as texts at once before texts that repeat become categories.
TEXT_ROWS = 200_000


class Warehouse(Writer):
    """One open warehouse, for reading and writing.

    Methods may be called from several threads: each works on a cursor of its own, and writes take
    turns. Reading goes on while another thread commits, and sees what was committed before.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> with Warehouse.open(Path(folder.name) / "agora.duckdb") as warehouse:
        ...     warehouse.frame_sql("SELECT count(*) AS n FROM events")["n"].item()
        0
        >>> folder.cleanup()
    """

    def __init__(
        self, storage: Storage, connection: duckdb.DuckDBPyConnection, limits: Limits | None = None
    ) -> None:
        self.path = storage.path
        self.storage = storage
        self._connection = connection
        self._limits = limits or Limits()
        self._n_cursors = 0
        self._making = threading.Lock()
        self._writing = threading.Lock()

    @classmethod
    def open(
        cls, path: Path | str, *, read_only: bool = False, limits: Limits | None = None
    ) -> Self:
        """The warehouse at a path, its schema brought up to date.

        Raises:
            Locked: Another process has it open.
            Mistake: The file is no warehouse, newer than this code, or may not be used.
        """
        storage = storage_of(Path(path))
        opened = storage.connection(read_only=read_only, limits=limits)
        try:
            if read_only:
                schema.check(storage.cursor(opened), storage.path)
            else:
                with storage.turn(opened):
                    schema.prepare(storage.cursor(opened), storage.path)
        except BaseException:
            opened.close()
            raise
        return cls(storage, opened, limits)

    def close(self) -> None:
        """Ends the connection; a file is free then."""
        with self._writing, self._making:
            self._connection.close()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor, closed at the end.

        Raises:
            Mistake: The file could not be read or written.
        """
        with self._making:
            self._n_cursors += 1
        try:
            with self.storage.faults(), closing(self.own_cursor()) as cursor:
                yield cursor
        finally:
            with self._making:
                self._n_cursors -= 1

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of the only writer while it lasts.

        Raises:
            Mistake: The file could not be read or written.
        """
        with self._turn(), self.cursor() as cursor:
            yield cursor

    def copy_to(self, target: Path) -> None:
        """See :meth:`warehouse.writer.Writer.copy_to`."""
        with self._turn():
            self.storage.copy(target)

    def own_cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor that the caller closes; functions that it registers last while it is open."""
        with self._making:
            return self.storage.cursor(self._connection)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """While it lasts, nothing else writes, in this process or in another."""
        with self._writing, self.storage.turn(self._connection):
            yield

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """See :meth:`warehouse.reader.Reader.answer`."""
        with self.cursor() as cursor:
            return answer(cursor, statement, limit, storage=self.storage)

    def frame(self, query: Query[Any] | Read) -> pl.DataFrame:
        """See :meth:`warehouse.reader.Reader.frame`; values stay in Arrow on their way."""
        if not (isinstance(query, Read) and query.repeated):
            return self.frame_sql(statement(query))
        with self.cursor() as cursor:
            batches = cursor.sql(statement(query)).to_arrow_reader(TEXT_ROWS)
            parts = [pl.DataFrame(batches.schema.empty_table()), *map(pl.DataFrame, batches)]
            found = pl.concat(part.cast(categories(query)) for part in parts)
        self._give_back_memory()
        return found

    @contextmanager
    def batches(self, statement: str) -> Iterator[Batches]:
        """See :meth:`warehouse.reader.Reader.batches`; rows are read as they are taken."""
        with self.cursor() as cursor:
            yield streamed(cursor, statement)
        self._give_back_memory()

    def frame_sql(
        self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """The rows of a statement of one's own; JSON columns are documents."""
        with self.cursor() as cursor:
            return cursor.sql(sql, params=params).pl()

    def record_study(self, study: Mapping[str, Any]) -> None:
        """See :meth:`warehouse.writer.Writer.record_study`."""
        row = StudyRow.model_validate({"last_run_at": study["created_at"], **study})
        with self._turn(), self.cursor() as cursor, transaction(cursor):
            # Values stand in statements as literals: to bind parameters, DuckDB imports pandas.
            version = f"study_version = {literal(row.study_version)}"
            if cursor.execute(f"SELECT 1 FROM studies WHERE {version}").fetchone() is None:
                insert(cursor, "studies", frame_of(StudyRow, [row]))
            else:
                time = literal(naive_utc(row.last_run_at))
                cursor.execute(f"UPDATE studies SET last_run_at = {time} WHERE {version}")

    def record_run(self, run_id: str, study_version: str, began_at: dt.datetime) -> None:
        """See :meth:`warehouse.writer.Writer.record_run`."""
        row = frame_of(
            RunRow, [RunRow(run_id=run_id, study_version=study_version, began_at=began_at)]
        )
        is_row = " AND ".join(
            f"{identifier(name)} = {literal(row[name][0])}" for name in row.columns
        )
        with self._turn(), self.cursor() as cursor, transaction(cursor):
            if cursor.execute(f"SELECT 1 FROM runs WHERE {is_row}").fetchone() is None:
                insert(cursor, "runs", row)

    def record_uncommitted(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """See :meth:`warehouse.writer.Writer.record_uncommitted`."""
        if not calls:
            return
        rows = frame_of(
            UncommittedCallRow, [UncommittedCallRow.model_validate(one) for one in calls]
        )
        with self._turn(), self.cursor() as cursor, transaction(cursor):
            insert(cursor, "uncommitted_calls", not_on_record(cursor, rows))

    def record_units(
        self, study_version: str, step: str, units: Sequence[Mapping[str, Any]]
    ) -> None:
        """See :meth:`warehouse.writer.Writer.record_units`."""
        rows = [StudyUnitRow.model_validate(unit) for unit in units]
        columns = ", ".join(map(identifier, StudyUnitRow.model_fields))
        of_step = f"study_version = {literal(study_version)} AND step = {literal(step)}"
        with self.cursor() as cursor:
            known = cursor.execute(f"SELECT {columns} FROM study_units WHERE {of_step}").fetchall()
        if set(known) != {tuple(row.model_dump().values()) for row in rows}:
            members = frame_of(StudyUnitRow, rows)
            self.replace("study_units", {"study_version": study_version, "step": step}, members)

    def replace(
        self, table: str, values: Mapping[str, str | Sequence[str]], rows: pl.DataFrame
    ) -> None:
        """See :meth:`warehouse.writer.Writer.replace`."""
        gone = " AND ".join(_is_one_of(name, values[name]) for name in values)
        with self._turn(), self.cursor() as cursor, transaction(cursor):
            cursor.execute(f"DELETE FROM {identifier(table)} WHERE {gone}")
            insert(cursor, table, rows)

    def import_archive(self, folder: Path) -> Stored:
        """See :meth:`warehouse.writer.Writer.import_archive`."""
        from warehouse.archives.contents import archive_of
        from warehouse.archives.importing import stored

        archive = archive_of(folder)
        with self._turn():
            try:
                with self.cursor() as cursor:
                    cursor.execute(f"SET memory_limit = '{IMPORT_MB}MB'")
                    with transaction(cursor):
                        return stored(cursor, archive)
            finally:
                self._give_back_memory()

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
        at = at or dt.datetime.now(dt.UTC)
        try:
            with self._turn():
                with self.cursor() as cursor:
                    report = commit_results(
                        cursor,
                        results,
                        run_id=run_id,
                        code_version=code_version,
                        whole=whole,
                        at=at,
                    )
                self._give_back_memory()
            return report
        except duckdb.OutOfMemoryException as error:
            if whole or len(results) < 2:
                raise too_large(self.path, len(results), error) from error
        half = len(results) // 2
        parts = [
            self.commit(part, run_id=run_id, code_version=code_version, at=at)
            for part in (results[:half], results[half:])
        ]
        return summed(parts)

    def _give_back_memory(self) -> None:
        """Give back what DuckDB keeps of the file, if nobody reads; readers wait for that."""
        with self._making:
            if not self._n_cursors:
                give_back_memory(self._connection, self._limits)


def _is_one_of(column: str, values: str | Sequence[str]) -> str:
    """The condition that a column has a value, or one of several."""
    if isinstance(values, str):
        return f"{identifier(column)} = {literal(values)}"
    return f"{identifier(column)} IN (SELECT unnest({literal(tuple(values))}))"
