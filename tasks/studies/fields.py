"""The fields that a model knows at a path, for messages about unknown ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tasks.studies.yamltext import FieldPath


def models_of(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models that an annotation allows directly, members of unions included."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    if _is_collection(annotation):
        return ()
    return tuple(model for part in get_args(annotation) for model in models_of(part))


def _is_collection(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset | Mapping)


def _members(annotation: Any) -> Iterable[Any]:
    """What a list or mapping that an annotation allows holds."""
    if _is_collection(annotation):
        args = [part for part in get_args(annotation) if part is not Ellipsis]
        yield from args[1:] if issubclass(get_origin(annotation), Mapping) else args
    else:
        for part in get_args(annotation):
            yield from _members(part)


def fields_at(model: type[BaseModel], path: FieldPath) -> Mapping[str, FieldInfo]:
    """The fields of whatever may stand at a path below a model, by the names used in files.

    The path may hold names of models where pydantic says which member of a union it means.

    Example:
        >>> from schemas.study import Study
        >>> sorted(fields_at(Study, ("coding", "human")))
        ['sample', 'seed', 'stratify']
    """
    annotations: list[Any] = [model]
    for part in path:
        holders = [holder for annotation in annotations for holder in models_of(annotation)]
        below: list[Any] = [holder for holder in holders if holder.__name__ == part]
        for annotation in annotations if not below else ():
            below.extend(_members(annotation))
            for holder in models_of(annotation):
                info = _named(holder).get(str(part))
                below.extend([info.annotation] if info else [])
        annotations = below
    return {
        name: info
        for annotation in annotations
        for holder in models_of(annotation)
        for name, info in _named(holder).items()
    }


def _named(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def field_at(model: type[BaseModel], path: FieldPath) -> FieldInfo | None:
    """The field at a path below a model, if it is declared there."""
    return fields_at(model, path[:-1]).get(str(path[-1])) if path else None
