"""A random answer of any type, for questions that no policy knows.

A new environment can so be played by simulated agents before anybody has written a policy for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_Draw = Callable[[Mapping[str, Any], Mapping[str, Any], random.Random], Any]

_WORDS = ("yes", "no", "perhaps", "tomorrow", "more", "less", "together", "alone")


def instance(answer_type: type[BaseModel], rng: random.Random) -> Any:
    """A random value that the JSON schema of a type of answer allows.

    Numbers without bounds are drawn between 0 and 10, lists have at most three elements. What a
    type demands beyond its schema is not known, and the answer may be refused for it.

    Args:
        answer_type: The type.
        rng: Generator of the draw.
    """
    schema = _schema(answer_type)
    return _drawn(schema, schema.get("$defs", {}), rng)


@lru_cache(maxsize=256)
def _schema(answer_type: type[BaseModel]) -> Mapping[str, Any]:
    """Kept, since to make a schema takes a hundred times as long as to draw from it."""
    return answer_type.model_json_schema()


def _drawn(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> Any:
    if "$ref" in schema:
        return _drawn(parts[schema["$ref"].rpartition("/")[2]], parts, rng)
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if several:
        return _drawn(rng.choice(several), parts, rng)
    if "const" in schema or "enum" in schema:
        return rng.choice(schema.get("enum") or [schema["const"]])
    draw: _Draw = _DRAWS.get(schema.get("type", ""), _word)
    return draw(schema, parts, rng)


def _word(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> str:
    return rng.choice(_WORDS)


def _object(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> Any:
    fields = schema.get("properties", {})
    return {name: _drawn(field, parts, rng) for name, field in fields.items()}


def _array(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> Any:
    least = schema.get("minItems", 1)
    n = rng.randint(least, max(least, min(3, schema.get("maxItems", 3))))
    return [_drawn(schema.get("items", {}), parts, rng) for _ in range(n)]


def _boolean(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> bool:
    return rng.random() < 0.5


def _integer(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> int:
    low, high = _bounds(schema)
    return rng.randint(int(low), int(high))


def _number(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> float:
    return round(rng.uniform(*_bounds(schema)), 2)


def _null(schema: Mapping[str, Any], parts: Mapping[str, Any], rng: random.Random) -> None:
    return None


_DRAWS: Mapping[str, _Draw] = {
    "object": _object,
    "array": _array,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "null": _null,
}


def _bounds(schema: Mapping[str, Any]) -> tuple[float, float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    return low, schema.get("maximum", schema.get("exclusiveMaximum", max(low + 10, 10)))
