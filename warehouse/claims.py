"""Which warehouses this process has open: the system's locks keep out all other processes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.connection import Locked

_OWNED: set[Path] = set()
_READ: Counter[Path] = Counter()
_CHANGING = threading.Lock()


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keeps other parts of this process from opening the file of a warehouse.

    Raises:
        Locked: One of them has it open.
    """
    whole = path.resolve()
    with _CHANGING:
        refuse_claimed(path)
        if _READ[whole]:
            raise _here(path)
        _OWNED.add(whole)
    try:
        yield
    finally:
        _OWNED.discard(whole)


@contextmanager
def read_here(path: Path) -> Iterator[None]:
    """Keeps other parts of this process from owning a warehouse whose file is open for reading.

    DuckDB opens a file in one way at a time for a process.

    Raises:
        Locked: One of them owns it.
    """
    whole = path.resolve()
    with _CHANGING:
        refuse_claimed(path)
        _READ[whole] += 1
    try:
        yield
    finally:
        with _CHANGING:
            _READ[whole] -= 1


def refuse_claimed(path: Path) -> None:
    """Refuses a warehouse that this process owns: to close its file again would free the lock.

    Raises:
        Locked: It does.
    """
    if path.resolve() in _OWNED:
        raise _here(path)


def _here(path: Path) -> Locked:
    return Locked(what="the warehouse is in use", place=str(path), found="this process has it open")
