"""Ends a run in good order when somebody wants it ended: Ctrl-C, a signal, a closed terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from flows.cli.terminal import say
from schemas.errors import Mistake
from warehouse.child_process import kill_children

T = TypeVar("T")

#: Ctrl-C, a request to end, a terminal that was closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: What is cancelled because it cannot go on may commit and close what it has open for so long.
CANCELLED_S = 4.0


class Ending:
    """Whether somebody wants this process to end, and what is ended then.

    Attributes:
        signal: The signal that came, if one did.
        status: Exit status of the process, once all is done that it was to do.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.status: int | None = None
        self._given_up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._done: Future[Any] | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Cancel what is running, or raise; at the second signal end at once.

        Nothing is at risk even then: what a run has paid for is on disk.
        """
        if self.signal is not None:
            os._exit(128 + number)
        self.signal = number
        if not self._cancel():
            raise KeyboardInterrupt

    def give_up(self, mistake: Mistake) -> None:
        """End this process with a mistake, from any thread.

        What is running is cancelled and has a few seconds to close what it has open. Then the
        process ends at once, whatever Prefect would still wait for. If all was done already, the
        mistake does not matter and is not told.
        """
        if self.status is None:
            self._given_up = True
            self._cancel()
            if self._done is not None:
                wait_for([self._done], CANCELLED_S)
            with contextlib.suppress(OSError):
                say(mistake.message(), file=sys.stderr)
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        kill_children()
        os._exit(2 if self.status is None else self.status)

    def _cancel(self) -> bool:
        """Cancel what is running; whether anything is."""
        if self._loop is None or self._task is None:
            return False
        with contextlib.suppress(RuntimeError):  # its end is only a moment away
            self._loop.call_soon_threadsafe(self._task.cancel)
        return True

    def result(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, which is cancelled when a signal comes.

        Its loop runs in another thread, since signals are for the main thread, where Prefect would
        put a handler of its own in place of ours.

        Raises:
            KeyboardInterrupt: A signal came.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="run") as thread:
            self._done = done = thread.submit(asyncio.run, self._cancellable(work))
            try:
                _wait(done)
                self._sleep_if_given_up()
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

    def _sleep_if_given_up(self) -> None:
        """Leave the last word to the thread that ends the process."""
        if self._given_up:
            threading.Event().wait()

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


INTERRUPTED = "Interrupted. Finished work is kept; run the study again to continue."


@contextmanager
def told_to_end(message: str = INTERRUPTED) -> Iterator[Ending]:
    """While it lasts, signals to end are told in one line and lead to status 128 + their number.

    A signal that is ignored, as ``nohup`` has it, stays ignored.

    Args:
        message: The line.

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
            say(message, file=sys.stderr)
        raise SystemExit(128 + (ending.signal or signal.SIGINT)) from None
    finally:
        for one in SIGNALS:
            signal.signal(one, before[one])
