"""In what two studies differ, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.study import Study
from tasks.studies.yamltext import FieldPath, dotted

_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """A field in which two studies differ.

    Attributes:
        field: Its path, such as ``conditions.shuffled.floor``.
        a: Its value in the first study; nothing where it has no such field.
        b: Its value in the second.
        only: ``a`` or ``b`` where one study alone has the field.
    """

    field: str
    a: Any
    b: Any
    only: str = ""


def differences(a: Study, b: Study) -> list[Difference]:
    """The fields in which two studies differ, in the order of their sections.

    Where a text comes from is no difference, what it says is.

    Example:
        >>> base = {"name": "s", "imported": {"collection": "c"}}
        >>> one, two = Study.model_validate(base), Study.model_validate({**base, "seed": 2})
        >>> differences(one, two)
        [Difference(field='seed', a=0, b=2, only='')]
    """
    return list(_differing(_flat(a), _flat(b), ()))


def _flat(study: Study) -> Any:
    plain = study.model_dump(mode="json")
    if plain["episode"]:
        plain["episode"] |= plain["episode"].pop("params")
    return _texts(plain)


def _texts(value: Any) -> Any:
    """Data with every text that came from a file in place of the file."""
    if isinstance(value, Mapping):
        if "text" in value and set(value) <= {"text", "path"}:
            return value["text"]
        return {name: _texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    return value


def _differing(a: Any, b: Any, path: FieldPath) -> Iterator[Difference]:
    if a == b and type(a) is type(b):
        return
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for name in {**a, **b}:
            yield from _differing(a.get(name, _ABSENT), b.get(name, _ABSENT), (*path, name))
    elif _same_length_lists(a, b):
        for number, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from _differing(left, right, (*path, number))
    elif a is _ABSENT:
        yield Difference(dotted(path), None, b, "b")
    elif b is _ABSENT:
        yield Difference(dotted(path), a, None, "a")
    else:
        yield Difference(dotted(path), a, b)


def _same_length_lists(a: Any, b: Any) -> bool:
    both = isinstance(a, list) and isinstance(b, list) and len(a) == len(b)
    return both and any(isinstance(part, Mapping | list) for part in [*a, *b])
