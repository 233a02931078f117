"""Things that studies name, such as metrics or environments: one list per kind, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from schemas.base import Record
from schemas.errors import Mistake, nearest


class Named(Protocol):
    """Anything with a name of its own."""

    @property
    def name(self) -> str:
        """The name that studies use."""
        ...


T = TypeVar("T", bound=Named)
Options = TypeVar("Options", bound=Record)


class Registry(Mapping[str, T]):
    """The things of one kind, by name.

    Args:
        kind: What they are, for messages.
        things: All of them.
        guide: The page to read where a name is not known.

    Raises:
        ValueError: Two things have one name.
    """

    def __init__(self, kind: str, things: Iterable[T], guide: str) -> None:
        self._kind, self._guide = kind, guide
        self._things: dict[str, T] = {}
        for thing in things:
            if thing.name in self._things:
                raise ValueError(f"there are two of {kind} {thing.name}")
            self._things[thing.name] = thing

    def __getitem__(self, name: str) -> T:
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def named(self, name: str, place: str) -> T:
        """The thing of a name.

        Args:
            name: The name that a study uses.
            place: Where it stands in the study, for messages.

        Raises:
            Mistake: There is none.
        """
        if name in self._things:
            return self._things[name]
        close = nearest(name, self._things)
        raise Mistake(
            what=f"unknown {self._kind}",
            place=place,
            found=name,
            expected="one of " + ", ".join(sorted(self._things)),
            fix=f"write {close}" if close else f"see {self._guide}",
        )


def validated_options(
    owner: str, model: type[Options], options: Mapping[str, Any], place: str, guide: str
) -> Options:
    """The options of an owner, such as ``metric vendi``, with defaults filled in.

    Raises:
        Mistake: An option is unknown, missing, or has a value that it cannot have.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        close = nearest(name, model.model_fields)
        raise Mistake(
            what=f"option {name!r} of {owner} is wrong: {first['msg']}",
            place=place,
            found="nothing" if first["type"] == "missing" else repr(first["input"]),
            expected="options " + ", ".join(model.model_fields),
            fix=f"write {close}" if close and close != name else f"see {guide}",
        ) from error
