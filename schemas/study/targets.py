"""Target shares of a population, as published tables give them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.base import Record
from schemas.names import MAX_NAME, Name, checked_name

#: Stands between the attributes of a joint table, and between its categories.
TIMES = " x "
#: By how much shares may miss a sum of one.
ROUNDING = 1e-6


def _dimension(name: str) -> str:
    parts = name.split(TIMES)
    if len(set(parts)) < len(parts) or not all(part.strip() for part in parts):
        raise ValueError(
            f"{name!r} names no table; write an attribute, or several as 'age_group{TIMES}sex'"
        )
    for part in parts:
        checked_name(part)
    return name


#: An attribute, or several whose joint table is meant: ``age_group x sex``.
Dimension = Annotated[str, Field(min_length=1, max_length=4 * MAX_NAME), AfterValidator(_dimension)]
#: A number for each category; for joint tables, categories within categories.
Cells = dict[Name, Any]


class Target(Record):
    """A published table that a population is to meet.

    Plain shares stand for ``{shares: {...}}``.
    """

    shares: Cells = Field({}, description="Share of each category; they sum to 1.")
    counts: Cells = Field({}, description="Count in each category, instead of shares.")
    source: str = Field("", description="Who published it: author, table, address.")
    vintage: str = Field("", description="Time that it describes.")
    licence: str = Field("", description="Licence of the table.")
    tolerance: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Total variation up to which the population meets it; what its way of drawing "
        "allows at its size unless given.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_shares(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and not isinstance(value.get("shares", None), Mapping):
            return value if isinstance(value.get("counts"), Mapping) else {"shares": value}
        return value

    @model_validator(mode="after")
    def _sums_are_right(self) -> Self:
        if bool(self.shares) == bool(self.counts):
            raise ValueError("give either shares or counts")
        total = math.fsum(number for _, number in _cells(self.shares or self.counts, ()))
        if self.shares and abs(total - 1) > ROUNDING:
            raise ValueError(f"shares sum to {total:g}, not to 1; correct one, or give counts")
        if total <= 0:
            raise ValueError("every count is 0")
        return self

    def cells(self) -> dict[tuple[str, ...], float]:
        """Share by categories, one for each attribute of the table.

        Example:
            >>> Target(counts={"young": {"f": 3, "m": 1}}).cells()
            {('young', 'f'): 0.75, ('young', 'm'): 0.25}
        """
        found = dict(_cells(self.shares or self.counts, ()))
        total = math.fsum(found.values())
        return {categories: number / total for categories, number in found.items()}


def _cells(table: Cells, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    for category, value in table.items():
        categories = (*above, category)
        if isinstance(value, Mapping):
            yield from _cells(dict(value), categories)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{TIMES.join(categories)}: expected a number, found {value!r}")
        elif not 0 <= value < math.inf:
            raise ValueError(f"{TIMES.join(categories)}: {value:g} is below 0 or not finite")
        else:
            yield categories, float(value)


def attributes_of(dimension: str) -> tuple[str, ...]:
    """The attributes of a table.

    Example:
        >>> attributes_of("age_group x sex")
        ('age_group', 'sex')
    """
    return tuple(dimension.split(TIMES))


def categories_by_attribute(targets: Mapping[str, Target]) -> dict[str, tuple[str, ...]]:
    """The categories of every attribute, in the order of the first table that has it.

    Raises:
        ValueError: A table is not as deep as its name says, lacks a cell, or two tables give an
            attribute different categories.
    """
    found: dict[str, tuple[str, ...]] = {}
    for dimension, target in targets.items():
        attributes = attributes_of(dimension)
        cells = target.cells()
        if any(len(categories) != len(attributes) for categories in cells):
            raise ValueError(
                f"{dimension}: categories are nested as deep as there are attributes, "
                f"{len(attributes)} here"
            )
        columns = [tuple(dict.fromkeys(column)) for column in zip(*cells, strict=True)]
        if len(cells) != math.prod(len(column) for column in columns):
            raise ValueError(f"{dimension}: a cell is missing; write 0 where nobody is")
        for attribute, categories in zip(attributes, columns, strict=True):
            known = found.setdefault(attribute, categories)
            if set(known) != set(categories):
                odd = min(set(known) ^ set(categories))
                raise ValueError(f"{dimension}: another table of {attribute} differs in {odd!r}")
    return found
