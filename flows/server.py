"""Starts Prefect's temporary server while the rest of a command is still being imported."""

from __future__ import annotations

import signal
import threading

from schemas.errors import Mistake


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
        self._url = settings.api.url
        if self._url is None and settings.server.ephemeral.enabled:
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
            Mistake: Another one is configured, and nothing answers there.
            RuntimeError: It did not start.
        """
        if self._url is not None:
            _refuse_unreachable(self._url)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise RuntimeError("Prefect's temporary server did not start") from self._error


def _refuse_unreachable(url: str) -> None:
    import httpx
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    if isinstance(error, httpx.TransportError):
        raise Mistake(
            what="no Prefect server answers",
            place="PREFECT_API_URL",
            found=f"{url}: {error}",
            expected="the address of a server that is running",
            fix="start it with: prefect server start; or unset PREFECT_API_URL to do without",
        )
