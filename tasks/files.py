"""Texts read from files: regular files only, of limited size, in UTF-8."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from schemas.errors import Mistake, nearest

#: Bytes that a file written by hand may have, at most.
MAX_BYTES = 16 * 2**20
#: Bytes that a file of data may have, at most.
MAX_DATA_BYTES = 256 * 2**20


def text_of(path: Path, shown: str = "", most_bytes: int = MAX_BYTES) -> str:
    """The text in a file, without a byte order mark.

    Devices and pipes are refused before anything is read, and no more is read than is allowed.

    Args:
        path: The file.
        shown: How messages name it; as it is if left out.
        most_bytes: Size that it may have.

    Raises:
        Mistake: It is missing, no regular file, unreadable, too large, no UTF-8, or holds a NUL.
    """
    shown = shown or str(path)
    content = bytes_of(path, shown, most_bytes)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(
            what="not readable as UTF-8",
            place=_line(shown, content, error.start),
            found=f"byte 0x{error.object[error.start]:02x}",
            fix="save the file as UTF-8",
        ) from None
    if "\0" in text:
        raise Mistake(
            what="this is no text",
            place=_line(shown, content, content.index(b"\0")),
            found="a NUL character",
            expected="text in UTF-8",
            fix="save the file as UTF-8",
        )
    return text


def _line(shown: str, content: bytes, offset: int) -> str:
    return f"{shown}:{content[:offset].count(10) + 1}"


def bytes_of(path: Path, shown: str, most: int) -> bytes:
    """The content of a regular file.

    Args:
        path: The file.
        shown: How messages name it.
        most: Bytes that it may have.

    Raises:
        Mistake: It is missing, no regular file, unreadable or too large.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError
            if not stat.S_ISREG(status.st_mode):
                raise Mistake(
                    what="this is no regular file",
                    place=shown,
                    found=_kind(status.st_mode),
                    fix="name a file, or write what it gives to a file first",
                )
            content = file.read(most + 1)
            if len(content) > most:
                raise Mistake(
                    what="the file is too large",
                    place=shown,
                    found=f"{max(status.st_size, len(content)):,} bytes",
                    expected=f"at most {most:,} bytes",
                )
            return content
    except FileNotFoundError:
        raise missing(path, shown) from None
    except IsADirectoryError:
        raise Mistake(
            what="this is a folder, not a file", place=shown, fix="name a file in it"
        ) from None
    except (OSError, ValueError) as error:  # a path may hold NUL, or be too long
        raise Mistake(
            what="the file cannot be read",
            place=shown,
            found=getattr(error, "strerror", None) or str(error),
            fix="check the path and the permissions",
        ) from None


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a socket"


def missing(path: Path, shown: str) -> Mistake:
    """Says that there is no such file, and which one may be meant.

    Args:
        path: The file.
        shown: How the message names it.
    """
    folder = path.parent
    if not folder.is_dir():
        return Mistake(
            what="no such file",
            place=shown,
            found=f"there is no folder {Path(shown).parent}",
            fix="correct the path; paths in a study are relative to the study's file",
        )
    try:
        near = _nearest_file(path)
    except PermissionError:  # a folder that may be passed through, but not listed
        near = None
    return Mistake(
        what="no such file",
        place=shown,
        found=f"nothing of that name in {Path(shown).parent}",
        fix=f"did you mean {near}?" if near else "correct the path, or create the file",
    )


def _nearest_file(path: Path) -> str | None:
    """The name of a file beside a missing one that is called much like it, of its kind if there is.

    An ending that many files have makes none of them alike.
    """
    names = {entry.name: entry for entry in path.parent.iterdir() if entry.is_file()}
    near = nearest(path.stem, {entry.stem for entry in names.values()})
    alike = sorted(name for name, entry in names.items() if entry.stem == near)
    of_its_kind = [name for name in alike if names[name].suffix == path.suffix]
    return next(iter([*of_its_kind, *alike]), None)
