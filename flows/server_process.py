"""The process of the temporary Prefect server: ``python -m flows.server_process DESCRIPTOR``.

It serves on a socket that its parent has opened under that number. The first line of its standard
input is the secret that every request must show; nothing else of it stands anywhere. When its
input ends it ends, too.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from typing import IO

#: What Prefect writes down is given so long when the parent is gone.
ENDING_S = 4.0


def _end_with(stream: IO[bytes]) -> None:
    """At the end of a stream, end this process in good order, or after a while without."""
    while stream.read(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDING_S)
    os._exit(1)


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
    }
    threading.Thread(target=_end_with, args=(stream,), daemon=True).start()

    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(
        create_app, factory=True, log_level="error", lifespan="on", timeout_graceful_shutdown=2
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
