"""Columns of CSV and Parquet files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from schemas.errors import Mistake, nearest
from tasks.files import MAX_DATA_BYTES, bytes_of


def columns_of_file(path: Path, shown: str, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Columns of a table as texts, exactly as they stand there.

    Args:
        path: A file that ends in .csv or .parquet.
        shown: How messages name it.
        names: The columns.

    Raises:
        Mistake: It cannot be read, or has no such column.
    """
    content = bytes_of(path, shown, MAX_DATA_BYTES)
    try:
        held = _schema(path.suffix, content, shown)
        missing = [name for name in names if name not in held]
        if missing:
            close = nearest(missing[0], held)
            raise Mistake(
                what=f"the file has no column {missing[0]}",
                place=shown,
                found="columns " + ", ".join(held[:20]) + (", ..." if len(held) > 20 else ""),
                fix=f"write {close}" if close else "",
            )
        frame = (
            pl.read_parquet(content, columns=list(names))
            if path.suffix == ".parquet"
            else pl.read_csv(content, columns=list(names), infer_schema=False)
        )
        frame = frame.select(pl.col(name).cast(pl.String).fill_null("") for name in names)
    except PolarsError as error:
        raise Mistake(
            what="the file cannot be read as a table",
            place=shown,
            found=str(error).splitlines()[0][:200],
        ) from None
    return {name: tuple(frame[name].to_list()) for name in names}


def _schema(suffix: str, content: bytes, shown: str) -> list[str]:
    if suffix == ".parquet":
        return list(pl.read_parquet_schema(io.BytesIO(content)))
    if suffix == ".csv":
        return pl.read_csv(content, n_rows=0, infer_schema=False).columns
    raise Mistake(
        what="not a file of rows",
        place=shown,
        found=suffix or "no suffix",
        expected=".csv or .parquet",
    )
