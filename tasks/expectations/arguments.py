"""The expectations of Great Expectations that studies may use, and the arguments that each takes.

The list is ``schemas/great_expectations.json``, made from the installed library; see
``warehouse/expectations/library.py``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

#: Python's types by kind of a JSON value.
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str, dt.date),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


@dataclass(frozen=True)
class Argument:
    """An argument of an expectation.

    Attributes:
        kinds: Kinds of JSON value that it may have.
        required: Whether it must be given.
        words: The words that it may be; empty where any value of its kinds will do.
    """

    kinds: tuple[str, ...]
    required: bool
    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """What it may be, in words."""
        return f"one of {', '.join(self.words)}" if self.words else " or ".join(self.kinds)

    def takes(self, value: Any) -> bool:
        """Whether it may have a value."""
        if self.words:
            return value in self.words
        if isinstance(value, bool):
            return "boolean" in self.kinds
        return any(isinstance(value, _TYPES[kind]) for kind in self.kinds)


@cache
def supported() -> Mapping[str, Mapping[str, Argument]]:
    """Arguments by name, by expectation.

    Example:
        >>> sorted(supported()["expect_table_row_count_to_equal"])
        ['value']
    """
    held = orjson.loads((files("schemas") / "great_expectations.json").read_bytes())
    return {
        name: {
            argument: Argument(
                tuple(one["kinds"]), one.get("required", False), tuple(one.get("words", ()))
            )
            for argument, one in arguments.items()
        }
        for name, arguments in held["expectations"].items()
    }


def json_schema(description: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an expectation as a study writes it: its name, and its fields below.

    Args:
        description: What an expectation is.
        own: Schemas of the fields that stand beside the arguments.
    """

    def fields(arguments: Mapping[str, Argument]) -> dict[str, Any]:
        properties: dict[str, Any] = dict(own)
        for name, argument in arguments.items():
            words = {"enum": list(argument.words)} if argument.words else {}
            properties[name] = words or {"type": list(argument.kinds)}
        required = [name for name, argument in arguments.items() if argument.required]
        return {
            "type": "object",
            "properties": properties,
            "required": ["view", *required],
            "additionalProperties": False,
        }

    return {
        "description": description,
        "type": "object",
        "properties": {name: fields(arguments) for name, arguments in supported().items()},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }


def wrong_values(name: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Arguments of a known expectation that have a value they cannot have.

    Args:
        name: The expectation.
        given: Values by argument; only those that it takes.

    Yields:
        The argument (empty where it is about several), what is wrong, and what was expected.
    """
    known = supported()[name]
    for argument, value in given.items():
        one = known[argument]
        if not one.takes(value):
            yield argument, "the wrong type of value", one.expected
        elif argument in {"min_value", "max_value"} and isinstance(value, str):
            if not _is_time(value):
                yield argument, "no number and no date", "a number, or a date like 2026-01-31"
        elif argument == "mostly" and not 0 <= value <= 1:
            yield argument, "no share", "0 to 1"
        elif isinstance(value, list | tuple) and not value:
            yield argument, "an empty list", "at least one value"
    bounds = [given.get(bound) for bound in ("min_value", "max_value") if bound in known]
    if len(bounds) == 2 and bounds == [None, None] and "threshold" not in given:
        yield "", "it expects nothing", "min_value, max_value or both"
    numbers = [bound for bound in bounds if isinstance(bound, int | float)]
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        yield "min_value", "min_value is above max_value", f"at most {numbers[1]:g}"


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
