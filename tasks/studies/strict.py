"""Values validated as strictly as a person writes them: ``rounds: true`` is no number."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from schemas.files import LoadContext

_Model = TypeVar("_Model", bound=BaseModel)


def validated(model: type[_Model], value: Any, context: LoadContext | None = None) -> _Model:
    """A model made of data from a YAML file, with no value taken for one of another type.

    Args:
        model: The model.
        value: The data, as YAML gives it.
        context: How to read files that it names, if it may name any.

    Raises:
        pydantic.ValidationError: It does not fit, or a value has another type than its field.

    Example:
        >>> from schemas.study import HumanSpec
        >>> validated(HumanSpec, {"sample": 3}).sample
        3
        >>> validated(HumanSpec, {"sample": "3"})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        pydantic_core._pydantic_core.ValidationError: 1 validation error for HumanSpec...
    """
    return model.model_validate(with_tuples(value), strict=True, context=context)


def with_tuples(value: Any) -> Any:
    """Data with tuples in place of lists, since strict models take no list for a tuple.

    Example:
        >>> with_tuples({"seats": ["ana", ["ben"]]})
        {'seats': ('ana', ('ben',))}
    """
    if isinstance(value, dict):
        return {key: with_tuples(part) for key, part in value.items()}
    if isinstance(value, list):
        return tuple(with_tuples(part) for part in value)
    return value
