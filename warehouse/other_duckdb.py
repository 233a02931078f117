"""Statements by which any DuckDB, such as its shell, asks a warehouse that may be in use."""

from __future__ import annotations

from pathlib import Path

from warehouse.address import Address, address_file
from warehouse.client import met
from warehouse.reading import selection
from warehouse.sql import literal
from warehouse.wire import OwnerGone


def statements_elsewhere(path: Path, sql: str) -> str:
    """What to type into another DuckDB to have a warehouse answer a SELECT-like statement.

    Where a process owns the warehouse, it is asked; the token is read from its file and stands in
    no statement. Else the file is opened for reading: as long as it is, no run can begin.

    Args:
        path: The warehouse.
        sql: The statement.

    Raises:
        Mistake: It does anything but read.
    """
    statement, file = selection(sql), path.resolve()
    try:
        address = Address.of(path)
        if address is None:
            raise OwnerGone(f"nobody serves {path}")
        met(address).close()
    except OwnerGone:
        return f"ATTACH {literal(str(file))} AS agora (READ_ONLY);\nUSE agora;\n{statement};"
    return (
        "LOAD httpfs;\nLOAD quack;\n"
        "SET VARIABLE agora_token = "
        f"(SELECT token FROM read_json({literal(str(address_file(file)))}, format => 'auto'));\n"
        f"FROM quack_query({literal(address.uri)}, {literal(statement)}, "
        "token => getvariable('agora_token'), disable_ssl => true);"
    )
