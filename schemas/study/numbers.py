"""Numeric attributes of a population: declared distributions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name

Family = Literal["uniform", "normal", "lognormal", "generalised_beta"]

#: Parameters by family. ``generalised_beta`` is that of the second kind (GB2), the distribution of
#: incomes of McDonald 1984 (doi 10.2307/1913469): shapes a, p and q, scale b.
PARAMETERS: Mapping[Family, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "sd_log"),
    "generalised_beta": ("a", "b", "p", "q"),
}
#: Parameters that may be 0 or below.
_ANY_SIGN = frozenset({"low", "high", "mean"})
#: By category of an attribute.
Parameters = dict[str, float]


class NumberSpec(Record):
    """A number that every persona has, drawn from a distribution that may depend on attributes."""

    draw: Family = Field(description="The distribution.")
    parameters: Parameters = Field(
        {},
        description="uniform: low and high; normal: mean and sd; lognormal: median and sd_log; "
        "generalised_beta: a, b, p and q.",
    )
    by: dict[Name, dict[Name, Parameters]] = Field(
        {},
        description="Parameters that differ, by attribute and category; a later attribute goes "
        "over an earlier one.",
    )
    times: dict[Name, dict[Name, float]] = Field(
        {}, description="Factors of the drawn number, by attribute and category; 1 unless given."
    )
    min: float | None = Field(None, description="Nothing is drawn below.")
    max: float | None = Field(None, description="Nothing is drawn above.")
    round_to: float = Field(0, ge=0, description="Numbers are multiples of it; 0: not rounded.")

    @model_validator(mode="after")
    def _parameters_are_whole(self) -> Self:
        known = PARAMETERS[self.draw]
        given = [("parameters", self.parameters)]
        given += [
            (f"by.{attribute}.{category}", parameters)
            for attribute, categories in self.by.items()
            for category, parameters in categories.items()
        ]
        for place, parameters in given:
            for name, value in parameters.items():
                if name not in known:
                    raise ValueError(f"{place}: {self.draw} has {', '.join(known)}, not {name}")
                if value <= 0 and name not in _ANY_SIGN:
                    raise ValueError(f"{place}.{name}: {value:g} is not above 0")
        for attribute, factors in self.times.items():
            for category, factor in factors.items():
                if factor <= 0:
                    raise ValueError(f"times.{attribute}.{category}: {factor:g} is not above 0")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min:g} is not below max {self.max:g}")
        return self

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that it depends on."""
        return tuple(dict.fromkeys((*self.by, *self.times)))

    def parameters_of(self, categories: Mapping[str, str]) -> Parameters:
        """The parameters for personas with given categories of the attributes under ``by``."""
        found = dict(self.parameters)
        for attribute, parameters in self.by.items():
            found |= parameters.get(categories[attribute], {})
        return found

    def problem(self, categories: Mapping[str, tuple[str, ...]]) -> str | None:
        """What is wrong with the parameters of some personas, if anything.

        Args:
            categories: Categories of the attributes that it depends on, as far as they are known.
        """
        for part in (self.by, self.times):
            for attribute, given in part.items():
                for category in given.keys() - set(categories.get(attribute, given)):
                    return f"{attribute} has no category {category}"
        known = {name: categories.get(name, tuple(self.by[name])) for name in self.by}
        for cell in itertools.product(*known.values()):
            of = dict(zip(known, cell, strict=True))
            found = self.parameters_of(of)
            where = ", ".join(f"{name} {category}" for name, category in of.items())
            for name in PARAMETERS[self.draw]:
                if name not in found:
                    return f"no {name} for {where}" if where else f"no {name} is given"
            if self.draw == "uniform" and found["low"] >= found["high"]:
                return f"low is not below high for {where}" if where else "low is not below high"
        return None
