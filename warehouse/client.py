"""Asking the process that owns a warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.errors import Mistake
from warehouse.address import Address, address_file
from warehouse.connection import Locked, quiet
from warehouse.extensions import load_extension
from warehouse.statements import Answer, answer, confine, outside


def remote_answer(path: Path, statement: str, limit: int | None, locked: Locked) -> Answer:
    """The answer of the server of a warehouse that another process has open.

    Args:
        path: The warehouse.
        statement: A SELECT-like statement.
        limit: Rows to return, at most.
        locked: What opening the file said.

    Raises:
        Locked: The owner does not serve the warehouse.
        Mistake: The statement is wrong, or the server refuses it.
    """
    address = Address.of(path)
    if address is None:
        raise locked
    asking = quiet(
        duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_persistent_secrets": False,
            }
        )
    )
    try:
        for extension in ("httpfs", "quack"):
            load_extension(asking, extension)
        confine(asking)
        remote = "FROM quack_query($1, $2, token => $3, disable_ssl => true)"
        try:
            return answer(asking, remote, limit, [address.uri, statement, address.token])
        except Mistake as mistake:
            raise _told(mistake, path, locked) from mistake
    finally:
        asking.close()


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
            found="something other than reading",
            expected="one statement that reads",
        )
    return Mistake(**{**mistake.details, "found": found})
