"""Answers as programs want them: csv, json or parquet, every value exact."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import math
import re
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.query import Answer


#: Numbers that JSON does not know, by Python's name for them.
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def plain(value: Any) -> Any:
    """A value as JSON has it; numbers that JSON cannot hold exactly become text.

    Example:
        >>> plain(decimal.Decimal("1.10")), plain(float("nan")), plain(dt.date(2026, 1, 2))
        ('1.10', 'NaN', '2026-01-02')
    """
    match value:
        case None | bool() | int() | str():
            simple: Any = value
        case float():
            simple = value if math.isfinite(value) else _NOT_FINITE[str(value)]
        case dict():
            simple = {str(plain(key)): plain(part) for key, part in value.items()}
        case list() | tuple():
            simple = [plain(part) for part in value]
        case dt.datetime() | dt.date() | dt.time():
            simple = value.isoformat()
        case decimal.Decimal() | uuid.UUID() | dt.timedelta():
            simple = str(value)
        case bytes():
            simple = value.hex()
        case _:
            raise TypeError(f"no plain form of {type(value).__name__}")
    return simple


def word(value: Any) -> str:
    """A value as one word of text: nested values as JSON."""
    simple = plain(value)
    if isinstance(simple, dict | list):
        return json.dumps(simple, ensure_ascii=False)
    if isinstance(simple, bool):
        return str(simple).lower()
    return simple if isinstance(simple, str) else repr(simple)


def as_csv(answer: Answer) -> bytes:
    """Comma-separated values with a header.

    NULL is an empty field; an empty text is a pair of quotation marks.
    """
    lines = [",".join(_field(name) for name in answer.columns)]
    for row in answer.rows:
        lines.append(",".join("" if value is None else _field(word(value)) for value in row))
    return ("\n".join(lines) + "\n").encode()


def _field(text: str) -> str:
    if text == "" or re.search(r'[",\r\n]', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def as_json(answer: Answer) -> bytes:
    """A JSON list with one object per row, each on a line of its own; JSON columns as they are."""
    names = [json.dumps(name, ensure_ascii=False) for name in distinct(answer.columns)]
    documents = [kind == "JSON" for kind in answer.types]
    rows = (
        ", ".join(
            f"{name}: {value if document and value is not None else _json(value)}"
            for name, value, document in zip(names, row, documents, strict=True)
        )
        for row in answer.rows
    )
    return ("[" + ",\n ".join(f"{{{_escaped(row)}}}" for row in rows) + "]\n").encode()


def _escaped(text: str) -> str:
    """JSON with the same content and no character that a terminal would obey."""
    if text.isprintable():
        return text
    # Inside of texts, JSON has escaped these; they stand between values of a document.
    spaced = text.translate({ord(blank): " " for blank in "\n\r\t"})
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in spaced)


def _json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False)


def distinct(names: Sequence[str]) -> list[str]:
    """Names with a number behind those that were there before.

    Example:
        >>> distinct(["a", "b", "a"])
        ['a', 'b', 'a_1']
    """
    found: list[str] = []
    for name in names:
        number, candidate = 0, name
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found


def as_parquet(answer: Answer) -> bytes:
    """A Parquet file whose columns have the types that the query gave them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    arrays = [_array(values, kind, pa) for values, kind in zip(columns, answer.types, strict=True)]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=distinct(answer.columns)), buffer)
    return buffer.getvalue()


def _array(values: Sequence[Any], kind: str, arrow: Any) -> pa.Array:
    wanted = _arrow_type(kind, arrow)
    if wanted is None:
        texts = [None if value is None else word(value) for value in values]
        return arrow.array(texts, type=arrow.string())
    return arrow.array(list(values), type=wanted)


def _arrow_type(kind: str, arrow: Any) -> Any:
    """The Arrow type of a DuckDB type; nothing for types that are written as text."""
    if kind.endswith("[]"):
        inner = _arrow_type(kind[:-2], arrow)
        return inner if inner is None else arrow.list_(inner)
    number = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if number:
        return arrow.decimal128(int(number[1]), int(number[2]))
    types = {
        "HUGEINT": lambda: arrow.decimal128(38, 0),
        "TIMESTAMP": lambda: arrow.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": lambda: arrow.timestamp("us", tz="UTC"),
    }
    names = {
        "BOOLEAN": "bool_",
        "TINYINT": "int8",
        "SMALLINT": "int16",
        "INTEGER": "int32",
        "BIGINT": "int64",
        "UTINYINT": "uint8",
        "USMALLINT": "uint16",
        "UINTEGER": "uint32",
        "UBIGINT": "uint64",
        "FLOAT": "float32",
        "DOUBLE": "float64",
        "VARCHAR": "string",
        "DATE": "date32",
        "BLOB": "binary",
    }
    types |= {title: getattr(arrow, name) for title, name in names.items()}
    return types[kind]() if kind in types else None
