"""Journals: answers that are on disk before anything acts on them.

A warehouse has a folder of journals beside it. Every process appends to a file of its own, which
it keeps locked; answers that come in while a sync is running share the next one. At the start all
journals are read, and an answer that is in one is not asked for again. A journal whose units are
all committed is removed.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from schemas.errors import Mistake
from tasks.models.journal_file import (
    HEADER,
    NUMBERED,
    SUFFIX,
    RecordFormat,
    Scan,
    Whole,
    damage,
)

_REWIND_BYTES = 64 << 20
_PLACE_BITS = 48

log = logging.getLogger(__name__)


def journal_dir(warehouse: Path) -> Path:
    """The folder of a warehouse's journals.

    Example:
        >>> journal_dir(Path("lab/agora.duckdb")).name
        'agora.duckdb.journal'
    """
    return warehouse.with_name(warehouse.name + ".journal")


class _File:
    """One journal that is open: ours, one that a dead process left, or one that is being written.

    ``mine`` says whether this process holds its lock and so may remove it; ``damaged`` whether some
    of its records could not be read; ``taken_over`` whether another process left it since we began.
    """

    def __init__(self, path: Path, descriptor: int, mine: bool) -> None:
        self.path = path
        self.descriptor = descriptor
        self.mine = mine
        self.damaged = False
        self.format: RecordFormat = NUMBERED
        self.end = len(HEADER)
        self.next_number = 0
        self.open: set[str] = set()
        self.settled: list[str] = []
        self.taken_over = False

    def let_go(self) -> None:
        """Closes it; nothing of it is read or removed any more."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor, self.mine, self.taken_over = -1, False, False

    def framed(self, record: dict[str, Any]) -> bytes:
        """A record as it is appended next."""
        self.next_number += 1
        return self.format.framed(record, self.next_number - 1)


