"""Starts Prefect's temporary server while the rest of a command is still being imported."""

from __future__ import annotations

import signal
import threading


class StartingServer:
    """A server that is starting in the background, where no other one is configured.

    Starting takes seconds in a process of its own; what this process imports and plans meanwhile
    costs no extra time.
    """

    def __init__(self) -> None:
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        from prefect.settings import get_current_settings

        settings = get_current_settings()
        if settings.api.url is None and settings.server.ephemeral.enabled:
            self._thread = threading.Thread(target=self._start, name="prefect-server", daemon=True)
            self._thread.start()

    def _start(self) -> None:
        # Ctrl-C is meant for the run, which tells the server how it ended before it stops it. The
        # server's process inherits what this thread does not listen to.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        from prefect.server.api.server import SubprocessASGIServer

        try:
            SubprocessASGIServer().start()
        except BaseException as error:  # noqa: BLE001 - raised where the server is waited for
            self._error = error

    def ready(self) -> None:
        """Wait until the server answers.

        Raises:
            RuntimeError: It did not start.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise RuntimeError("Prefect's temporary server did not start") from self._error
