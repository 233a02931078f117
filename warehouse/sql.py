"""Names and values as SQL has them, for statements that no parameter can be bound to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

#: A list of more texts than this is written as one text, which DuckDB reads seven times as fast.
LONG = 100


def identifier(name: str) -> str:
    """A name as SQL has it.

    Example:
        >>> print(identifier("events"))
        "events"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as SQL has it.

    Args:
        value: A text, number, time without zone, ``None``, or a list of such; an empty list is one
            of texts.

    Raises:
        TypeError: It is of another kind.

    Example:
        >>> literal("it's"), literal([]), literal(["a"]), literal(None)
        ("'it''s'", '[]::VARCHAR[]', "['a']", 'NULL')
    """
    match value:
        case None:
            return "NULL"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case bool() | int() | float():
            return str(value)
        case dt.datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case list() | tuple():
            return _list(value)
    raise TypeError(f"no SQL literal of {type(value).__name__}")


def _list(values: Sequence[Any]) -> str:
    if not values:
        return "[]::VARCHAR[]"
    if len(values) > LONG and all(isinstance(one, str) and "," not in one for one in values):
        return f"string_split({literal(','.join(values))}, ',')"
    return f"[{', '.join(map(literal, values))}]"
