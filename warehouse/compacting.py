"""Writing a warehouse's file anew, without the room that deleted rows and small commits leave."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from warehouse.connection import BLOCK_BYTES, STORAGE_ERRORS, Locked, storage_mistake
from warehouse.sql import literal
from warehouse.store import Warehouse

#: How often a warehouse that is in use is looked at again.
POLL_S = 2.0


@dataclass(frozen=True)
class Compacted:
    """What writing a file anew has brought.

    Attributes:
        before_bytes: Its size before.
        after_bytes: Its size now.
    """

    before_bytes: int
    after_bytes: int


def settle(path: Path, wait_s: float = 0) -> None:
    """Brings a warehouse's schema up to date, and its write-ahead log into its file.

    Args:
        path: The warehouse.
        wait_s: How long to wait for a process that has it open.

    Raises:
        Locked: Another process still has it open.
        Mistake: It is no warehouse, or may not be written.
    """
    if not path.exists():
        raise Mistake(
            what="there is no warehouse here",
            place=str(path),
            expected="a file written by agora run or agora import",
            fix="run a study first, or name another file",
        )
    until = time.monotonic() + wait_s
    while True:
        try:
            with Warehouse.open(path) as warehouse, warehouse.cursor() as cursor:
                cursor.execute("CHECKPOINT")
            return
        except Locked:
            if time.monotonic() >= until:
                raise
            time.sleep(min(POLL_S, wait_s))


def compact(path: Path) -> Compacted:
    """Writes a settled warehouse anew and puts the new file in place of the old if it is smaller.

    Readers may have the old file open meanwhile; writers are kept out until the new one is there.
    However this is interrupted, one of the two is there, and whole.

    Raises:
        Mistake: The file could not be read, or the new one not be written.
    """
    path = path.resolve()
    new = path.with_name(f".{path.name}.new")
    _remove(new)
    before = path.stat().st_size
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with contextlib.closing(duckdb.connect(":memory:", config=config)) as both:
        try:
            # Opened for reading, the old file keeps no log that closing it could write or remove.
            both.execute(f"ATTACH {literal(str(path))} AS old (READ_ONLY)")
            both.execute(f"ATTACH {literal(str(new))} AS new (BLOCK_SIZE {BLOCK_BYTES})")
            both.execute("COPY FROM DATABASE old TO new")
            both.execute("DETACH new")  # writes it out
            if new.stat().st_size < before:
                shutil.copymode(path, new)
                new.replace(path)
        except STORAGE_ERRORS as error:
            _remove(new)
            raise storage_mistake(path, error) from error
    _remove(new)  # what would have brought nothing
    _sync(path.parent)
    return Compacted(before, path.stat().st_size)


def _remove(file: Path) -> None:
    """Remove a file of DuckDB and its log, if they are there."""
    for name in (file.name, f"{file.name}.wal"):
        file.with_name(name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Has the system write down the names in a folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
