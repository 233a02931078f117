"""What a warehouse and its journals hold that nothing needs any more, listed and removed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.models.journal import Journal, journal_dir
from warehouse.queries.upkeep import Unused, UnusedUnits
from warehouse.reader import reader
from warehouse.upkeep import remove_unused


@dataclass(frozen=True)
class Leftovers:
    """What nothing needs any more.

    Attributes:
        units: Units that no version refers to, by step.
        journals: Journals beside the warehouse.
        journal_bytes: What they take.
        waiting: Units whose paid answers in them a run can still use.
        settled: Units in them that are done, so that their answers there are used no more.
    """

    units: Sequence[UnusedUnits]
    journals: int
    journal_bytes: int
    waiting: int
    settled: int


def leftovers(warehouse: Path) -> Leftovers:
    """What nothing needs of a warehouse and of its journals.

    Raises:
        Mistake: The warehouse or a journal cannot be read.
    """
    with reader(warehouse) as reading:
        units = reading.rows(Unused())
        journal = Journal(journal_dir(warehouse))
        try:
            keys = journal.units()
        finally:
            asyncio.run(journal.close())
        done = sum(status == "done" for status in reading.statuses(keys).values())
    folder = journal_dir(warehouse)
    files = list(folder.iterdir()) if folder.is_dir() else []
    size = sum(file.stat().st_size for file in files)
    return Leftovers(units, len(files), size, len(keys) - done, done)


def remove_leftovers(warehouse: Path, *, paid: bool) -> Mapping[str, int]:
    """Remove units that no version refers to, and answers in journals that are committed.

    Args:
        warehouse: The warehouse.
        paid: Whether units go too whose calls were paid.

    Returns:
        Rows that are gone, by table.

    Raises:
        Locked: Another process has the warehouse.
    """
    gone = remove_unused(warehouse, paid=paid)
    journal = Journal(journal_dir(warehouse))
    try:
        with reader(warehouse) as reading:
            held = reading.statuses(journal.units())
        journal.forget([key for key, status in held.items() if status == "done"])
    finally:
        asyncio.run(journal.close())
    return gone
