"""Traits of a population as a study declares them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.inventories import INVENTORIES, TYPE_LETTERS, IntensityFactor, InventoryName
from schemas.names import Name

Correlation = float


class TraitSpec(Record):
    """An inventory whose traits every persona has; its bare name stands for its defaults."""

    inventory: InventoryName = Field(description="The inventory.")
    means: dict[str, float] = Field(
        {}, description="Mean of a trait in standard deviations of the reference population."
    )
    correlations: dict[str, dict[str, Correlation]] = Field(
        {}, description="Correlation of two traits, each pair once; 0 unless given."
    )
    draw: Literal["normal", "quasi_monte_carlo"] = Field(
        "normal",
        description="normal (independent personas), or quasi_monte_carlo (personas that cover the "
        "space of traits evenly: a scrambled Sobol sequence).",
    )
    intensity: Literal["none", "drawn"] | dict[IntensityFactor, int] = Field(
        "none",
        description="Intensity of every trait: none, drawn (each factor evenly from 1 to 5), or "
        "factors with a level from 1 to 5.",
    )

    type: Name | None = Field(
        None,
        description="Of type_preferences: name of an attribute with the four letters of the type, "
        "such as INTJ.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"inventory": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        known = INVENTORIES[self.inventory]
        if self.type is not None and self.inventory not in TYPE_LETTERS:
            raise ValueError(f"type: {self.inventory} has no types; type_preferences has")
        pairs = [(one, other) for one, row in self.correlations.items() for other in row]
        for trait in (*self.means, *(trait for pair in pairs for trait in pair)):
            if trait not in known:
                raise ValueError(
                    f"{self.inventory} has no trait {trait}; it has {', '.join(known)}"
                )
        if len({frozenset(pair) for pair in pairs}) < len(pairs):
            raise ValueError("correlations: a pair of traits is given twice")
        for one, other in pairs:
            if one == other or not -1 <= self.correlations[one][other] <= 1:
                raise ValueError(f"correlations.{one}.{other}: expected two traits and -1 to 1")
        if isinstance(self.intensity, dict):
            for factor, level in self.intensity.items():
                if not 1 <= level <= 5:
                    raise ValueError(f"intensity.{factor}: expected 1 to 5, found {level}")
        return self

    @property
    def traits(self) -> tuple[str, ...]:
        """The traits of the inventory."""
        return INVENTORIES[self.inventory]
