"""Owning a warehouse: its file is open in this process, which serves all others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.claims import claimed
from warehouse.connection import Locked
from warehouse.serve import serving
from warehouse.store import Warehouse


@contextmanager
def owning(path: Path) -> Iterator[Warehouse]:
    """The warehouse at a path, open in this process, its schema brought up to date, and served.

    Raises:
        Locked: Another process has it open, or another part of this one owns it.
        Mistake: The file is no warehouse, newer than this code, or may not be used.
    """
    with claimed(path):
        before = path.stat().st_ino if path.exists() else None
        with Warehouse.open(path) as warehouse:
            if not path.exists() or before not in {None, path.stat().st_ino}:
                found = "the process that had made it has taken it away again"
                raise Locked(what="the warehouse is in use", place=str(path), found=found)
            with serving(warehouse):
                yield warehouse
