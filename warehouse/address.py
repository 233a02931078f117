"""Where the process that owns a warehouse can be asked: the file ``<warehouse>.server``.

The file is no more than a hint: it outlives a process that was killed. The lock on the warehouse's
file says whether somebody owns it; proof of the token says whether its owner is at this address.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from schemas.errors import Mistake


@dataclass(frozen=True)
class Address:
    """The servers of a warehouse.

    Attributes:
        uri: Where queries are answered.
        port: Where requests to write are answered, on the same host.
        token: What a client must show.
        pid: The process.
    """

    uri: str
    port: int
    token: str
    pid: int

    def __repr__(self) -> str:
        return f"Address(uri={self.uri!r}, port={self.port}, pid={self.pid})"

    @property
    def host(self) -> str:
        """The host that it listens on.

        Example:
            >>> Address("quack:127.0.0.1:4000", 4001, "secret", 1).host
            '127.0.0.1'
        """
        return self.uri.split(":")[1]

    @classmethod
    def of(cls, warehouse: Path) -> Self | None:
        """The address on file, or nothing where there is none that this user may read."""
        try:
            found = json.loads(address_file(warehouse).read_text())
            port, pid = int(found["port"]), int(found["pid"])
            return cls(str(found["uri"]), port, str(found["token"]), pid)
        except (FileNotFoundError, PermissionError, ValueError, KeyError, TypeError):
            return None

    def write(self, warehouse: Path) -> None:
        """Puts the address on file, readable by this user only, in place of any other.

        Raises:
            Mistake: The file cannot be written.
        """
        file = address_file(warehouse)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                json.dump(asdict(self), stream)
            draft.replace(file)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise Mistake(
                what="where the warehouse is served cannot be written down",
                place=str(file),
                found=error.strerror or str(error),
                fix="make room on its disk, or give write access to its folder, and run again",
            ) from error

    def remove(self, warehouse: Path) -> None:
        """Takes the address off file, if it is still the one there and may be taken away."""
        if Address.of(warehouse) == self:
            with suppress(OSError):
                address_file(warehouse).unlink()


def address_file(warehouse: Path) -> Path:
    """The file that holds the address of a warehouse's servers.

    Example:
        >>> address_file(Path("agora.duckdb")).name
        'agora.duckdb.server'
    """
    return warehouse.with_name(warehouse.name + ".server")


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
