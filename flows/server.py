"""The Prefect server that records a run: the one that is configured, or a temporary one."""

from __future__ import annotations

import atexit
import http.client
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from flows.reaching import reach
from flows.settings import AUTH, URL, server_configured
from schemas.errors import Mistake
from warehouse.child_process import ChildProcess

#: The first start of a server, which makes its database, takes long on a slow machine.
STARTUP_S = 120.0
#: What Prefect still has to write down at the end is waited for.
ENDING_S = 6.0
#: A configured server that nobody reaches for so long has gone for good; a restart is quicker.
AWAY_S = 60.0
#: How often Prefect asks a server again that does not answer.
RETRIES = "PREFECT_CLIENT_MAX_RETRIES"
LOOPBACK = "127.0.0.1"
#: Lines that are quoted of what a server said that did not start.
LAST_LINES = 3


#: Addresses of servers that this process started for itself.
_TEMPORARY: set[str] = set()


def is_temporary(address: str) -> bool:
    """Whether a server at an address ends with this process, which started it."""
    return address in _TEMPORARY


class StartingServer:
    """A server that is starting in the background, where no other one is configured.

    Starting takes seconds in a process of its own; what this process imports and plans meanwhile
    costs no extra time. The server listens on loopback, answers only who shows a secret that this
    process made, and ends when this process does, however it ends. Make one before Prefect is
    imported: Prefect then finds its address and the secret in the environment.
    """

    def __init__(self) -> None:
        self._child: ChildProcess | None = None
        if server_configured():
            return
        secret = secrets.token_urlsafe(32)
        with socket.create_server((LOOPBACK, 0)) as listening:
            descriptor = listening.fileno()
            self._port = int(listening.getsockname()[1])
            self._child = ChildProcess("flows.server_process", [str(descriptor)], [descriptor])
        self._child.stdin.write(f"{secret}\n".encode())
        self._child.stdin.flush()
        address = f"http://{LOOPBACK}:{self._port}/api"
        _TEMPORARY.add(address)
        os.environ |= {URL: address, AUTH: secret}
        _read_settings_again()
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """Number of the server's process, if one was started."""
        return self._child.pid if self._child else None

    def ready(self) -> None:
        """Wait until the server answers.

        Raises:
            Mistake: It did not start, or another one is configured and nothing answers there.
        """
        if self._child is None:
            refuse_unreachable()
            return
        # Whoever connects waits until the server has started, since the socket listens already.
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=STARTUP_S)
        try:
            connection.request("GET", "/api/health")
            healthy = connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            healthy = False
        finally:
            connection.close()
        if not healthy:
            said = self._child.last_words() if self._child.ended else "it does not answer"
            raise Mistake(
                what="Prefect's temporary server did not start",
                place=os.environ.get("PREFECT_HOME", "~/.prefect"),
                found="; ".join(said.strip().splitlines()[-LAST_LINES:]) or "it was ended",
                fix="see that this folder can be written and its disk has room, or name another "
                f"server by {URL}",
            )

    def watch(self, on_end: Callable[[Mistake], object]) -> None:
        """Have a function called, in a thread of its own, if the server goes away for good.

        A temporary server has gone when its process has ended before it is closed, a configured one
        when nobody has answered at its address for a while. What Prefect still asks of it then
        fails at once. What it cannot log there, it keeps from standard error, from now on.

        Args:
            on_end: Is handed what happened.
        """
        logging.raiseExceptions = False
        from prefect.settings import get_current_settings

        if self._child is None:
            watch = partial(_watch_address, str(get_current_settings().api.url))
        else:
            watch = partial(self._watch, self._child)
        threading.Thread(target=watch, args=(on_end,), daemon=True).start()

    def _watch(self, child: ChildProcess, on_end: Callable[[Mistake], object]) -> None:
        child.wait()
        if self._child is not None:
            _give_up(os.environ.get(URL, URL), f"its process {child.pid} has ended", on_end)

    def close(self) -> None:
        """End the server, if one was started."""
        if self._child is None:
            return
        atexit.unregister(self.close)
        child, self._child = self._child, None
        child.close(ENDING_S)
        for name in (URL, AUTH):
            os.environ.pop(name, None)
        _read_settings_again()


def _watch_address(address: str, on_end: Callable[[Mistake], object]) -> None:
    away_since_s: float | None = None
    while True:
        time.sleep(AWAY_S / 12)
        found, now_s = _unreachable(address), time.monotonic()
        away_since_s = (away_since_s or now_s) if found else None
        if away_since_s is not None and now_s - away_since_s >= AWAY_S:
            _give_up(address, f"{found}, for {AWAY_S:g} s", on_end)
            return


def _unreachable(address: str) -> str:
    """Why nobody can be reached at an address; nothing where somebody can."""
    try:
        reach(address)
    except OSError as error:
        return str(error)
    return ""


def _give_up(address: str, found: str, on_end: Callable[[Mistake], object]) -> None:
    os.environ[RETRIES] = "0"
    _read_settings_again()
    on_end(_gone(address, found))


def _read_settings_again() -> None:
    """Have Prefect see the environment as it is now, if it has been imported."""
    if (context := sys.modules.get("prefect.context")) is not None:
        context.refresh_global_settings_context()


@contextmanager
def server_needed() -> Iterator[None]:
    """A context in which Prefect's server is needed.

    What the gateway asks of models never raises these errors.

    Raises:
        Mistake: The server has gone.
    """
    import httpx

    try:
        yield
    except httpx.TransportError as error:
        raise _gone(os.environ.get(URL, URL), str(error)) from error


def _gone(address: str, found: str) -> Mistake:
    return Mistake(
        what="Prefect's server does not answer any more",
        place=address,
        found=found,
        expected="a server that lives as long as the run",
        fix="run the study again to continue; finished work and the answers so far are kept",
    )


def refuse_unreachable() -> None:
    """Refuse a configured server where nothing answers.

    Raises:
        Mistake: Nothing does.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    if isinstance(error, httpx.TransportError):
        raise Mistake(
            what="no Prefect server answers",
            place=URL,
            found=f"{get_current_settings().api.url}: {error}",
            expected="the address of a server that is running",
            fix=f"start it with: prefect server start; agora run does without if you unset {URL}",
        )
