"""Where a field stands: file, line and path of every value of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from schemas.errors import Mistake
from schemas.study.conditions import combinations, named_levels
from tasks.studies.yamltext import Document, FieldPath, dotted

#: Fields of an episode section that are no parameters of its environment.
OWN_FIELDS = ("environment", "reasks")


def episode_path(episode: Any) -> FieldPath:
    """Where the parameters of an episode section stand: in it, or below ``params``."""
    nested = isinstance(episode, Mapping) and isinstance(episode.get("params"), Mapping)
    if nested and set(episode) <= {*OWN_FIELDS, "params"}:
        return ("episode", "params")
    return ("episode",)


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Mistakes by file and line."""

    def key(mistake: Mistake) -> tuple[str, int]:
        file, _, rest = str(mistake.details["place"]).partition(":")
        line = rest.partition(":")[0]
        return file, int(line) if line.isdigit() else 0

    return sorted(mistakes, key=key)


def placed(place: str, check: Callable[..., Any], *values: Any) -> Iterator[Mistake]:
    """The mistake that a check of some values finds, if any, with the place where they stand."""
    try:
        check(*values)
    except Mistake as mistake:
        yield Mistake(**{**mistake.details, "place": place})


def value_at(value: Any, path: FieldPath) -> Any:
    """The value at a path, or nothing where there is none."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _changes_at(study: Any) -> dict[str, dict[str, FieldPath]]:
    """Where the changes of every condition stand in a study, by condition and name.

    Example:
        >>> _changes_at({"factors": {"names": ["a", "b"]}, "conditions": {"long": {"rounds": 30}}})
        {'names=a': {'names': ('factors', 'names', 0)}, \
'names=b': {'names': ('factors', 'names', 1)}, \
'long': {'rounds': ('conditions', 'long', 'rounds')}}
    """
    factors, listed = study.get("factors") or {}, study.get("conditions") or {}
    by_name = {factor: named_levels(levels) for factor, levels in factors.items()}
    ends: dict[str, dict[str, str | int]] = {
        factor: {
            level: level if isinstance(factors[factor], Mapping) else number
            for number, level in enumerate(levels)
        }
        for factor, levels in by_name.items()
    }
    crossed: dict[str, dict[str, FieldPath]] = {
        name: {factor: ("factors", factor, ends[factor][level]) for factor, level in levels.items()}
        for name, levels in combinations(by_name).items()
    }
    by_hand: dict[str, dict[str, FieldPath]] = {
        name: {part: ("conditions", name, part) for part in changes or {}}
        for name, changes in listed.items()
    }
    return {**crossed, **by_hand}


def _below(name: tuple[str, ...], field: FieldPath) -> FieldPath | None:
    """The rest of a path below a name; ``None`` where the path leads elsewhere.

    Between the parts of the name, the path may hold names of members of unions.
    """
    if field[:1] != name[:1]:
        return None
    rest = list(field[1:])
    for part in name[1:]:
        if part not in rest:
            return None if rest else ()
        del rest[: rest.index(part) + 1]
    return tuple(rest)


class Positions:
    """The places of a study's values, those in files that it names included."""

    def __init__(self, study: Document, documents: Mapping[str, Document]) -> None:
        self.study = study
        self.documents = documents

    @cached_property
    def _changes(self) -> dict[str, dict[str, FieldPath]]:
        return _changes_at(self.study.value)

    def of_condition(self, condition: str, field: FieldPath) -> FieldPath:
        """Where a field of a condition's episode was written: as a change, or in the episode.

        Args:
            condition: Name of the condition.
            field: Path below the episode section; it may hold names of members of unions.
        """
        at = self.of_change(condition, field)
        return at or (*episode_path(self.study.value.get("episode")), *field)

    def of_change(self, condition: str, field: FieldPath) -> FieldPath:
        """Where a change of a condition was written; nowhere if it does not change the field."""
        for name, at in self._changes.get(condition, {}).items():
            rest = _below(tuple(name.split(".")), field)
            if rest is not None:
                return (*at, *rest)
        return ()

    def place(self, path: FieldPath, *, missing: bool = False) -> str:
        """File, line and field of a path as pydantic gives it.

        Parts of the path that name a member of a union are left out.

        Args:
            path: The path.
            missing: Whether its last part is a field that is not there.
        """
        document, field = self._resolved(path)
        line, _ = document.line(field)
        name = dotted((*field, path[-1]) if missing else field)
        return f"{document.path}:{line}: {name}" if name else f"{document.path}:{line}"

    def member(
        self, path: FieldPath, *, missing: bool = False
    ) -> tuple[FieldPath, str | int] | None:
        """The part of a path that names a member of a union, with the path up to it, if any."""
        end = len(path) - 1 if missing else len(path)
        for depth in range(end):
            if self._resolved(path[: depth + 1]) == self._resolved(path[:depth]):
                return path[:depth], path[depth]
        return None

    def _resolved(self, path: FieldPath) -> tuple[Document, FieldPath]:
        document = self.study
        field: FieldPath = ()
        for part in path:
            longer: FieldPath = (*field, part)
            if document.line(longer)[1] == longer:
                field = longer
                continue
            named = value_at(document.value, field)
            named = named.get("file") if isinstance(named, Mapping) else named
            other = self.documents.get(named) if isinstance(named, str) else None
            if other is not None and other.line((part,))[1]:
                document, field = other, (part,)
        return document, field

    def found(self, alias: str, within: tuple[FieldPath, ...]) -> FieldPath | None:
        """Where a word stands as a value below some paths, if it does."""
        for start in within:
            stack: list[tuple[FieldPath, Any]] = [(start, value_at(self.study.value, start))]
            while stack:
                path, value = stack.pop(0)
                if value == alias and isinstance(value, str):
                    return path
                if isinstance(value, Mapping):
                    stack[:0] = [((*path, key), part) for key, part in value.items()]
                elif isinstance(value, list):
                    stack[:0] = [((*path, number), part) for number, part in enumerate(value)]
        return None
