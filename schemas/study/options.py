"""Things that a study names with their options, such as metrics."""

from __future__ import annotations

from typing import Any


def with_options(value: Any, key: str, beside: str = "options") -> Any:
    """A name alone, or a mapping with the options beside the name, as name and options.

    Args:
        value: What a study says; anything else is handed back for pydantic to judge.
        key: The field that holds the name.
        beside: The field that holds the options.

    Example:
        >>> with_options("vendi", "name")
        {'name': 'vendi'}
        >>> with_options({"use": "ipf", "weight": "w"}, "use")
        {'use': 'ipf', 'options': {'weight': 'w'}}
    """
    if isinstance(value, str):
        return {key: value}
    if isinstance(value, dict) and key in value and beside not in value:
        options = {name: part for name, part in value.items() if name != key}
        return {key: value[key], beside: options}
    return value
