"""Letting other processes of this user read a warehouse that this process owns.

The server is DuckDB's Quack extension on a loopback address. It answers whoever shows the token of
the file ``<warehouse>.server``, and only statements that read (see ``reading``); the process gives
up its access to other files for as long as it lives.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from schemas.errors import Mistake
from warehouse.address import Address, free_port
from warehouse.extensions import load_extension
from warehouse.reading import selection
from warehouse.sql import literal
from warehouse.store import Warehouse

_LOG = logging.getLogger(__name__)
_PORTS_TRIED = 20


@contextmanager
def serving(warehouse: Warehouse) -> Iterator[Address]:
    """Serves an open warehouse while the context lasts; gives the address.

    From the first use on, the warehouse's connection reaches no other file (``COPY``, ``ATTACH``,
    ``read_csv``) until it is closed.

    Raises:
        OSError: No free port was found on the loopback address.
    """
    cursor = warehouse.own_cursor()
    try:
        for extension in ("httpfs", "quack"):
            load_extension(cursor, extension)
        cursor.execute("SET enable_external_access = false")
        _authorise(cursor)
        address = _listening(cursor)
        try:
            address.write(warehouse.path)
            _LOG.info("serving %s at %s", warehouse.path, address.uri)
            yield address
        finally:
            address.remove(warehouse.path)
            cursor.execute(f"FROM quack_stop({literal(address.uri)})").fetchall()
    finally:
        cursor.close()


def may_run(statement: str) -> bool:
    """Whether the server runs a statement: one that only reads.

    Example:
        >>> may_run("SELECT 1"), may_run("DROP TABLE events"), may_run("FROM quack_stop('x')")
        (True, False, False)
    """
    try:
        selection(statement)
    except Mistake:
        return False
    return True


def _authorise(cursor: duckdb.DuckDBPyConnection) -> None:
    """Has every statement of a client judged by :func:`may_run`, as long as the cursor is open."""
    name = f"agora_may_run_{secrets.token_hex(8)}"
    cursor.create_function(
        name, lambda session, statement: may_run(statement), ["VARCHAR", "VARCHAR"], "BOOLEAN"
    )
    cursor.execute(f"SET GLOBAL quack_authorization_function = '{name}'")


def _listening(cursor: duckdb.DuckDBPyConnection) -> Address:
    token = secrets.token_hex(32)
    for _ in range(_PORTS_TRIED):
        address = Address(f"quack:127.0.0.1:{free_port()}", token, os.getpid())
        try:
            listen = f"quack_serve({literal(address.uri)}, token => {literal(address.token)})"
            cursor.execute(f"FROM {listen}").fetchall()
        except duckdb.Error as error:
            _LOG.info("%s cannot be used: %s", address.uri, error)
            continue
        return address
    raise OSError(f"no port of 127.0.0.1 could be listened on in {_PORTS_TRIED} attempts")
