"""Whether anything listens at an address."""

from __future__ import annotations

import socket

import pytest

from flows.reaching import reach


@pytest.mark.parametrize(
    "address", ["127.0.0.1:{}", "http://127.0.0.1:{}/api", "tcp://localhost:{}"]
)
def test_it_listens_or_it_does_not(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        reach(address.format(port))
    with pytest.raises(ConnectionRefusedError):
        reach(address.format(port))


@pytest.mark.parametrize("address", ["head", "tcp://head", "tcp://head:1:2", ":6379"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"host and a port|cast to integer"):
        reach(address)
