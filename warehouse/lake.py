"""A warehouse that is a DuckLake: Parquet files in a folder, and PostgreSQL, which lists them.

Several processes may read and write it at once. Readers see what was committed when their query
began. Writers take turns by a lock of PostgreSQL: whether a row may be stored depends on rows that
are there, and DuckLake lets two transactions add rows to one table without either seeing the other.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from schemas.lake import LakeFile
from warehouse.compacted import Compacted
from warehouse.connection import STORAGE_ERRORS, Limits, Missing, quiet
from warehouse.extensions import load_installed
from warehouse.lake_faults import broken, no_extensions, other_folder, unreachable, unusable_folder
from warehouse.lake_file import lake_file
from warehouse.sql import literal
from warehouse.storage import Connection, Storage

#: Rows that a commit adds to a table, up to which they go to the catalogue and not to a file.
INLINED_ROWS = 100
#: Time that a process waits for its turn to write. A commit takes about a second.
TURN_S = 300
#: Time that PostgreSQL may take to answer a connection.
ANSWER_S = 10

#: Names that a connection has for the lake, and for the database in which turns are taken.
LAKE, DATABASE = "lake", "catalogue"


class LakeStorage(Storage):
    """A lake."""

    owned = False
    extensions = ("ducklake", "postgres_scanner")

    def connection(self, *, read_only: bool = False, limits: Limits | None = None) -> Connection:
        """See :meth:`warehouse.storage.Storage.connection`."""
        opened = self._connected(limits or Limits())
        try:
            self._reach(opened)
            self._attach(opened, read_only=read_only)
            if read_only:
                opened.execute(f"DETACH {DATABASE}")
        except BaseException:
            opened.close()
            raise
        return _settled(opened)

    def refuse_unusable(self) -> None:
        """See :meth:`warehouse.storage.Storage.refuse_unusable`."""
        with closing(self._connected(Limits())) as opened:
            self._reach(opened)
            self._refuse_folder(self._folder_on_record(opened), read_only=False)

    def cursor(self, opened: Connection) -> Connection:
        """See :meth:`warehouse.storage.Storage.cursor`."""
        return _settled(opened.cursor())

    def settle(self, cursor: Connection) -> None:
        """Does nothing: what is committed to a lake stays where it is."""

    def compact(self) -> Compacted:
        """See :func:`warehouse.lake_upkeep.compact`."""
        from warehouse.lake_upkeep import compact

        return compact(self)

    @contextmanager
    def turn(self, opened: Connection) -> Iterator[None]:
        """While it lasts, no other process writes; it ends with this process, however that ends.

        Raises:
            Mistake: PostgreSQL does not answer, or another process has kept its turn too long.
        """
        numbers = f"hashtext('agora'), hashtext({literal(self.lake.name)})"
        with closing(opened.cursor()) as cursor:
            with self.faults():
                cursor.execute("BEGIN TRANSACTION")
                _asked(cursor, f"SELECT pg_advisory_xact_lock({numbers})::text")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")

    def confine(self, opened: Connection) -> None:
        """See :meth:`warehouse.storage.Storage.confine`; files of the lake's folder can be read."""
        opened.execute(f"SET allowed_directories = [{literal(f'{self.folder}{os.sep}')}]")
        super().confine(opened)

    def copy(self, target: Path) -> None:
        """See :func:`warehouse.lake_copy.copy`."""
        from warehouse.lake_copy import copy

        copy(self, target)

    def mistake(self, error: duckdb.Error) -> Mistake:
        """See :meth:`warehouse.storage.Storage.mistake`."""
        return broken(self.path, error)

    @cached_property
    def lake(self) -> LakeFile:
        """What the lake's file says."""
        return lake_file(self.path)

    @cached_property
    def folder(self) -> Path:
        """The folder of the Parquet files."""
        return (self.path.parent / Path(self.lake.data).expanduser()).resolve()

    def _connected(self, limits: Limits) -> Connection:
        """A connection that has nothing yet."""
        return duckdb.connect(
            config={
                "memory_limit": f"{limits.memory_mb}MB",
                "threads": limits.threads,
                "temp_directory": f"{self.path}.tmp",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_unsigned_extensions": True,
                # A secret of the user's would take the place of what the file says.
                "secret_directory": f"{self.path}.tmp/secrets",
            }
        )

    def _reach(self, opened: Connection) -> None:
        """Attach the catalogue's database, for reading."""
        try:
            load_installed(opened, *self.extensions)
        except (ModuleNotFoundError, FileNotFoundError) as error:
            raise no_extensions(self.path, error) from error
        place = f"{_place(self.lake)} options='-c lock_timeout={TURN_S * 1000}'"
        try:
            opened.execute(f"ATTACH {literal(place)} AS {DATABASE} (TYPE postgres, READ_ONLY)")
        except STORAGE_ERRORS as error:
            raise unreachable(self.path, self.lake, error) from error

    def _attach(self, opened: Connection, *, read_only: bool) -> None:
        """Attach the lake; one that is missing is made, by one process."""
        lake, on_record = self.lake, self._folder_on_record(opened)
        if on_record is None and read_only:
            raise Missing(
                what="there is no warehouse here",
                place=str(self.path),
                found=f"database {lake.dbname} has no lake {lake.name}",
                expected="a lake written by agora run or agora import",
                fix="run a study first, or name the warehouse with --warehouse",
            )
        self._refuse_folder(on_record, read_only=read_only)
        # No query can guess under which name the connection has the catalogue's own tables, and
        # of the database it has the lake's schema only.
        options = {
            "DATA_PATH": literal(f"{self.folder}{os.sep}"),
            "METADATA_SCHEMA": literal(lake.name),
            "METADATA_CATALOG": literal(f"catalogue_{secrets.token_hex(16)}"),
            "METADATA_PARAMETERS": f"MAP {{'SCHEMA': {literal(lake.name)}}}",
            "DATA_INLINING_ROW_LIMIT": str(INLINED_ROWS),
        }
        listed = ", ".join(f"{name} {value}" for name, value in options.items())
        listed += ", READ_ONLY" if read_only else ""
        with nullcontext() if on_record else self.turn(opened):
            self.folder.mkdir(exist_ok=True)
            try:
                opened.execute(
                    f"ATTACH {literal(f'ducklake:postgres:{_place(lake)}')} AS {LAKE} ({listed})"
                )
            except STORAGE_ERRORS as error:
                raise unreachable(self.path, self.lake, error) from error

    def _folder_on_record(self, opened: Connection) -> str | None:
        """The folder that the lake was made with; ``None`` where there is no lake yet."""
        table = f"{self.lake.name}.ducklake_metadata"
        with self.faults():
            if _asked(opened, f"SELECT to_regclass({literal(table)})::text") == [(None,)]:
                return None
            found = _asked(opened, f"SELECT value FROM {table} WHERE key = 'data_path'")
        return str(found[0][0])

    def _refuse_folder(self, on_record: str | None, *, read_only: bool) -> None:
        folder = self.folder
        if on_record is not None and Path(on_record) != folder:
            raise other_folder(self.path, on_record, folder)
        problem = unusable_folder(self.path, folder, new=on_record is None, read_only=read_only)
        if problem is not None:
            raise problem


def _settled(opened: Connection) -> Connection:
    """The same connection, for which names without a database are those of the lake."""
    quiet(opened).execute(f"USE {LAKE}")
    return opened


def _asked(cursor: Connection, statement: str) -> list[tuple[object, ...]]:
    """PostgreSQL's answer to a statement of its own."""
    asked = f"FROM postgres_query({literal(DATABASE)}, {literal(statement)})"
    return cursor.execute(asked).fetchall()


def _place(lake: LakeFile) -> str:
    """Where the catalogue is, as PostgreSQL's library has it."""
    given = {
        "dbname": lake.dbname,
        "host": lake.host,
        "port": lake.port,
        "user": lake.user,
        "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", ANSWER_S),
    }
    return " ".join(
        f"{name}={_quoted(value)}" for name, value in given.items() if value is not None
    )


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"
