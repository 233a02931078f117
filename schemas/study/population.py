"""Populations of personas as a study declares them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name

BIG_FIVE = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")


class PopulationSpec(Record):
    """A population: every structured field is drawn from declared shares; prose is optional."""

    size: int = Field(ge=1, le=1_000_000, description="Number of personas.")
    seed: int = Field(0, description="Seed of the draws.")
    method: Literal["independent"] = Field(
        "independent", description="How attributes are drawn: each from its own shares."
    )
    shares: dict[Name, dict[Name, float]] = Field(
        {}, description="Target shares by attribute and category; each attribute sums to 1."
    )
    traits: Literal["none", "big_five"] = Field(
        "none", description="Trait inventory drawn for every persona."
    )
    prose: str | None = Field(None, description="Model alias that writes a biography, if any.")

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        for dimension, shares in self.shares.items():
            if any(share < 0 for share in shares.values()):
                raise ValueError(f"shares.{dimension}: a share is below 0")
            total = sum(shares.values())
            if abs(total - 1) > 1e-6:
                raise ValueError(f"shares.{dimension}: shares sum to {total:g}, not to 1")
        return self
