"""The format of a journal: a header with a version, then records that stand on their own.

A record says where it begins (a mark that no text can hold), which number it has, how long it is,
and a checksum of all that. So a reader that meets damage goes on at the next whole record, and the
numbers say how many are missing. A version that gives a record another meaning needs another mark,
since the header may be what is damaged.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from schemas.errors import Mistake

VERSION = 2
SUFFIX = ".jnl"
_MAGIC = b"agora-journal "
HEADER = _MAGIC + str(VERSION).encode() + b"\n"
_LONGEST_HEADER = 32
_FIRST_READ = 4096
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole record, as it was read.

    Attributes:
        offset: Where it starts in its file.
        end: Where it ends.
        number: Its number in the file; ``None`` where the version has none.
        record: What it says.
    """

    offset: int
    end: int
    number: int | None
    record: dict[str, Any]


class RecordFormat(Protocol):
    """How the records of one version stand in a file.

    Attributes:
        mark: Bytes by which the start of a record is found.
        before_mark: How many bytes of a record stand before them.
    """

    mark: bytes
    before_mark: int

    def framed(self, record: dict[str, Any], number: int) -> bytes:
        """A record as it stands in the file."""
        ...

    def read(self, descriptor: int, offset: int) -> Whole | None:
        """The record that starts at an offset; ``None`` if none does or it is damaged."""
        ...


class _Numbered:
    """Version 2: mark, number, length, CRC-32 of number, length and payload; JSON."""

    mark = b"\xff\xfe\xa6\x0a"  # not in UTF-8, so not in any payload
    before_mark = 0
    _head = struct.Struct("<4sII")
    _sum = struct.Struct("<I")

    def framed(self, record: dict[str, Any], number: int) -> bytes:
        payload = orjson.dumps(record)
        head = self._head.pack(self.mark, number, len(payload))
        return head + self._sum.pack(zlib.crc32(payload, zlib.crc32(head))) + payload

    def read(self, descriptor: int, offset: int) -> Whole | None:
        read = os.pread(descriptor, _FIRST_READ, offset)
        start = self._head.size + self._sum.size
        if len(read) < start or not read.startswith(self.mark):
            return None
        _, number, length = self._head.unpack_from(read)
        payload = _payload(descriptor, offset, read, start, length)
        (checksum,) = self._sum.unpack_from(read, self._head.size)
        if payload is None or zlib.crc32(payload, zlib.crc32(read[: self._head.size])) != checksum:
            return None
        return _whole(offset, offset + start + length, number, payload)


class _Unnumbered:
    """Version 1: length, CRC-32 of the payload; JSON."""

    mark = b'{"u":"'
    before_mark = 8
    _head = struct.Struct("<II")

    def framed(self, record: dict[str, Any], number: int) -> bytes:
        payload = orjson.dumps(record)
        return self._head.pack(len(payload), zlib.crc32(payload)) + payload

    def read(self, descriptor: int, offset: int) -> Whole | None:
        read = os.pread(descriptor, _FIRST_READ, offset)
        if len(read) < self._head.size:
            return None
        length, checksum = self._head.unpack_from(read)
        payload = _payload(descriptor, offset, read, self._head.size, length)
        if payload is None or zlib.crc32(payload) != checksum:
            return None
        return _whole(offset, offset + self._head.size + length, None, payload)


NUMBERED = _Numbered()
_FORMATS: dict[int, RecordFormat] = {1: _Unnumbered(), VERSION: NUMBERED}