class _Group:
    """Records that share one sync; ``start`` is where the first is written."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.length = 0
        self.start = 0
        self.synced = asyncio.Event()
        self.error: OSError | None = None

    def add(self, frame: bytes) -> int:
        """Adds a record; returns how far from the start it stands."""
        self.frames.append(frame)
        self.length += len(frame)
        return self.length - len(frame)


class Journal:
    """The journals of one warehouse, as one process sees and writes them.

    Args:
        folder: Where the journals are; made when there is something to write.
        writes_only: Leave the journals of other processes alone, unread.

    Attributes:
        lost: What could not be read, a sentence for each damaged journal.

    Raises:
        Mistake: The folder holds a journal of another version, or cannot be read.
    """

    def __init__(self, folder: Path, *, writes_only: bool = False) -> None:
        self.folder = folder
        self._files: list[_File] = []
        self._places: dict[str, dict[str, int]] = {}
        self._lent: dict[str, dict[str, dict[str, Any]]] = {}
        self._own: int | None = None
        self._group: _Group | None = None
        self._draining: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._changed = False
        self.lost: list[str] = []
        self.syncs = 0
        if writes_only:
            return
        try:
            self._read_all()
        except BaseException:
            self._let_go()
            raise

    def find(self, unit_key: str, call_key: str) -> dict[str, Any] | None:
        """The record of a call, if an unsettled one is in any journal."""
        place = self._places.get(unit_key, {}).get(call_key)
        if place is None:
            return self._lent.get(unit_key, {}).get(call_key)
        file = self._files[place >> _PLACE_BITS]
        whole = file.format.read(file.descriptor, place & ((1 << _PLACE_BITS) - 1))
        # Its process may have begun it anew since it was read here.
        if whole is None or (whole.record.get("u"), whole.record.get("k")) != (unit_key, call_key):
            return None
        return whole.record

    def of(self, unit_key: str) -> list[dict[str, Any]]:
        """The unsettled records of a unit, in no particular order."""
        found = (self.find(unit_key, call_key) for call_key in self._places.get(unit_key, {}))
        return [record for record in found if record is not None]

    def count(self, unit_key: str) -> int:
        """How many unsettled records there are of a unit."""
        return len(self._places.get(unit_key, {}))

    def units(self) -> tuple[str, ...]:
        """Units with records that are not settled."""
        return tuple(self._places)

    def held(self) -> tuple[str, ...]:
        """Units with unsettled records in journals that no other living process has."""
        mine = {number for number, file in enumerate(self._files) if file.mine}
        every = self._places.items()
        return tuple(k for k, at in every if mine & {one >> _PLACE_BITS for one in at.values()})

    def lend(self, records: Iterable[dict[str, Any]]) -> None:
        """Takes in records that another process keeps: they are found, and nothing more."""
        for record in records:
            self._lent.setdefault(record["u"], {})[record["k"]] = record

    def own_name(self) -> str:
        """Name of the file of this process, which is made if there is none yet.

        Raises:
            Mistake: The folder cannot be written.
        """
        return self._files[self._own_file()].path.name

    def take_over(self) -> None:
        """Reads the journals that other processes left since this one began.

        They are this process's own from now on. One whose process goes on is left alone.
        """
        held = {file.path for file in self._files if file.mine}
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            if path in held:
                continue
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                if _locked(descriptor):
                    self._add(_File(path, descriptor, mine=True)).taken_over = True
                else:
                    os.close(descriptor)

    async def append(self, unit_key: str, call_key: str, record: dict[str, Any]) -> None:
        """Puts a record on disk; returns when it is there.

        Raises:
            Mistake: The disk is full, or the folder cannot be written.
        """
        own = self._own_file()
        group = self._group
        if group is None:
            group = self._group = _Group()
        file = self._files[own]
        within = group.add(file.framed({"u": unit_key, "k": call_key, **record}))
        file.open.add(unit_key)
        self._changed = True
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain(file))
        await group.synced.wait()
        if group.error is not None:
            raise unwritable(self.folder, group.error)
        self._places.setdefault(unit_key, {})[call_key] = own << _PLACE_BITS | group.start + within

    def forget(self, unit_keys: Iterable[str]) -> None:
        """Forgets the records of units whose rows the warehouse holds."""
        for unit_key in unit_keys:
            self._places.pop(unit_key, None)
            for file in self._files:
                if unit_key in file.open:
                    file.open.discard(unit_key)
                    file.settled.append(unit_key)
                    self._changed = True
        for file in self._files:
            if file.taken_over and not file.open:
                file.path.unlink(missing_ok=True)
                file.let_go()
        self._rewind()

    async def close(self) -> None:
        """Ends writing; removes journals that hold nothing unsettled any more."""
        while self._draining is not None and not self._draining.done():
            await self._draining
        for file in self._files:
            if not file.mine:
                continue
            if not file.open:
                if self._changed or not file.damaged:  # damage is told of until a run went on
                    file.path.unlink(missing_ok=True)
            elif file.settled:
                frame = file.framed({"settled": file.settled})
                # It saves reading them again; where the disk is full they are read, and not used.
                with contextlib.suppress(OSError):
                    os.ftruncate(file.descriptor, file.end)
                    os.pwrite(file.descriptor, frame, file.end)
                    os.fsync(file.descriptor)
        self._let_go()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _let_go(self) -> None:
        self._thread.shutdown()
        for file in self._files:
            file.let_go()
        self._files = []
        self._places = {}

    async def _drain(self, file: _File) -> None:
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        while (group := self._group) is not None:
            self._group = None
            group.start = file.end
            try:
                await loop.run_in_executor(
                    self._thread, _written, file.descriptor, b"".join(group.frames), file.end
                )
                file.end += group.length
            except OSError as error:
                group.error = error
            self.syncs += 1
            group.synced.set()

    def _own_file(self) -> int:
        if self._own is not None:
            return self._own
        started = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        for number in range(1000):
            name = f"{os.getpid()}-{started}{f'-{number}' if number else ''}{SUFFIX}"
            file = self._created(self.folder / name)
            if file is not None:
                self._files.append(file)
                self._own = len(self._files) - 1
                return self._own
        raise RuntimeError(f"no free name for a journal in {self.folder}")

    def _created(self, path: Path) -> _File | None:
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            _make_private(self.folder)
            if path.exists():
                return None
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # another process, which has just ended, took the folder away
            return None
        except OSError as error:
            raise unwritable(self.folder, error) from error
        if not _locked(descriptor):  # another process took it for one that was left behind
            os.close(descriptor)
            return None
        try:
            os.write(descriptor, HEADER)
        except OSError as error:
            os.close(descriptor)
            path.unlink()
            raise unwritable(self.folder, error) from error
        return _File(path, descriptor, mine=True)

    def _rewind(self) -> None:
        if self._own is None or self._group is not None:
            return
        file = self._files[self._own]
        idle = self._draining is None or self._draining.done()
        if idle and not file.open and file.end > _REWIND_BYTES:
            os.ftruncate(file.descriptor, len(HEADER))
            file.end = len(HEADER)
            file.next_number = 0
            file.settled = []

    def _read_all(self) -> None:
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # its process has just finished and removed it
            except OSError as error:
                raise unwritable(self.folder, error) from error
            self._add(_File(path, descriptor, mine=_locked(descriptor)))

    def _add(self, file: _File) -> _File:
        self._files.append(file)
        self._read(file, len(self._files) - 1)
        return file

    def _read(self, file: _File, number: int) -> None:
        scan = Scan(file.descriptor, file.path)
        read = 0
        for whole in scan:
            read += 1
            file.format = scan.format
            self._take(file, number, whole)
        file.format, file.end, file.next_number = scan.format, scan.end, scan.next_number
        if scan.damaged_bytes and file.mine:  # else its last record is being written
            file.damaged = True
            self.lost.append(damage(scan, file.path, read))
            log.info(self.lost[-1])  # people read it once, in the report of the run

    def _take(self, file: _File, number: int, whole: Whole) -> None:
        record = whole.record
        for unit_key in record.get("settled", ()):
            file.open.discard(unit_key)
            self._forget(unit_key, number)
        if "k" in record:
            file.open.add(record["u"])
            earlier = self.find(record["u"], record["k"])
            if earlier is None or earlier.get("at", 0.0) <= record.get("at", 0.0):
                place = number << _PLACE_BITS | whole.offset
                self._places.setdefault(record["u"], {})[record["k"]] = place

    def _forget(self, unit_key: str, number: int) -> None:
        """Forgets the records of a unit that stand in one file."""
        places = self._places.get(unit_key, {})
        left = {key: place for key, place in places.items() if place >> _PLACE_BITS != number}
        if left:
            self._places[unit_key] = left
        else:
            self._places.pop(unit_key, None)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written(descriptor: int, data: bytes, offset: int) -> None:
    """Writes over what a write that failed may have left there."""
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        view, offset = view[count:], offset + count
    os.fdatasync(descriptor)


def _make_private(folder: Path) -> None:
    """Takes a folder of ours from all other users; answers may be anybody's secrets."""
    found = folder.stat()
    if found.st_uid == os.getuid() and found.st_mode & 0o077:
        folder.chmod(0o700)


def unwritable(folder: Path, error: OSError) -> Mistake:
    """The mistake of a folder whose files cannot be read or written."""
    return Mistake(
        what="answers cannot be kept: the journal cannot be read or written",
        place=str(folder),
        found=error.strerror or str(error),
        fix="make room or give write access, then run again; nothing that was answered is lost",
    )
