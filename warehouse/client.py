"""Asking the process that owns a warehouse: its server answers queries."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from warehouse.address import Address
from warehouse.connection import quiet
from warehouse.extensions import load_installed
from warehouse.sql import literal
from warehouse.statements import (
    BATCH_ROWS,
    SQL,
    Answer,
    Batches,
    answer,
    enclose,
    outside,
    sql_mistake,
)
from warehouse.wire import PROOF_S, OwnerGone, introduce


def met(address: Address) -> socket.socket:
    """A connection to the owner of a warehouse, who has proved to be it.

    Raises:
        OwnerGone: Nobody who knows the token answers at the address.
    """
    try:
        connection = socket.create_connection((address.host, address.port), timeout=PROOF_S)
    except OSError as error:
        raise OwnerGone(str(error)) from error
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        introduce(connection, address.token)
    except OSError as error:
        connection.close()
        raise OwnerGone(str(error)) from error
    return connection


class Client:
    """Asks the server of a warehouse that another process has open.

    Its methods may be called from several threads.

    Args:
        path: The warehouse.

    Raises:
        OwnerGone: There is no address on file, or its owner does not answer.
    """

    def __init__(self, path: Path) -> None:
        address = Address.of(path)
        if address is None:
            raise OwnerGone(f"no process says where it serves {path}")
        met(address).close()
        self.address = address

    def answer(self, statement: str, limit: int | None = None) -> Answer:
        """The server's answer to a SELECT-like statement, at most so many rows.

        Raises:
            OwnerGone: The owner went away before it had answered.
            Mistake: The statement is wrong, or the server refuses it.
        """
        with self._cursor() as cursor:
            try:
                return answer(cursor, self._asking(statement), limit)
            except Mistake as mistake:
                self._refuse_gone()
                raise _told(mistake) from mistake

    @contextmanager
    def batches(self, statement: str) -> Iterator[Batches]:
        """The rows of a statement; all of them are here before the first part.

        Raises:
            OwnerGone: The owner went away before it had answered.
            Mistake: The statement is wrong, or the server refuses it.
        """
        with self._cursor() as cursor:
            try:
                table = cursor.sql(self._asking(statement)).to_arrow_table()
            except duckdb.Error as error:
                self._refuse_gone()
                raise _told(sql_mistake(error)) from error
        yield Batches(table.schema, iter(table.to_batches(BATCH_ROWS)))

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor that may ask the server."""
        cursor = quiet(_asking_connection().cursor())
        try:
            # In a variable, the token stands in no statement that a message could quote.
            cursor.execute(f"SET VARIABLE token = {literal(self.address.token)}")
            yield cursor
        finally:
            cursor.close()

    def _asking(self, statement: str) -> str:
        """The statement by which a cursor asks the server for the answer to another."""
        return (
            f"FROM quack_query({literal(self.address.uri)}, {literal(statement)}, "
            "token => getvariable('token'), disable_ssl => true)"
        )

    def _refuse_gone(self) -> None:
        """Makes sure that the owner is there: else what failed says nothing of the statement.

        Raises:
            OwnerGone: It is not.
        """
        met(self.address).close()


@cache
def _asking_connection() -> duckdb.DuckDBPyConnection:
    """A connection to an empty database, whose cursors ask servers and reach nothing else.

    There is one for all servers, since making it takes longer than most queries.
    """
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_persistent_secrets": False,
            "allow_unsigned_extensions": True,
        }
    )
    load_installed(connection, "httpfs", "quack")
    enclose(connection)
    return connection


def _told(mistake: Mistake) -> Mistake:
    """The mistake without the words about how the server was asked."""
    found = mistake.details["found"].split("\n\nLINE 1: FROM quack_query")[0]
    found = found.removeprefix("Invalid Input Error: ")
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