class Scan:
    """The whole records of a journal.

    The attributes are known once all records were read.

    Attributes:
        format: How its records stand in it.
        end: Offset after the last whole record.
        next_number: Number of the record that may be appended.
        damaged_bytes: Bytes that belong to no whole record.
        lost: Records that are missing before whole ones; in version 1, how many seem to be.
        lost_at_end: Records that seem to be missing at the end.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self.format: RecordFormat = NUMBERED
        self.end = 0
        self.next_number = 0
        self.damaged_bytes = 0
        self.lost = 0
        self.lost_at_end = 0

    def __iter__(self) -> Iterator[Whole]:
        """Yields whole records in order, whatever stands between them.

        Raises:
            Mistake: It is a journal of another version, or no journal at all.
        """
        size = os.fstat(self._descriptor).st_size
        self.end = place = self._begin(size)
        while place < size:
            found = self.format.read(self._descriptor, place)
            if found is None:
                place = self._next_start(place + 1, size)
                continue
            self.damaged_bytes += found.offset - self.end
            missing = self._missing_before(found)
            self.lost += missing
            following = self.next_number + missing if found.number is None else found.number
            self.next_number = max(self.next_number, following + 1)
            yield found
            self.end = place = found.end
        self.damaged_bytes += size - self.end
        self.lost_at_end = self._starts(self.end, size)
        self.next_number += self.lost_at_end

    def _missing_before(self, found: Whole) -> int:
        if found.number is None:
            return self._starts(self.end, found.offset)
        return max(0, found.number - self.next_number)

    def _starts(self, start: int, end: int) -> int:
        """How many records seem to start among damaged bytes; one at the least if there are any."""
        count = 0
        place = self._next_start(start, end)
        while place < end:
            count += 1
            place = self._next_start(place + 1, end)
        return max(count, int(end > start))

    def _next_start(self, offset: int, size: int) -> int:
        """Where a record may start, from an offset on; the size if there is no such place."""
        mark, before = self.format.mark, self.format.before_mark
        place = offset + before
        while place < size:
            chunk = os.pread(self._descriptor, min(_CHUNK, size - place), place)
            found = chunk.find(mark)
            if found >= 0:
                return place + found - before
            if len(chunk) <= len(mark):
                break
            place += len(chunk) - len(mark) + 1
        return size

    def _begin(self, size: int) -> int:
        """Where the records begin; settles their format."""
        head = os.pread(self._descriptor, _LONGEST_HEADER, 0)
        headers = {_MAGIC + str(one).encode() + b"\n": form for one, form in _FORMATS.items()}
        named = next((one for one in headers if head.startswith(one)), None)
        forms = [headers[named]] if named else []
        for form in [*forms, *(one for one in headers.values() if one not in forms)]:
            self.format = form
            if self._holds_records(size):
                return len(named or b"")
        if named:
            self.format = headers[named]
            return len(named)
        if any(header.startswith(head) for header in headers):
            return size
        if head.startswith(_MAGIC):
            version = head[len(_MAGIC) :].partition(b"\n")[0].decode(errors="replace")
            found = f"version {version}"
            fix = (
                "finish the run with the version of agora that wrote it, or move the file away "
                "to give up the answers in it"
            )
        else:
            found, fix = "something else", "move the file out of the folder of journals"
        raise Mistake(
            what="this journal cannot be read",
            place=str(self._path),
            found=found,
            expected=f"a journal of version {' or '.join(map(str, _FORMATS))}",
            fix=fix,
        )

    def _holds_records(self, size: int) -> bool:
        """Whether there is a whole record somewhere, whatever the header says."""
        place = self._next_start(0, size)
        while place < size:
            if self.format.read(self._descriptor, place) is not None:
                return True
            place = self._next_start(place + 1, size)
        return False


def damage(scan: Scan, path: Path, read: int) -> str:
    """What a journal lost, for people."""
    lost = [f"{scan.lost} missing between others" if scan.lost else ""]
    lost += [f"up to {scan.lost_at_end} at its end" if scan.lost_at_end else ""]
    counted = " and ".join(filter(None, lost)) or "none of them missing"
    return (
        f"{path}: {scan.damaged_bytes} bytes of the journal are damaged; answers: {read} read, "
        f"{counted}; what is missing is asked again"
    )


def _payload(descriptor: int, offset: int, read: bytes, start: int, length: int) -> bytes | None:
    """The payload of a record of which the start was read; ``None`` if the file ends before it."""
    payload = read[start : start + length]
    if len(payload) < length:
        if offset + start + length > os.fstat(descriptor).st_size:
            return None
        payload += os.pread(descriptor, length - len(payload), offset + len(read))
    return payload if len(payload) == length else None


def _whole(offset: int, end: int, number: int | None, payload: bytes) -> Whole | None:
    record = orjson.loads(payload)
    return Whole(offset, end, number, record) if isinstance(record, dict) else None
