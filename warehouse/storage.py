"""Where a warehouse keeps its rows: in a DuckDB file, or in a lake.

What the two do differently is here and in :mod:`warehouse.lake`; nothing else asks which it is.
"""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from warehouse.compacted import Compacted
from warehouse.connection import (
    STORAGE_ERRORS,
    Limits,
    connection,
    quiet,
    refuse_unusable,
    storage_mistake,
)
from warehouse.statements import confine

Connection = duckdb.DuckDBPyConnection

#: How the names of files end that name a lake.
LAKE_SUFFIXES = frozenset({".yaml", ".yml"})


class Storage(ABC):
    """Where one warehouse keeps its rows.

    Args:
        path: The file that the warehouse is named by.

    Attributes:
        owned: Whether one process at a time has it, and others ask that process.
        extensions: Extensions of DuckDB that it needs.
    """

    owned: bool
    extensions: tuple[str, ...]

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def connection(self, *, read_only: bool = False, limits: Limits | None = None) -> Connection:
        """A connection to the warehouse, which is made where it is missing and may be written.

        Raises:
            Missing: It is to be read, and there is none.
            Mistake: It cannot be used.
        """

    @abstractmethod
    def refuse_unusable(self) -> None:
        """Refuses what could not be opened for writing; makes and changes nothing.

        Raises:
            Mistake: It cannot be used.
        """

    def cursor(self, opened: Connection) -> Connection:
        """A cursor of a connection, with the settings that DuckDB does not hand down."""
        return quiet(opened.cursor())

    def turn(self, opened: Connection) -> AbstractContextManager[None]:
        """While it lasts, no other process writes."""
        return nullcontext()

    def confine(self, opened: Connection) -> None:
        """Bars a connection from whatever is not the warehouse, and from changing settings."""
        confine(opened)

    @abstractmethod
    def settle(self, cursor: Connection) -> None:
        """Brings what was committed to where it stays."""

    @abstractmethod
    def compact(self) -> Compacted:
        """What it has brought to write the warehouse anew, without the room that it wastes.

        Raises:
            Mistake: It could not be read, or not be written.
        """

    @abstractmethod
    def copy(self, target: Path) -> None:
        """Copies what is committed to a file that is not there; the caller holds the turn to write.

        Raises:
            Mistake: It could not be copied.
        """

    @abstractmethod
    def mistake(self, error: duckdb.Error) -> Mistake:
        """The mistake of a warehouse that could not be read or written while it was open."""

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Tells faults of the storage as mistakes.

        Raises:
            Mistake: The warehouse could not be read or written.
        """
        try:
            yield
        except STORAGE_ERRORS as error:
            raise self.mistake(error) from error


class FileStorage(Storage):
    """A DuckDB file."""

    owned = True
    extensions = ("httpfs", "quack")

    def connection(self, *, read_only: bool = False, limits: Limits | None = None) -> Connection:
        """See :func:`warehouse.connection.connection`."""
        return connection(self.path, read_only=read_only, limits=limits)

    def refuse_unusable(self) -> None:
        """See :func:`warehouse.connection.refuse_unusable`."""
        refuse_unusable(self.path)

    def settle(self, cursor: Connection) -> None:
        """Brings the write-ahead log into the file."""
        cursor.execute("CHECKPOINT")

    def compact(self) -> Compacted:
        """See :func:`warehouse.compacting.compact_file`."""
        from warehouse.compacting import compact_file

        return compact_file(self.path)

    def copy(self, target: Path) -> None:
        """See :meth:`Storage.copy`; what is not in the file yet goes to ``<target>.wal``.

        Another process copies. If this one opened and closed the file, it would give up its lock.
        """
        for suffix in ("", ".wal"):
            source = self.path.with_name(self.path.name + suffix)
            if not suffix or source.exists():
                there = target.with_name(target.name + suffix)
                command = ["cp", "-p", "--", str(source), str(there)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise Mistake(
                        what="the warehouse could not be copied",
                        place=str(target),
                        found=done.stderr.strip(),
                        fix="make room on that disk, or name a file in another folder",
                    )

    def mistake(self, error: duckdb.Error) -> Mistake:
        """See :func:`warehouse.connection.storage_mistake`."""
        return storage_mistake(self.path, error)


def storage_of(path: Path) -> Storage:
    """The storage of the warehouse that a path names: a lake's file is YAML.

    Example:
        >>> storage_of(Path("agora.duckdb")).owned, storage_of(Path("lab.lake.yaml")).owned
        (True, False)
    """
    if path.suffix.lower() not in LAKE_SUFFIXES:
        return FileStorage(path)
    from warehouse.lake import LakeStorage

    return LakeStorage(path)
