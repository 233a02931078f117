"""Digests of values, and random generators derived from them.

A key names everything that determines a result and nothing else. It is the first 128 bits of the
SHA-256 of canonical JSON (sorted keys, no white space, UTF-8), written as 32 hexadecimal digits.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel

KEY_LENGTH = 32

#: Metadata of a dataclass's field that is no part of its identity:
#: ``label: str = field(metadata=NOT_IDENTITY)``. It must not change any result.
NOT_IDENTITY: Mapping[str, bool] = {"not_identity": True}

#: Metadata of a dataclass's field that is part of its identity unless it has its default:
#: ``donor: str = field(default="", metadata=UNLESS_DEFAULT)``. What gains such a field keeps its
#: keys. Whoever changes the default raises a recipe.
UNLESS_DEFAULT: Mapping[str, bool] = {"unless_default": True}

_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Shared(Generic[T]):
    """A large value that many specs hold; keys are made of its digest.

    Attributes:
        value: The value; one object, however many hold it.
        digest: Digest of all of it that decides results.

    Example:
        >>> digest(Shared("a long text", "d1")) == digest("d1")
        True
    """

    value: T = dataclasses.field(compare=False)
    digest: str

    def identity(self) -> str:
        """What a key holds of it."""
        return self.digest


def shared(value: T) -> Shared[T]:
    """A value that many specs hold, with the digest of its identity.

    Example:
        >>> shared(("a", "b")).digest == digest(("a", "b"))
        True
    """
    return Shared(value, digest(value))


@functools.cache
def identity_fields(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass that are part of its identity.

    Example:
        >>> identity_fields(Shared)
        ('value', 'digest')
    """
    return tuple(one.name for one in dataclasses.fields(kind) if "not_identity" not in one.metadata)


@functools.cache
def _defaults_left_out(kind: type) -> Mapping[str, Any]:
    return {
        one.name: one.default
        for one in dataclasses.fields(kind)
        if "unless_default" in one.metadata
    }


def _identity_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass's value that are part of its identity."""
    kind: type = value.__class__
    held = {name: getattr(value, name) for name in identity_fields(kind)}
    for name, default in _defaults_left_out(kind).items():
        if held[name] == default:
            del held[name]
    return held


def _plain(value: Any) -> Any:
    if callable(identity := getattr(value, "identity", None)):
        return identity()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _identity_of(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | set | frozenset):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise TypeError(f"a key cannot be made of {type(value).__name__}: {value!r}")


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no white space, the same for equal values.

    A value with a method ``identity`` is represented by what that returns; a dataclass by the
    fields that are not marked :data:`NOT_IDENTITY`, nor :data:`UNLESS_DEFAULT` at their default.

    Args:
        value: Anything made of JSON types, mappings, sequences, dataclasses and pydantic models.

    Raises:
        TypeError: The value holds something that has no canonical JSON form.

    Example:
        >>> canonical_json({"b": (1, 2), "a": None})
        b'{"a":null,"b":[1,2]}'
        >>> @dataclasses.dataclass(frozen=True)
        ... class Spec:
        ...     seed: int
        ...     donor: str = dataclasses.field(default="", metadata=UNLESS_DEFAULT)
        >>> canonical_json(Spec(1)), canonical_json(Spec(1, "d"))
        (b'{"seed":1}', b'{"donor":"d","seed":1}')
    """
    return orjson.dumps(value, default=_plain, option=_CANONICAL)


def digest(*values: Any) -> str:
    """The key of some values: 32 hexadecimal digits.

    Example:
        >>> digest("episode", {"rounds": 3}) == digest("episode", {"rounds": 3})
        True
        >>> len(digest(1))
        32
    """
    return hashlib.sha256(canonical_json(values)).hexdigest()[:KEY_LENGTH]


def numbered_digests(numbers: Iterable[int], *values: Any) -> list[str]:
    """The digests of some values and a number, for many numbers: a tenth of the time of each alone.

    Example:
        >>> numbered_digests([1, 20], "a", "b") == [digest("a", "b", 1), digest("a", "b", 20)]
        True
    """
    begun = hashlib.sha256(canonical_json(values)[:-1] + b",")
    found = []
    for number in numbers:
        one = begun.copy()
        one.update(b"%d]" % number)
        found.append(one.hexdigest()[:KEY_LENGTH])
    return found


def identity_shown(value: Any) -> Any:
    """What a key is made of as plain data, shared values written out; for people.

    Example:
        >>> identity_shown({"flags": Shared(("a", "b"), "d1")})
        {'flags': ['a', 'b']}
    """

    def written_out(part: Any) -> Any:
        return part.value if isinstance(part, Shared) else _plain(part)

    return orjson.loads(orjson.dumps(value, default=written_out, option=_CANONICAL))


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
