"""Digests of values, and random generators derived from them.

A key names everything that determines a result and nothing else. It is the first 128 bits of the
SHA-256 of canonical JSON (sorted keys, no white space, UTF-8), written as 32 hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

KEY_LENGTH = 32


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | set | frozenset):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise TypeError(f"a key cannot be made of {type(value).__name__}: {value!r}")


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no white space, the same for equal values.

    Args:
        value: Anything made of JSON types, mappings, sequences and pydantic models.

    Raises:
        TypeError: The value holds something that has no canonical JSON form.

    Example:
        >>> canonical_json({"b": (1, 2), "a": None})
        b'{"a":null,"b":[1,2]}'
    """
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)


def digest(*values: Any) -> str:
    """The key of some values: 32 hexadecimal digits.

    Example:
        >>> digest("episode", {"rounds": 3}) == digest("episode", {"rounds": 3})
        True
        >>> len(digest(1))
        32
    """
    return hashlib.sha256(canonical_json(values)).hexdigest()[:KEY_LENGTH]


def seed_of(*values: Any) -> int:
    """A 63-bit seed derived from some values."""
    return int(digest(*values), 16) >> 65


def generator(*values: Any) -> random.Random:
    """A random generator that is the same for the same values.

    Example:
        >>> generator("a", 1).random() == generator("a", 1).random()
        True
    """
    return random.Random(seed_of(*values))
