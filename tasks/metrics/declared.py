"""What a study names, found among what is declared: metrics and tests, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.base import Record
from schemas.errors import Mistake, nearest

Declared = TypeVar("Declared")
Options = TypeVar("Options", bound=Record)


def declared_as(kind: str, known: Mapping[str, Declared], name: str, place: str) -> Declared:
    """The declaration of a name, such as a ``metric`` or a ``test``.

    Raises:
        Mistake: There is none.
    """
    if name in known:
        return known[name]
    close = nearest(name, known)
    raise Mistake(
        what=f"unknown {kind}",
        place=place,
        found=name,
        expected="one of " + ", ".join(sorted(known)),
        fix=f"write {close}" if close else "see docs/metrics.md",
    )


def options_of(owner: str, model: type[Options], options: Mapping[str, Any], place: str) -> Options:
    """The options of an owner, such as ``metric vendi``, with defaults filled in.

    Raises:
        Mistake: An option is unknown or has a value that it cannot have.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        close = nearest(name, model.model_fields)
        raise Mistake(
            what=f"option {name!r} of {owner} is wrong: {first['msg']}",
            place=place,
            found=repr(first["input"]),
            expected="options " + ", ".join(model.model_fields),
            fix=f"write {close}" if close and close != name else "see docs/metrics.md",
        ) from error
