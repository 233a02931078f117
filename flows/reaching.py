"""Whether anything listens at an address."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

#: A machine that says nothing at all is waited for so long.
ANSWER_S = 10.0
#: Ports of addresses that name none.
PORTS = {"http": 80, "https": 443}


def reach(address: str) -> None:
    """See that something listens at an address.

    Args:
        address: It, with or without a scheme, such as ``head:6379`` or ``http://127.0.0.1/api``.

    Raises:
        OSError: Nothing does.
        ValueError: It is no address, or has no port.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    port = parts.port or PORTS.get(parts.scheme)
    if parts.hostname is None or port is None:
        raise ValueError("an address has a host and a port")
    socket.create_connection((parts.hostname, port), timeout=ANSWER_S).close()
