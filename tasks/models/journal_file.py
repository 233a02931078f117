"""The format of a journal: a header with a version, then records with length and checksum."""

from __future__ import annotations

import logging
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import Mistake

VERSION = 1
SUFFIX = ".jnl"
_MAGIC = b"agora-journal "
HEADER = _MAGIC + str(VERSION).encode() + b"\n"
_FRAME = struct.Struct("<II")
_LONGEST_HEADER = 32
_FIRST_READ = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and where it starts in its file."""

    offset: int
    record: dict[str, Any]


def framed(record: dict[str, Any]) -> bytes:
    """A record as it stands in the file: length, CRC-32, JSON."""
    payload = orjson.dumps(record)
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def record_at(descriptor: int, offset: int) -> dict[str, Any] | None:
    """The record that starts at an offset; nothing if it is torn or damaged."""
    head = os.pread(descriptor, _FIRST_READ, offset)
    if len(head) < _FRAME.size:
        return None
    length, checksum = _FRAME.unpack_from(head)
    payload = head[_FRAME.size : _FRAME.size + length]
    if len(payload) < length:
        payload += os.pread(descriptor, length - len(payload), offset + len(head))
    if len(payload) < length or zlib.crc32(payload) != checksum:
        return None
    record = orjson.loads(payload)
    return record if isinstance(record, dict) else None


class Scan:
    """The records of a journal, and where the sound part of the file ends.

    Attributes:
        end: Offset after the last sound record; known once all records were read.
        torn_bytes: Bytes after it.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self.end = 0
        self.torn_bytes = 0

    def __iter__(self) -> Iterator[Placed]:
        """Yields records in order and stops at the first that is not sound.

        Raises:
            Mistake: It is a journal of another version, or no journal at all.
        """
        size = os.fstat(self._descriptor).st_size
        self.end = self._after_header(size)
        while self.end:
            frame = os.pread(self._descriptor, _FRAME.size, self.end)
            if len(frame) < _FRAME.size:
                break
            after = self.end + _FRAME.size + _FRAME.unpack(frame)[0]
            record = record_at(self._descriptor, self.end) if after <= size else None
            if record is None:
                break
            yield Placed(self.end, record)
            self.end = after
        self.torn_bytes = size - self.end

    def _after_header(self, size: int) -> int:
        head = os.pread(self._descriptor, _LONGEST_HEADER, 0)
        if head.startswith(HEADER):
            return len(HEADER)
        if size < len(HEADER) and HEADER.startswith(head):
            return 0
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
            expected=f"a journal of version {VERSION}",
            fix=fix,
        )
