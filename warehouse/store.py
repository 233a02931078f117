"""The warehouse of a process: what is held, what is read, what is committed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import orjson
import polars as pl

from schemas.market import Catalogue
from schemas.tables import TABLES
from schemas.tables.studies import StudyRow, StudyUnitRow
from schemas.unit import Read, Result
from warehouse import schema
from warehouse.committing.batch import CommitReport
from warehouse.committing.commit import committed, held_status
from warehouse.committing.writing import insert
from warehouse.connection import Limits, connection, quiet, transaction
from warehouse.projections.frames import frame_of, frame_schema
from warehouse.sql import identifier


class Warehouse:
    """One open warehouse file.

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

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
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
        path = Path(path)
        opened = connection(path, read_only=read_only, limits=limits)
        try:
            if read_only:
                schema.check(opened, path)
            else:
                schema.prepare(opened, path)
        except BaseException:
            opened.close()
            raise
        return cls(path, opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; the file is free then."""
        with self._writing, self._making:
            self._connection.close()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor, closed at the end."""
        cursor = self.own_cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def own_cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor that the caller closes; functions that it registers last while it is open."""
        with self._making:
            return quiet(self._connection.cursor())

    def held(self, keys: Iterable[str]) -> dict[str, str]:
        """Status (``done`` or ``failed``) of those of the units that were worked."""
        with self.cursor() as cursor:
            return held_status(cursor, keys)

    def frame(self, read: Read) -> pl.DataFrame:
        """The rows that a unit reads, ordered by the table's key; JSON columns are documents.

        Raises:
            KeyError: There is no such table or column.
        """
        row = TABLES[read.table]
        column = identifier(row.table.name) + "." + identifier(read.column)
        if read.column not in row.model_fields:
            raise KeyError(f"{read.table}.{read.column}")
        order = ", ".join(identifier(name) for name in row.table.key)
        wanted = pl.DataFrame({"key": list(read.keys)}, schema={"key": pl.String})
        with self.cursor() as cursor:
            cursor.register("wanted", wanted)
            sql = (
                f"SELECT * FROM {identifier(row.table.name)} "
                f"WHERE {column} IN (SELECT key FROM wanted) ORDER BY {order}"
            )
            return cursor.sql(sql).pl().cast(frame_schema(row))

    def frame_sql(
        self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """The rows of a query; JSON columns are documents."""
        with self.cursor() as cursor:
            return cursor.sql(sql, params=params).pl()

    def record_study(self, study: Mapping[str, Any]) -> None:
        """Records a version of a study; one that is on record already is left as it is.

        Raises:
            pydantic.ValidationError: The row does not fit its table.
        """
        row = StudyRow.model_validate(study)
        with self._writing, self.cursor() as cursor, transaction(cursor):
            held = "SELECT 1 FROM studies WHERE study_version = $1"
            if cursor.execute(held, [row.study_version]).fetchone() is None:
                insert(cursor, "studies", frame_of(StudyRow, [row]))

    def record_units(
        self, study_version: str, step: str, units: Sequence[Mapping[str, Any]]
    ) -> None:
        """Records the units of one step of a version, in place of those on record for it.

        Units over many runs change with every run that is added; the version consists of the
        latest.

        Raises:
            pydantic.ValidationError: A row does not fit its table.
        """
        members = frame_of(StudyUnitRow, [StudyUnitRow.model_validate(unit) for unit in units])
        with self._writing, self.cursor() as cursor, transaction(cursor):
            cursor.execute(
                "DELETE FROM study_units WHERE study_version = $1 AND step = $2",
                [study_version, step],
            )
            insert(cursor, "study_units", members)

    def commit(self, results: Sequence[Result], *, run_id: str, code_version: str) -> CommitReport:
        """What became of results: validated, and stored in one transaction.

        See :func:`warehouse.committing.commit.committed`.
        """
        with self._writing, self.cursor() as cursor:
            return committed(cursor, results, run_id=run_id, code_version=code_version)

    def catalogue(self, name: str) -> Catalogue:
        """An imported market.

        Raises:
            KeyError: There is none of that name.
        """
        found = self.frame(Read("catalogues", "name", (name,)))
        if found.is_empty():
            raise KeyError(name)
        key = found["catalogue_key"].item()
        sides = [
            [_market_side(row) for row in self.frame(Read(t, "catalogue_key", (key,))).to_dicts()]
            for t in ("customers", "businesses")
        ]
        return Catalogue.model_validate(
            {
                "name": name,
                "source": found["source"].item(),
                "customers": sides[0],
                "businesses": sides[1],
            }
        )


def _market_side(row: dict[str, Any]) -> dict[str, Any]:
    """A row of ``customers`` or ``businesses`` as the catalogue's model has it."""
    identifier = row.pop("customer", None) or row.pop("business", None)
    del row["catalogue_key"], row["unit_key"]
    for name in ("menu_features", "amenity_features"):
        if isinstance(row[name], str):
            row[name] = orjson.loads(row[name])
    return {"id": identifier, **row}
