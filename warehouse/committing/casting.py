"""Frames cast to a table's schema without changing what they say.

A cast that would lose or invent information (a fraction to a whole number, a number to a text) is
refused, as pydantic refuses it of a mapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from warehouse.projections.columns import Column


def cast_frame(
    frame: pl.DataFrame, columns: Sequence[Column], schema: pl.Schema
) -> tuple[pl.DataFrame, dict[int, str]]:
    """The frame with the columns of a schema, and reasons by number for rows that do not fit."""
    refused: dict[int, str] = {}
    every = range(len(frame))
    unknown = [name for name in frame.columns if name not in schema]
    if unknown:
        refused.update(dict.fromkeys(every, f"unknown column {unknown[0]}"))
    cast: list[pl.Series] = []
    for column in columns:
        wanted = schema[column.name]
        if column.name in frame.columns:
            series, bad, reason = _cast(frame[column.name], wanted)
            numbers: Sequence[int] = bad
        else:
            series = pl.Series(column.name, [_default(column)] * len(frame), dtype=wanted)
            numbers, reason = ([], "") if column.has_default else (every, "Field required")
        for number in numbers:
            refused.setdefault(number, f"{column.name}: {reason}")
        cast.append(series)
    return pl.DataFrame(cast), refused


def _default(column: Column) -> Any:
    return "{}" if column.kind == "json" and column.default is not None else column.default


_HARMLESS: tuple[tuple[Any, Any], ...] = (
    (pl.String, (pl.Categorical, pl.Enum)),
    (pl.Datetime, (pl.Datetime, pl.Date)),
)


def _cast(series: pl.Series, wanted: pl.DataType) -> tuple[pl.Series, list[int], str]:
    """The series of the wanted type, numbers of values that do not fit, and why."""
    name, found = series.name, series.dtype
    if found == wanted:
        return series, [], ""
    if not _compatible(found, wanted):
        empty = pl.Series(name, [None] * len(series), dtype=wanted)
        return empty, list(range(len(series))), f"expected {wanted}, found {found}"
    if isinstance(found, pl.Datetime) and found.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    cast = series.cast(wanted, strict=False)
    lost = series.is_not_null() & cast.is_null()
    if found.is_float() and wanted.is_integer():
        lost = lost | (cast.cast(found) != series).fill_null(False)
    return cast, lost.arg_true().to_list(), f"expected {wanted}, found a value that is none"


def _compatible(found: pl.DataType, wanted: pl.DataType) -> bool:
    """Whether a cast keeps what values say, those that do not fit apart."""
    if isinstance(found, pl.Null) or found == wanted:
        return True
    if isinstance(found, pl.List) and isinstance(wanted, pl.List):
        return _compatible(_dtype(found.inner), _dtype(wanted.inner))
    if isinstance(found, pl.Struct) and isinstance(wanted, pl.Struct):
        mine, theirs = dict(found), dict(wanted)
        return mine.keys() == theirs.keys() and all(
            _compatible(_dtype(mine[name]), _dtype(theirs[name])) for name in theirs
        )
    if wanted.is_numeric():
        return found.is_numeric()
    return any(isinstance(wanted, to) and isinstance(found, of) for to, of in _HARMLESS)


def _dtype(dtype: Any) -> pl.DataType:
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made
