"""Writing a warehouse's file anew, without the room that deleted rows and small commits leave."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

import duckdb

from warehouse.compacted import Compacted
from warehouse.connection import BLOCK_BYTES, STORAGE_ERRORS, Locked, storage_mistake
from warehouse.sql import literal
from warehouse.storage import storage_of
from warehouse.store import Warehouse

#: How often a warehouse that is in use is looked at again.
POLL_S = 2.0


def settle(path: Path, wait_s: float = 0) -> None:
    """Brings a warehouse's schema up to date, and a file's write-ahead log into it.

    Args:
        path: The warehouse.
        wait_s: How long to wait for a process that has it open.

    Raises:
        Locked: Another process still has it open.
        Mistake: It is no warehouse, or may not be written.
    """
    storage = storage_of(path)
    until = time.monotonic() + wait_s
    while True:
        try:
            storage.connection(read_only=True).close()  # nothing is made where there is none
            with Warehouse.open(path) as warehouse, warehouse.cursor() as cursor:
                storage.settle(cursor)
            return
        except Locked:
            if time.monotonic() >= until:
                raise
            time.sleep(min(POLL_S, wait_s))


def compact(path: Path) -> Compacted:
    """What it has brought to write a settled warehouse anew, without the room that it wastes.

    Raises:
        Mistake: It could not be read, or not be written.
    """
    return storage_of(path).compact()


def compact_file(path: Path) -> Compacted:
    """Writes a settled file anew and puts the new one in place of the old if it is smaller.

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
