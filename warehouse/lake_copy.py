"""Copying what a lake holds at one moment to a DuckDB file, which is a warehouse of its own."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from schemas.errors import Mistake
from schemas.tables import ROWS
from warehouse import schema
from warehouse.connection import STORAGE_ERRORS, transaction
from warehouse.lake import LAKE, LakeStorage
from warehouse.sql import identifier, literal
from warehouse.storage import FileStorage

#: Name that a connection has for the copy.
COPY = "copied"


def copy(storage: LakeStorage, target: Path) -> None:
    """Writes a DuckDB file with the tables, rows and views of a lake; the file is not there yet.

    All rows are read in one transaction, so they are those of one moment.

    Args:
        storage: The lake, whose schema is this code's.
        target: The file.

    Raises:
        Mistake: The lake cannot be read, or the file not be written.
    """
    file = FileStorage(target)
    with closing(file.connection()) as made:
        schema.prepare(file.cursor(made), target)
    try:
        with closing(storage.connection(read_only=True)) as opened:
            opened.execute("SET preserve_insertion_order = false")
            opened.execute(f"ATTACH {literal(str(target))} AS {COPY}")
            with transaction(opened):
                for row in ROWS:
                    table = identifier(row.table.name)
                    columns = ", ".join(map(identifier, row.model_fields))
                    opened.execute(
                        f"INSERT INTO {COPY}.{table} BY NAME SELECT {columns} FROM {LAKE}.{table}"
                    )
            opened.execute(f"DETACH {COPY}")
    except STORAGE_ERRORS as error:
        raise Mistake(
            what="the lake could not be copied",
            place=str(target),
            found=str(error).splitlines()[0],
            fix="see that PostgreSQL answers and that the data folder is there, and make room on "
            "the disk of the copy",
        ) from error
