"""Things that studies name, such as metrics or environments: one list per kind, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
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
        if name in self:
            return self[name]
        close = nearest(name, self)
        raise Mistake(
            what=f"unknown {self._kind}",
            place=place,
            found=name,
            expected="one of " + ", ".join(sorted(self)),
            fix=f"write {close}" if close else f"see {self._guide}",
        )


class ModuleRegistry(Registry[T]):
    """The things of one kind, each in a module of its own that is imported when it is asked for.

    Args:
        kind: What they are, for messages.
        modules: The module of each, by name.
        attribute: What each module calls its own.
        guide: The page to read where a name is not known.
    """

    def __init__(self, kind: str, modules: Mapping[str, str], attribute: str, guide: str) -> None:
        super().__init__(kind, (), guide)
        self._modules, self._attribute = dict(modules), attribute

    def __getitem__(self, name: str) -> T:
        if name not in self._things:
            thing: T = getattr(import_module(self._modules[name]), self._attribute)
            if thing.name != name:
                raise ValueError(f"{self._modules[name]} has {thing.name}, not {name}")
            self._things[name] = thing
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


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
