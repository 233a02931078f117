"""Ends a run in good order when somebody wants it ended: Ctrl-C, a signal, a closed terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from flows.cli.terminal import say

T = TypeVar("T")

#: Ctrl-C, a request to end, a terminal that was closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Whether somebody wants this process to end, and what is ended then."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Cancel what is running, or raise; at the second signal end at once.

        Nothing is at risk even then: what a run has paid for is on disk.
        """
        if self.signal is not None:
            os._exit(128 + number)
        self.signal = number
        if self._loop is None or self._task is None:
            raise KeyboardInterrupt
        with contextlib.suppress(RuntimeError):  # its end is only a moment away
            self._loop.call_soon_threadsafe(self._task.cancel)

    def result(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, which is cancelled when a signal comes.

        Its loop runs in another thread, since signals are for the main thread, where Prefect would
        put a handler of its own in place of ours.

        Raises:
            KeyboardInterrupt: A signal came.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="run") as thread:
            done = thread.submit(asyncio.run, self._cancellable(work))
            try:
                _wait(done)
                result = done.result()
            except asyncio.CancelledError:
                if self.signal is None:
                    raise
                raise KeyboardInterrupt from None
            finally:
                self._loop = self._task = None
        if self.signal is not None:
            raise KeyboardInterrupt
        return result

    async def _cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await work


def _wait(done: Future[Any]) -> None:
    """Wait until a future is done, awake for every signal.

    Polars handles Ctrl-C in a way that leaves a thread asleep that waits for a lock.
    """
    reading, writing = os.pipe()
    done.add_done_callback(lambda _: os.close(writing))
    select.select([reading], [], [])
    os.close(reading)


@contextmanager
def told_to_end() -> Iterator[Ending]:
    """While it lasts, signals to end are told in one line and lead to status 128 + their number.

    A signal that is ignored, as ``nohup`` has it, stays ignored.

    Raises:
        SystemExit: A signal came.
    """
    ending = Ending()
    before = {one: signal.getsignal(one) for one in SIGNALS}
    for one in SIGNALS:
        if before[one] != signal.SIG_IGN:
            signal.signal(one, ending.on_signal)
    try:
        yield ending
    except KeyboardInterrupt:
        # Where the terminal is gone, there is nobody to tell.
        with contextlib.suppress(OSError):
            say(
                "Interrupted. Finished work is kept; run the study again to continue.",
                file=sys.stderr,
            )
        raise SystemExit(128 + (ending.signal or signal.SIGINT)) from None
    finally:
        for one in SIGNALS:
            signal.signal(one, before[one])
