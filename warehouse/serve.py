"""Letting other processes of this user read and write a warehouse that this process owns.

Queries are answered by DuckDB's Quack extension on a loopback address. It answers whoever shows
the token of the file ``<warehouse>.server``, and only statements that read (see ``reading``); the
process gives up its access to other files for as long as it lives. Requests to write have a port of
their own (see ``write_server``) and the same token.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from schemas.errors import Mistake
from warehouse.address import Address, free_port
from warehouse.connection import STORAGE_ERRORS
from warehouse.extensions import load_installed
from warehouse.reading import selection
from warehouse.sql import literal
from warehouse.store import Warehouse
from warehouse.write_server import LOOPBACK, WriteServer

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
        load_installed(cursor, "httpfs", "quack")
        cursor.execute("SET enable_external_access = false")
        _authorise(cursor)
        token = secrets.token_hex(32)
        uri = _listening(cursor, token)
        try:
            with WriteServer(warehouse, token) as writing:
                address = Address(uri, writing.port, token, os.getpid())
                address.write(warehouse.path)
                _LOG.info("serving %s at %s", warehouse.path, address.uri)
                try:
                    yield address
                finally:
                    address.remove(warehouse.path)
        finally:
            with suppress(*STORAGE_ERRORS):  # after a fault of the file it ends with the connection
                cursor.execute(f"FROM quack_stop({literal(uri)})").fetchall()
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


def _listening(cursor: duckdb.DuckDBPyConnection, token: str) -> str:
    """Where the server of queries listens."""
    for _ in range(_PORTS_TRIED):
        uri = f"quack:{LOOPBACK}:{free_port()}"
        try:
            listen = f"quack_serve({literal(uri)}, token => {literal(token)})"
            cursor.execute(f"FROM {listen}").fetchall()
        except duckdb.Error as error:
            _LOG.info("%s cannot be used: %s", uri, error)
            continue
        return uri
    raise OSError(f"no port of {LOOPBACK} could be listened on in {_PORTS_TRIED} attempts")
