"""Asking the process that owns a warehouse."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from warehouse.address import Address, address_file
from warehouse.connection import Locked, quiet
from warehouse.extensions import load_extension
from warehouse.sql import literal
from warehouse.statements import SQL, Answer, answer, confine, outside

#: From opening a warehouse to serving it, its owner takes no longer.
SERVING_S = 3.0


class Client:
    """A connection to the server of a warehouse that another process has open.

    Args:
        path: The warehouse.
        locked: What opening the file said.

    Raises:
        Locked: The owner does not serve the warehouse.
    """

    def __init__(self, path: Path, locked: Locked) -> None:
        address = _address_soon(path)
        if address is None:
            raise locked
        self._path, self._locked, self._address = path, locked, address
        self._connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_persistent_secrets": False,
            }
        )
        for extension in ("httpfs", "quack"):
            load_extension(self._connection, extension)
        # In a variable, the token stands in no statement that a message could quote.
        self._connection.execute(f"SET VARIABLE token = {literal(address.token)}")
        confine(quiet(self._connection))

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """The server's answer to a SELECT-like statement, at most so many rows.

        Raises:
            Locked: The server does not know this client's token, or is gone.
            Mistake: The statement is wrong, or the server refuses it.
        """
        remote = (
            f"FROM quack_query({literal(self._address.uri)}, {literal(statement)}, "
            "token => getvariable('token'), disable_ssl => true)"
        )
        try:
            return answer(self._connection, remote, limit)
        except Mistake as mistake:
            raise _told(mistake, self._path, self._locked) from mistake

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def _address_soon(path: Path) -> Address | None:
    """The address of the owner, waited for a little: it opens the file before it serves it."""
    until = time.monotonic() + SERVING_S
    while (address := Address.of(path)) is None and time.monotonic() < until:
        time.sleep(0.05)
    return address


def _told(mistake: Mistake, path: Path, locked: Locked) -> Mistake:
    """The mistake without the words about how the server was asked."""
    found = mistake.details["found"].split("\n\nLINE 1: FROM quack_query")[0]
    found = found.removeprefix("Invalid Input Error: ")
    if "Could not connect" in found or "Authentication failed" in found:
        return Locked(**{**locked.details, "fix": f"{address_file(path)} is stale: remove it"})
    if "file system operations are disabled" in found:
        return outside(found)
    if "Authorization failed" in found:
        return Mistake(
            what="the warehouse's server refused the statement",
            place=SQL,
            found="something other than reading",
            expected="one statement that reads",
        )
    return Mistake(**{**mistake.details, "found": found})
