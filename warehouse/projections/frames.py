"""Polars schemas of the tables, frames made of rows, and the bounds of columns as expressions.

JSON columns are documents in text: ``str`` in Polars, ``JSON`` in DuckDB.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import polars as pl

from schemas.tables import Row
from warehouse.projections.columns import INTEGER_RANGE, Column, Kind, columns_of

DTYPES: dict[Kind, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "real": pl.Float64(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us"),
    "json": pl.String(),
    "texts": pl.List(pl.String()),
    "spans": pl.List(pl.Struct({"first": pl.Int64(), "last": pl.Int64()})),
}


#: PostgreSQL, which keeps rows of lakes, has no such texts.
_NUL = "a string with a NUL character"


@cache
def frame_schema(row: type[Row]) -> pl.Schema:
    """The Polars schema of a table.

    Example:
        >>> from schemas.tables import TABLES
        >>> frame_schema(TABLES["exposures"])["seat"]
        String
    """
    return pl.Schema({column.name: DTYPES[column.kind] for column in columns_of(row)})


def document(value: Mapping[str, Any]) -> str:
    """A JSON object as text.

    Raises:
        ValueError: It holds something that JSON cannot say: not a number, infinity, a key that is
            no text, a value of another type.

    Example:
        >>> document({"a": [1, None]})
        '{"a":[1,null]}'
    """
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        raise ValueError(f"no JSON: {error}") from error
    if b"null" in text and not _finite(value):
        raise ValueError("no JSON: a number in it is not finite")
    return text.decode()


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, Mapping):
        return all(_finite(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_finite(item) for item in value)
    return True


def cell(column: Column, value: Any) -> Any:
    """A validated value as it goes into a frame.

    Raises:
        ValueError: The column cannot hold it: not JSON, beyond 64 bits, not Unicode.
    """
    if value is None:
        return None
    if column.kind == "json":
        return document(value)
    if column.kind == "time":
        return naive_utc(value)
    if column.kind == "spans":
        return [{"first": _whole(span.first), "last": _whole(span.last)} for span in value]
    if column.kind == "integer":
        return _whole(value)
    for text in {"text": [value], "texts": value}.get(column.kind, ()):
        _whole_characters(text)
    return value


def _whole_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a string with half a character (a lone surrogate)") from error
    if "\0" in text:
        raise ValueError(_NUL)


def _whole(value: int) -> int:
    if not INTEGER_RANGE[0] <= value <= INTEGER_RANGE[1]:
        raise ValueError("a whole number beyond 64 bits")
    return value


def naive_utc(time: dt.datetime) -> dt.datetime:
    """A time in UTC without a zone; a time without a zone is taken to be UTC already."""
    return time if time.tzinfo is None else time.astimezone(dt.UTC).replace(tzinfo=None)


def frame_of(row: type[Row], models: Sequence[Row]) -> pl.DataFrame:
    """Validated rows as a frame of the table's schema.

    Raises:
        ValueError: A column cannot hold a value; see :func:`cell`.
    """
    data = {}
    plain = {"text", "real", "boolean", "texts"}
    for column in columns_of(row):
        values = [model.__dict__[column.name] for model in models]
        if column.kind not in plain:
            values = [cell(column, value) for value in values]
        data[column.name] = values
    frame = pl.DataFrame(data, schema=frame_schema(row))
    if frame.select_seq(_holds_nul(row)).item():
        raise ValueError(_NUL)
    return frame


@cache
def _holds_nul(row: type[Row]) -> pl.Expr:
    """Whether any text of a frame holds a NUL; one question, for each column takes its time."""
    texts = [column.name for column in columns_of(row) if column.kind == "text"]
    return pl.any_horizontal(pl.col(name).str.contains("\0", literal=True).any() for name in texts)


def bounds(row: type[Row]) -> Iterator[tuple[str, str, pl.Expr]]:
    """What must hold of every row: name of the check, what is expected, rows that break it.

    The expression is true exactly where a value is there (or required) and out of bounds. It holds
    of a frame that has the table's schema.
    """
    for column in columns_of(row):
        it = pl.col(column.name)
        if column.required:
            yield f"{column.name}:not_null", "a value", it.is_null()
        if column.choices:
            choices = list(column.choices)
            yield f"{column.name}:in_set", f"one of {', '.join(choices)}", ~it.is_in(choices)
        if column.pattern:
            expected = f"text that matches {column.pattern}"
            yield f"{column.name}:pattern", expected, ~it.str.contains(column.pattern)
        if column.min_length is not None or column.max_length is not None:
            low, high = column.min_length or 0, column.max_length or 2**31
            outside = ~it.str.len_chars().is_between(low, high)
            yield f"{column.name}:length", f"{low} to {high} characters", outside
        if column.kind == "text":
            yield f"{column.name}:characters", "no NUL", it.str.contains("\0", literal=True)
        if column.kind == "real":
            yield f"{column.name}:finite", "a finite number", ~it.is_finite()
        if column.minimum is not None or column.maximum is not None:
            outside = pl.lit(False)
            if column.minimum is not None:
                outside = outside | (it < column.minimum)
            if column.maximum is not None:
                outside = outside | (it > column.maximum)
            yield f"{column.name}:between", _between(column), outside
        if column.kind in ("texts", "spans"):
            holes = it.list.eval(pl.element().is_null()).list.any()
            yield f"{column.name}:items", "no missing item", holes
        if column.kind == "spans":
            field = pl.element().struct
            below = (field.field("first") < 0) | (field.field("last") < 0)
            empty = field.field("first").is_null() | field.field("last").is_null()
            yield f"{column.name}:spans", "ordinals", it.list.eval(below | empty).list.any()


def _between(column: Column) -> str:
    low = "" if column.minimum is None else f"at least {column.minimum}"
    high = "" if column.maximum is None else f"at most {column.maximum}"
    return " and ".join(part for part in (low, high) if part)
