"""Rows of a Parquet file that a stranger may have made, read within a limit of memory.

A file can be small and its rows large, and what it says of its own sizes can be a lie. DuckDB takes
the memory in which it decodes pages out of its limit, and says so where that does not suffice. What
the texts of a group of rows come to is found out before any of them is handed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb
import polars as pl
import pyarrow as pa

from warehouse.archives.writing import GROUP_ROWS
from warehouse.connection import quiet
from warehouse.projections.columns import Column
from warehouse.sql import identifier, literal

#: Memory in MB in which pages are decoded.
DECODING_MB = 1024
#: Bytes that a group of rows may take, at most.
MOST_GROUP_BYTES = 2**30
_ROW = "file_row_number"


class Unreadable(Exception):
    """A file cannot be read; says what is wrong with it, and what was expected."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected


@contextmanager
def decoding() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads Parquet files within :data:`DECODING_MB`, and keeps nothing."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{DECODING_MB}MB",
        "threads": 1,
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # Another file may come under the same name, which is that of an open file.
        "enable_external_file_cache": False,
    }
    with closing(quiet(duckdb.connect(":memory:", config=config))) as reading:
        yield reading


def parquet_rows(
    reading: duckdb.DuckDBPyConnection, file: str, columns: tuple[Column, ...], n_rows: int
) -> Iterator[pl.DataFrame]:
    """The rows of a file, :data:`GROUP_ROWS` at a time.

    Args:
        reading: See :func:`decoding`.
        file: Path of the file.
        columns: The columns that it must have.
        n_rows: The rows that it must have.

    Raises:
        Unreadable: It is no Parquet file, is damaged, has others, or takes too much memory.
    """
    try:
        _refuse_other(reading, file, [column.name for column in columns], n_rows)
        _refuse_large(reading, file, columns)
        found = reading.execute(f"FROM read_parquet({literal(file)})")
        for batch in found.fetch_record_batch(GROUP_ROWS):
            rows = pl.from_arrow(pa.Table.from_batches([batch]))
            assert isinstance(rows, pl.DataFrame)
            yield rows
    except (duckdb.Error, pa.ArrowException, MemoryError) as error:
        found_words = str(error).strip().splitlines() or ["no memory"]
        raise Unreadable(found_words[0], "a Parquet file of Agora") from error


def _refuse_other(
    reading: duckdb.DuckDBPyConnection, file: str, names: list[str], n_rows: int
) -> None:
    """Refuse a file of other columns or another number of rows."""
    described = reading.execute(f"DESCRIBE FROM read_parquet({literal(file)})").fetchall()
    there = [str(name) for name, *_ in described]
    if there != names:
        raise Unreadable(", ".join(there[:60]), ", ".join(names))
    ((n_there,),) = reading.execute(
        f"SELECT count(*) FROM read_parquet({literal(file)})"
    ).fetchall()
    if n_there != n_rows:
        raise Unreadable(f"{n_there} rows", f"{n_rows} rows")


def _refuse_large(
    reading: duckdb.DuckDBPyConnection, file: str, columns: tuple[Column, ...]
) -> None:
    """Refuse a file whose groups of rows are large, or texts of which come to much."""
    most = f"at most {GROUP_ROWS} rows and {MOST_GROUP_BYTES} bytes in one"
    groups = reading.execute(
        "SELECT coalesce(max(row_group_num_rows), 0), coalesce(max(row_group_bytes), 0) "
        f"FROM parquet_metadata({literal(file)})"
    ).fetchall()
    if groups[0][0] > GROUP_ROWS or groups[0][1] > MOST_GROUP_BYTES:
        raise Unreadable("row groups that are too large", most)
    lengths = [_bytes(column) for column in columns if column.kind in _TEXTS]
    if not lengths:
        return
    ((largest,),) = reading.execute(
        f"SELECT max(bytes) FROM (SELECT sum({' + '.join(lengths)}) AS bytes "
        f"FROM read_parquet({literal(file)}, {_ROW} = true) GROUP BY {_ROW} // {GROUP_ROWS})"
    ).fetchall()
    if (largest or 0) > MOST_GROUP_BYTES:
        raise Unreadable("texts that are too large", most)


_TEXTS = frozenset({"text", "json", "texts"})


def _bytes(column: Column) -> str:
    """What a text, or all texts of a list, come to in a row."""
    name = identifier(column.name)
    of_list = f"list_sum([strlen(one) FOR one IN {name}])"
    return f"coalesce({of_list if column.kind == 'texts' else f'strlen({name})'}, 0)"
