"""Opening the warehouse's file, with the ways in which that fails told as mistakes."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from schemas.counts import counted
from schemas.errors import Mistake

#: Size of a new file's blocks. Until a checkpoint, each column that is written has one to itself;
#: with DuckDB's own size of 256 kB that takes 70 MB.
BLOCK_BYTES = 65_536

#: What DuckDB says of a file that is locked, and of who has locked it.
_LOCKED = "Could not set lock on file"
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


@dataclass(frozen=True)
class Limits:
    """What DuckDB may use.

    Attributes:
        memory_mb: Memory in MB; what does not fit goes to ``<warehouse>.tmp``.
        threads: Threads.
    """

    memory_mb: int = 400
    threads: int = 2


#: Memory in MB that DuckDB keeps between two commits, where nothing is read meanwhile.
KEPT_MB = 64

#: What DuckDB raises where a file cannot be read or written, whatever a statement says. Tables have
#: no constraints that a commit could break, so a commit that fails could not be written.
STORAGE_ERRORS = (
    duckdb.IOException,
    duckdb.SerializationException,
    duckdb.TransactionException,
    duckdb.FatalException,
)
#: How the system says that there is no room: on a disk, for a user, in a file.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: Where DuckDB's files say what they are.
_MAGIC_AT, _MAGIC = 8, b"DUCK"


class Locked(Mistake):
    """The warehouse's file is open for writing in another process."""


class Missing(Mistake):
    """There is no warehouse yet; the first run makes it."""


class Unwritable(Mistake):
    """The warehouse's file or its folder may not be written by this user."""


