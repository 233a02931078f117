"""The process of the temporary Prefect server: ``python -m flows.server_process DESCRIPTOR``.

It serves on a socket that its parent has opened under that number. The first line of its standard
input is the secret that every request must show; nothing else of it stands anywhere. When its
input ends it ends, too.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

#: What Prefect writes down is given so long when the parent is gone.
ENDING_S = 4.0

#: Prefixes of what a run asks the server for. With the first request FastAPI makes ready all routes
#: that stand before the one that is asked for.
ASKED = (
    *("/csrf-token", "/admin", "/flows", "/flow_runs", "/task_runs", "/logs", "/artifacts"),
    *("/events", "/v2/concurrency_limits"),
)


def _end_with(stream: IO[bytes]) -> None:
    """At the end of a stream, end this process in good order, or after a while without."""
    while stream.read(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDING_S)
    os._exit(1)


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """While it lasts, no other server of ours starts on Prefect's folder."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "agora-server.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def put_first_what_is_asked(server: Any) -> None:
    """Change the order of the routers of Prefect's server; all of them stay."""
    last = len(ASKED)
    server.API_ROUTERS = sorted(
        server.API_ROUTERS,
        key=lambda router: ASKED.index(router.prefix) if router.prefix in ASKED else last,
    )


def main() -> None:
    """Serve until the input ends."""
    os.dup2(2, 1)  # nobody reads the output
    os.umask(0o077)  # what a server stores is for its user only
    stream = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - open until the end
    os.environ |= {
        "PREFECT_SERVER_API_AUTH_STRING": stream.readline().decode().strip(),
        "PREFECT_SERVER_API_BASE_PATH": "/api",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        # Whoever stores a block puts its type on record. To look for types that nobody uses,
        # Prefect would import its integrations, and Dask with them.
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    }
    threading.Thread(target=_end_with, args=(stream,), daemon=True).start()

    gc.disable()  # imports make much that stays, and nothing to collect
    import uvicorn
    from prefect.server.api import server
    from prefect.settings import get_current_settings

    gc.freeze()
    gc.enable()

    put_first_what_is_asked(server)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            # Servers of runs that start together would make one database at the same time.
            with _turn(get_current_settings().home):
                await super().startup(sockets)

    config = uvicorn.Config(
        server.create_app,
        factory=True,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
