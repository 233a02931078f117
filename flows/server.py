"""Prefect's temporary server, started while the rest of a command is still being imported."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from flows.settings import URL, server_configured
from schemas.errors import Mistake
from warehouse.address import free_port

#: Settings of the server's process: without pages, background services and other runs' concerns.
TEMPORARY = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}
ENDING_S = 5.0


class StartingServer:
    """A server that is starting in a process of its own, where no other one is configured.

    Prefect would start one itself, but imports the whole server into this process for that, which
    takes seconds and 75 MB. Make one before anything imports Prefect, which reads then where it is.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if not server_configured():
            port = free_port()
            self._process = _started(port)
            os.environ[URL] = f"http://127.0.0.1:{port}/api"
            atexit.register(_end, self._process)

    def ready(self) -> None:
        """Wait until the server answers.

        Raises:
            Mistake: Another one is configured, and nothing answers there.
            RuntimeError: It did not start.
        """
        from prefect.settings import get_current_settings

        limit_s = get_current_settings().server.ephemeral.startup_timeout_seconds
        until = time.monotonic() + limit_s
        while (error := _error_of_server()) is not None:
            if self._process is None:
                raise _unreachable(error)
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Prefect's temporary server did not start") from error
            time.sleep(0.05)


def _started(port: int) -> subprocess.Popen[bytes]:
    """The process of a server, which ends with this one."""
    prefect = importlib.util.find_spec("prefect")
    assert prefect is not None
    assert prefect.origin is not None
    words = ["--factory", "prefect.server.api.server:create_app", "--log-level", "error"]
    place = ["--app-dir", str(Path(prefect.origin).parents[1])]  # else it is the working directory
    with _deaf_to_interrupts():
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "uvicorn", *words, *place, "--port", str(port)],
            env={**os.environ, **TEMPORARY},
        )


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """While it lasts, processes are started that Ctrl-C does not reach.

    It is meant for the run, which tells the server how it ended before it stops it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and wait for it."""
    process.terminate()
    try:
        process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _error_of_server() -> Exception | None:
    """Why the server that Prefect is told to use cannot be reached, or nothing."""
    import httpx
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    return error if isinstance(error, httpx.TransportError) else None


def _unreachable(error: Exception) -> Mistake:
    from prefect.settings import get_current_settings

    return Mistake(
        what="no Prefect server answers",
        place=URL,
        found=f"{get_current_settings().api.url}: {error}",
        expected="the address of a server that is running",
        fix=f"start it with: prefect server start; or unset {URL} to do without",
    )
