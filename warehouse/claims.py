"""Which warehouses this process owns: the system's locks keep out all processes but this one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.connection import Locked

_HERE: set[Path] = set()
_CHANGING = threading.Lock()


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keeps other parts of this process from opening the file of a warehouse.

    Raises:
        Locked: One of them has claimed it.
    """
    whole = path.resolve()
    with _CHANGING:
        refuse_claimed(path)
        _HERE.add(whole)
    try:
        yield
    finally:
        _HERE.discard(whole)


def refuse_claimed(path: Path) -> None:
    """Refuses a warehouse that this process owns: to close its file again would free the lock.

    Raises:
        Locked: It does.
    """
    if path.resolve() in _HERE:
        raise Locked(
            what="the warehouse is in use", place=str(path), found="this process has it open"
        )
