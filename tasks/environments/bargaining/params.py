"""Parameters of bargaining."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tasks.environments.seating import SeatedParams

Discount = Annotated[float, Field(ge=0, le=1)]


class PairParams(SeatedParams):
    """What games of two seats that divide something have in common."""

    pie: float = Field(100, gt=0, le=1e9, description="What is divided, in points.")
    rounds: int = Field(1, ge=1, le=10_000, description="How often something is divided.")
    swap: bool = Field(
        True, description="Whether the seat that makes the first offer changes every round."
    )

    @model_validator(mode="after")
    def _two(self) -> Self:
        if len(self.seats) != 2:
            raise ValueError("seats: it takes two")
        return self


class BargainingParams(PairParams):
    """Two seats make each other offers in turn until one is accepted; time costs."""

    offers: int = Field(
        10, ge=1, le=1000, description="Offers at most; after the last, nobody gets anything."
    )
    discounts: tuple[Discount, Discount] = Field(
        (0.9, 0.9),
        description="What a point is worth to each seat one offer later, as a share.",
    )
