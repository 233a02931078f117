"""The columns of a table model, reduced to what every projection needs."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schemas.tables import Row, Span

Kind = Literal["text", "integer", "real", "boolean", "time", "json", "texts", "spans"]

#: Values that a 64-bit integer column can hold.
INTEGER_RANGE = (-(2**63), 2**63 - 1)

_KINDS: dict[Any, Kind] = {
    str: "text",
    int: "integer",
    float: "real",
    bool: "boolean",
    dt.datetime: "time",
}
_LISTS: dict[Any, Kind] = {str: "texts", Span: "spans"}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its name.
        kind: What it holds.
        required: Whether it must not be missing.
        description: One line for people.
        default: Value of a row that leaves it out; ``None`` where there is none.
        has_default: Whether a row may leave it out.
        choices: Its closed list of values, if it has one.
        minimum: Least value, if bounded.
        maximum: Greatest value, if bounded.
        min_length: Least length of a text, if bounded.
        max_length: Greatest length of a text, if bounded.
        pattern: Regular expression that a text matches, if any.
        unit: Unit of a quantity.
    """

    name: str
    kind: Kind
    required: bool
    description: str
    default: Any = None
    has_default: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    unit: str | None = None


@cache
def columns_of(row: type[Row]) -> tuple[Column, ...]:
    """The columns of a table model, in their order.

    Raises:
        TypeError: A field has a type that no column can hold.

    Example:
        >>> from schemas.tables import TABLES
        >>> [c.name for c in columns_of(TABLES["prompt_messages"])]
        ['digest', 'role', 'text']
        >>> columns_of(TABLES["prompt_messages"])[1].choices
        ('system', 'user', 'assistant')
    """
    return tuple(_column(row, name, field) for name, field in row.model_fields.items())


def _column(row: type[Row], name: str, field: FieldInfo) -> Column:
    bare, optional, metadata = _unwrapped(field.annotation)
    metadata = [*metadata, *field.metadata]
    choices = tuple(_literals(bare))
    kind = "text" if choices else _kind(bare)
    if kind is None:
        raise TypeError(f"{row.table.name}.{name}: no column can hold {bare!r}")
    extra = field.json_schema_extra
    units = [_unit(extra), *(_unit(getattr(m, "json_schema_extra", None)) for m in metadata)]
    return Column(
        name=name,
        kind=kind,
        required=not optional,
        description=field.description or "",
        default=None if field.default is PydanticUndefined else field.default,
        has_default=not field.is_required(),
        choices=choices,
        minimum=_first(metadata, "ge"),
        maximum=_first(metadata, "le"),
        min_length=_first(metadata, "min_length"),
        max_length=_first(metadata, "max_length"),
        pattern=_first(metadata, "pattern"),
        unit=next((unit for unit in units if unit), None),
    )


def _unwrapped(annotation: Any) -> tuple[Any, bool, list[Any]]:
    """The bare type, whether ``None`` is allowed, and the constraints met on the way."""
    if get_origin(annotation) is Annotated:
        bare, *constraints = get_args(annotation)
        inner, optional, deeper = _unwrapped(bare)
        return inner, optional, [*deeper, *constraints]
    if get_origin(annotation) in (Union, types.UnionType):
        options = [option for option in get_args(annotation) if option is not type(None)]
        optional = len(options) < len(get_args(annotation))
        if len(options) == 1:
            inner, _, constraints = _unwrapped(options[0])
            return inner, optional, constraints
        return Union[tuple(options)], optional, []  # noqa: UP007 - built at run time
    return annotation, False, []


def _kind(bare: Any) -> Kind | None:
    if get_origin(bare) is dict:
        return "json"
    if get_origin(bare) is list:
        return _LISTS.get(get_args(bare)[0])
    return _KINDS.get(bare)


def _literals(bare: Any) -> Iterator[str]:
    if get_origin(bare) is Literal:
        yield from get_args(bare)
    elif get_origin(bare) in (Union, types.UnionType):
        for option in get_args(bare):
            yield from _literals(option)


def _flat(constraints: Iterable[Any]) -> Iterator[Any]:
    for constraint in constraints:
        if isinstance(constraint, FieldInfo):
            yield from _flat(constraint.metadata)
        else:
            yield constraint


def _first(constraints: Iterable[Any], name: str) -> Any:
    values = (getattr(constraint, name, None) for constraint in _flat(constraints))
    return next((value for value in values if value is not None), None)


def _unit(extra: Any) -> str | None:
    return extra.get("unit") if isinstance(extra, dict) else None
