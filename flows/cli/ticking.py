"""Something done again and again while a run lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Ticking:
    """Does something every so many seconds, in a thread of its own.

    Args:
        every_s: Seconds between two times.
        act: What is done.
    """

    def __init__(self, every_s: float, act: Callable[[], None]) -> None:
        self._every_s = every_s
        self._act = act
        self._ended = False
        self._anew = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin; the first time comes after the first interval."""
        self._thread.start()

    def begin_anew(self) -> None:
        """Let the interval begin now."""
        self._anew.set()

    def stop(self) -> None:
        """End it; nothing is done after that."""
        self._ended = True
        self._anew.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            if self._anew.wait(self._every_s):
                self._anew.clear()
            else:
                self._act()
