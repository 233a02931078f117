"""One run of a version of a study at a time: a second one waits, and then finds the work done."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tasks.models.journal import unwritable

#: How often a run that waits looks whether the other has ended.
LOOK_S = 0.5
#: How often a file or its folder may be taken away before it is locked.
TRIES = 1000


@asynccontextmanager
async def only_run(folder: Path, version: str, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """While it lasts, no other process on this machine runs a version; waits for one that does.

    The system frees the lock however its process ends.

    Args:
        folder: The folder of the warehouse's journals.
        version: The version.
        tell: Is told once which process is waited for.

    Raises:
        Mistake: The folder cannot be written.
    """
    file = folder / f"{version}.running"
    told = False
    while (descriptor := _locked(file)) is None:
        if not told:
            tell(_holder(file))
            told = True
        await asyncio.sleep(LOOK_S)
    try:
        try:
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except OSError as error:
            raise unwritable(folder, error) from error
        yield
    finally:
        file.unlink(missing_ok=True)  # before the lock is freed, so that it is no other's
        os.close(descriptor)
        with contextlib.suppress(OSError):  # journals are there, or another run
            folder.rmdir()


def _locked(file: Path) -> int | None:
    """The file, locked; nothing where another run has locked it, in this process or another.

    Raises:
        Mistake: It cannot be written.
    """
    for _ in range(TRIES):
        try:
            with contextlib.suppress(FileExistsError):
                file.parent.mkdir(0o700, parents=True)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as error:  # a run that ended took the folder away
            gone = error
            continue
        except OSError as error:
            raise unwritable(file.parent, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == file.stat().st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError as error:  # its run ended and took it away
            gone = error
        os.close(descriptor)
    raise unwritable(file.parent, gone)


def _holder(file: Path) -> str:
    """The process that has locked a file, as it says there."""
    try:
        return file.read_text() or "another process"
    except FileNotFoundError:
        return "another process"
