"""Processes that this one starts, and that end when it ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from warehouse.closing import Closing

ROOT = Path(__file__).resolve().parents[1]


#: Those of this process that nobody has closed.
_OPEN: weakref.WeakSet[ChildProcess] = weakref.WeakSet()


class ChildProcess(Closing):
    """A module of ours that runs in a process of its own.

    Its standard input is a pipe whose other end only this process has. However this process ends,
    killed or not, the system closes that end; a child ends when its input does. Ctrl-C and a
    closed terminal do not reach a child, so it is there until its parent is done with it.

    Args:
        module: Name of the module, run as a program.
        arguments: Its arguments; every user of the machine can read them.
        descriptors: Open files that the child gets under the same numbers.
    """

    def __init__(
        self, module: str, arguments: Sequence[str] = (), descriptors: Sequence[int] = ()
    ) -> None:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            pass_fds=descriptors,
            start_new_session=True,
        )
        _OPEN.add(self)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Where its input is written; it ends when this is closed."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Where its output is read."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def wait(self) -> None:
        """Wait until it has ended."""
        self._process.wait()

    def last_words(self, limit_s: float = 5.0) -> str:
        """The end of what it wrote to standard error before it ended."""
        self._process.wait(timeout=limit_s)
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-4000:]

    def close(self, limit_s: float = 5.0) -> None:
        """End it; after a time limit it is killed."""
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.stdin.close()
        try:
            self._process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
        finally:
            _OPEN.discard(self)
            self.stdout.close()
            self._errors.close()

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        self._process.kill()
        self._process.wait()


def kill_children() -> None:
    """End every child process at once, for a process that ends without closing what it has open.

    They would end by themselves, but one that is still importing would take seconds for it.
    """
    for child in list(_OPEN):
        child.kill()