def connection(
    path: Path, *, read_only: bool = False, limits: Limits | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection to the file, which is created where it is missing and may be written.

    Raises:
        Locked: Another process has it open.
        Mistake: It is no DuckDB file, a folder, not there, or may not be read or written.
    """
    _refuse_unusable(path, read_only=read_only)
    limits, new = limits or Limits(), not path.exists()
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{limits.memory_mb}MB",
        "threads": limits.threads,
        "default_block_size": str(BLOCK_BYTES),
        # Merging small row groups at a checkpoint takes up to 130 MB for a moment.
        "max_vacuum_tasks": 0,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_unsigned_extensions": not read_only,  # until those that serve it are loaded
    }
    try:
        opened = duckdb.connect(str(path), read_only=read_only, config=config)
    except STORAGE_ERRORS as error:
        mistake = _not_opened(path, str(error), read_only=read_only)
        if new and not isinstance(mistake, Locked):  # a file that was begun is no warehouse
            path.unlink(missing_ok=True)
        raise mistake from error
    return quiet(opened)


def quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same connection, which draws no progress bar into what a program prints.

    DuckDB keeps this setting for each cursor and does not hand it down.
    """
    connection.execute("SET enable_progress_bar = false")
    return connection


def give_back_memory(connection: duckdb.DuckDBPyConnection, limits: Limits) -> None:
    """Has DuckDB give back memory beyond :data:`KEPT_MB`.

    It keeps all that it has written or read, up to its limit, to have it at hand. A query that runs
    meanwhile may fail for want of memory.
    """
    try:
        connection.execute(f"SET memory_limit = '{KEPT_MB}MB'")
    except duckdb.OutOfMemoryException:  # more is in use: DuckDB has left its limit as it was
        return
    connection.execute(f"SET memory_limit = '{limits.memory_mb}MB'")


@contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Makes one transaction of what is done in the context; undone if anything is raised."""
    cursor.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


def refuse_unusable(path: Path) -> None:
    """Refuses a warehouse that could not be opened for writing; makes and changes nothing.

    Raises:
        Locked: Another process has it open.
        Mistake: It is no DuckDB file, a folder, or may not be written.
    """
    _refuse_unusable(path, read_only=False)
    if path.exists():
        connection(path, read_only=True).close()


def _refuse_unusable(path: Path, *, read_only: bool) -> None:
    place = str(path)
    if place != place.encode(errors="ignore").decode():
        raise Mistake(
            what="the warehouse has a path that is not UTF-8",
            place=place,
            fix="name another file with --warehouse",
        )
    if path.is_dir():
        raise Mistake(
            what="the warehouse is a folder",
            place=place,
            expected="a file",
            fix="name a file in it",
        )
    if path.exists() and not path.is_file():  # opening a pipe would wait for ever
        raise Mistake(
            what="the warehouse is no regular file",
            place=place,
            found="a device, a pipe or a socket",
            fix="name another file with --warehouse",
        )
    if not path.exists():
        if read_only:
            raise Missing(
                what="there is no warehouse here",
                place=place,
                expected="a file written by agora run or agora import",
                fix="run a study first, or name the warehouse with --warehouse",
            )
        if not path.parent.is_dir():
            raise Mistake(
                what="the warehouse's folder does not exist",
                place=place,
                fix=f"create {path.parent}, or name the warehouse with --warehouse",
            )
    if read_only:
        if not os.access(path, os.R_OK):
            raise Mistake(what="the warehouse cannot be read", place=place, fix="check its owner")
        return
    blocked = [p for p in (path, path.parent) if p.exists() and not os.access(p, os.W_OK)]
    if blocked:
        raise Unwritable(
            what="the warehouse cannot be written",
            place=place,
            found=f"{blocked[0]} is read-only for this user",
            expected="a file in a folder that may be written",
            fix="change its permissions, or name another warehouse with --warehouse",
        )


def storage_mistake(path: Path, error: duckdb.Error) -> Mistake:
    """The mistake of a warehouse whose file could not be read or written while it was open."""
    if (full := _no_room(path, str(error))) is not None:
        return full
    found = str(error).splitlines()[0]
    if isinstance(error, duckdb.TransactionException):
        return Mistake(
            what="the warehouse could not be written; it is as it was before this commit",
            place=str(path),
            found=found,
            fix="make room on its disk and run again; what was answered is kept in the journal",
        )
    return Mistake(
        what="the warehouse's file cannot be read or written",
        place=str(path),
        found=found,
        fix="see that its disk works and that the file may be written, then run again; restore it "
        "from a copy if it is damaged",
    )


def _no_room(path: Path, message: str) -> Mistake | None:
    """The mistake of a warehouse whose disk is full, if that is what DuckDB says."""
    found = next((said for said in map(os.strerror, _NO_ROOM) if said in message), None)
    if found is None:
        return None
    return Mistake(
        what="the warehouse has no room for what is to be written",
        place=str(path),
        found=found,
        fix="make room on its disk and run again; what was committed stays, and what was answered "
        "since is kept in the journal",
    )


def too_large(path: Path, n_units: int, error: duckdb.Error) -> Mistake:
    """The mistake of rows that do not fit DuckDB's memory in one transaction."""
    return Mistake(
        what=f"the rows of {counted(n_units, 'unit')} do not fit the memory that "
        "DuckDB may use for a commit; nothing of them was stored",
        place=str(path),
        found=str(error).splitlines()[0],
        fix="import less at once, or make units smaller: fewer rounds, or shorter answers "
        "(max_tokens); what was answered is kept in the journal",
    )


def _not_opened(path: Path, message: str, *, read_only: bool) -> Mistake:
    """Why a file could not be opened: by what DuckDB says of locks, and the system of the rest."""
    place = str(path)
    if (full := _no_room(path, message)) is not None:
        return full
    try:
        with path.open("rb" if read_only else "rb+") as file:
            # Whoever had it when DuckDB tried may have given it up since.
            locked = _LOCKED in message or _held_by_another(file, alone=not read_only)
            file.seek(_MAGIC_AT)
            valid = file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        found = error.strerror or str(error)
        return Mistake(what="the warehouse cannot be opened", place=place, found=found)
    if locked:
        holder = _HOLDER.search(message)
        found = f"process {holder['pid']} ({holder['program']})" if holder else "another process"
        return Locked(
            what="the warehouse is in use",
            place=place,
            found=f"{found} has it open for writing",
            expected="one writing process at a time",
            fix="wait until it ends or stop it; agora sql can read meanwhile if it serves the file",
        )
    if not valid:
        return Mistake(
            what="this is not a DuckDB file",
            place=place,
            expected="a warehouse written by agora",
            fix="name another file; this one was left as it is",
        )
    return Mistake(
        what="the warehouse cannot be opened",
        place=place,
        found=message.splitlines()[0],
        expected=f"a file that DuckDB {duckdb.__version__} can read",
        fix="restore it from a copy, or name another warehouse with --warehouse",
    )


def _held_by_another(file: IO[bytes], *, alone: bool) -> bool:
    """Whether another process holds a lock that keeps this one from the file.

    DuckDB locks a file as a whole with the system's advisory locks. This process has not opened it,
    so closing it here gives up no lock.
    """
    try:
        fcntl.lockf(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    return False
