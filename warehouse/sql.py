"""Names and values as SQL has them, for statements that no parameter can be bound to."""

from __future__ import annotations

import datetime as dt
from typing import Any


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
        value: A text, number, time without zone, or a list of such; an empty list is one of texts.

    Raises:
        TypeError: It is of another kind.

    Example:
        >>> literal("it's"), literal([]), literal(["a"])
        ("'it''s'", '[]::VARCHAR[]', "['a']")
    """
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case bool() | int() | float():
            return str(value)
        case dt.datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]" if value else "[]::VARCHAR[]"
    raise TypeError(f"no SQL literal of {type(value).__name__}")
