"""Populations of personas as a study declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from schemas.base import Record
from schemas.files import LoadContext
from schemas.names import Name

BIG_FIVE = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")


class PopulationSpec(Record):
    """A population: every structured field is drawn from declared shares; prose is optional."""

    size: int = Field(ge=1, le=1_000_000, description="Number of personas.")
    seed: int = Field(0, description="Seed of the draws.")
    shares: dict[Name, dict[Name, float]] = Field(
        {},
        description="Target shares by attribute and category; each attribute sums to 1 and is "
        "drawn on its own.",
    )
    traits: Literal["none", "big_five"] = Field(
        "none", description="Trait inventory drawn for every persona."
    )
    prose: str | None = Field(None, description="Model alias that writes a biography, if any.")

    @model_validator(mode="wrap")
    @classmethod
    def _from_path(
        cls, value: Any, handler: ModelWrapValidatorHandler[PopulationSpec], info: ValidationInfo
    ) -> PopulationSpec:
        if isinstance(value, str):
            if not isinstance(info.context, LoadContext):
                raise ValueError("a population named by file can only be read with its study")
            return handler(info.context.load(value))
        return handler(value)

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        for dimension, shares in self.shares.items():
            if any(share < 0 for share in shares.values()):
                raise ValueError(f"shares.{dimension}: a share is below 0")
            total = sum(shares.values())
            if abs(total - 1) > 1e-6:
                raise ValueError(f"shares.{dimension}: shares sum to {total:g}, not to 1")
        return self


def changed_population(
    below: PopulationSpec | None,
    change: Any,
    context: LoadContext | None = None,
    *,
    strict: bool | None = None,
) -> PopulationSpec | None:
    """The population of a condition that changes it.

    Args:
        below: The population of the study.
        change: Fields to change, each replaced as a whole; the path of a file with a population,
            which takes the place of the other; or ``None`` for no population.
        context: How to read files, where they are not read yet.
        strict: Whether to take no value for one of another type.

    Raises:
        pydantic.ValidationError: The result is no population.

    Example:
        >>> changed_population(PopulationSpec(size=5, seed=1), {"size": 9})
        PopulationSpec(size=9, seed=1, shares={}, traits='none', prose=None)
    """
    if change is None:
        return None
    if isinstance(change, Mapping) and below is not None:
        change = {**below.model_dump(mode="json"), **change}
    return PopulationSpec.model_validate(change, context=context, strict=strict)
