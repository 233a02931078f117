"""The tables of a version as Parquet files, the same bytes for the same rows."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.archive import ColumnNote, TableNote
from schemas.tables import TABLES, Row
from warehouse.as_of import TRIES, being_run, rows_by_table
from warehouse.projections.columns import Kind, columns_of
from warehouse.projections.ddl import TYPES, create_table
from warehouse.queries.of_version import State, StateOfVersion, tables_of_versions
from warehouse.reader import Reader
from warehouse.schema import migrations
from warehouse.sql import identifier, literal
from warehouse.view_files import view_texts

#: Rows of a row group: few enough to be read with little memory.
GROUP_ROWS = 50_000
SUFFIX = ".parquet"

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "real": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us"),
    "json": pa.string(),
    "texts": pa.list_(pa.string()),
    "spans": pa.list_(pa.struct({"first": pa.int64(), "last": pa.int64()})),
}


def write_tables(
    reading: Reader, version: str, folder: Path, path: Path
) -> tuple[State, tuple[TableNote, ...]]:
    """Writes a file for every table that holds rows of a version; says what they hold.

    Args:
        reading: A reader of the warehouse.
        version: A version on record of which units were planned.
        folder: An empty folder.
        path: The warehouse.

    Raises:
        Mistake: The version is being run, and its rows did not hold still.
    """
    for _ in range(TRIES):
        (state,) = reading.rows(StateOfVersion(version))
        names = [row.table.name for row in tables_of_versions()]
        notes = tuple(
            _written(rows, TABLES[name], folder)
            for name, rows in rows_by_table(reading, names, version)
        )
        if reading.rows(StateOfVersion(version)) == [state]:
            return state, notes
    raise being_run(version, path)


def file_of(row: type[Row]) -> str:
    """The name of a table's file.

    Example:
        >>> from schemas.tables import TABLES
        >>> file_of(TABLES["events"])
        'events.parquet'
    """
    return row.table.name + SUFFIX


def schema_version() -> str:
    """The last migration of the schema.

    Example:
        >>> schema_version() >= "0018_study_inputs"
        True
    """
    last = migrations()[-1]
    return f"{last.number:04d}_{last.name}"


def load_sql(filled: frozenset[str]) -> str:
    """Statements that have DuckDB show the files of an archive as tables, and Agora's views.

    Args:
        filled: Names of the tables that have a file.
    """
    parts = ["-- Shows this archive as tables and views. In this folder: duckdb -init load.sql\n"]
    for row in (*tables_of_versions(), *_left_out()):
        if row.table.name not in filled:
            parts.append(create_table(row))
            continue
        columns = ", ".join(_column(column.name, TYPES[column.kind]) for column in columns_of(row))
        parts.append(
            f"CREATE VIEW {identifier(row.table.name)} AS\nSELECT {columns}\n"
            f"FROM read_parquet({literal(file_of(row))});"
        )
    return "\n\n".join([*parts, *view_texts()])


def left_out() -> tuple[str, ...]:
    """Names of the tables whose rows are part of no version."""
    return tuple(row.table.name for row in _left_out())


def _left_out() -> tuple[type[Row], ...]:
    from schemas.tables import ROWS

    return tuple(row for row in ROWS if row not in tables_of_versions())


def _column(name: str, kind: str) -> str:
    return f"{identifier(name)}::JSON AS {identifier(name)}" if kind == "JSON" else identifier(name)


def _written(rows: pl.DataFrame, row: type[Row], folder: Path) -> TableNote:
    file = folder / file_of(row)
    file.unlink(missing_ok=True)
    if rows.height:
        _write(rows, row, file)
    return TableNote(
        table=row.table.name,
        about=f"One row per {row.table.about}.",
        key=row.table.key,
        columns=tuple(
            ColumnNote(
                name=column.name,
                type=TYPES[column.kind].replace('"', ""),
                may_be_missing=not column.required,
                unit=column.unit,
                about=column.description,
            )
            for column in columns_of(row)
        ),
        rows=rows.height,
        sha256=digest_of(file) if rows.height else None,
    )


def _write(rows: pl.DataFrame, row: type[Row], file: Path) -> None:
    """Everything that decides about bytes stands here, and the version of pyarrow."""
    columns = columns_of(row)
    schema = pa.schema(
        [pa.field(one.name, _ARROW[one.kind], nullable=not one.required) for one in columns]
    )
    with pq.ParquetWriter(
        file, schema, compression="zstd", compression_level=3, version="2.6", store_schema=False
    ) as writer:
        for part in rows.iter_slices(GROUP_ROWS):
            writer.write_table(part.to_arrow().cast(schema), row_group_size=GROUP_ROWS)


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
