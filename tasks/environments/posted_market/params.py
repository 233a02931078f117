"""Parameters of a market of posted prices."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.environments.seating import SeatedParams


class PostedMarketParams(SeatedParams):
    """Sellers post prices every round; a buyer learns the quality when it has bought."""

    sellers: int = Field(
        2, ge=1, le=1000, description="How many seats sell, the first ones; the others buy."
    )
    rounds: int = Field(20, ge=1, le=10_000, description="How often everybody trades.")
    value: float = Field(
        10, gt=0, le=1e6, description="What a purchase of quality 1 is worth to a buyer, in USD."
    )
    cost: float = Field(4, ge=0, le=1e6, description="What quality 1 costs a seller, per sale.")
    reputation: Literal["mean", "last", "none"] = Field(
        "mean",
        description="What buyers are shown of a seller: the mean of all its ratings, the mean of "
        "its last three, or nothing.",
    )

    @model_validator(mode="after")
    def _somebody_buys(self) -> Self:
        if self.sellers >= len(self.seats):
            raise ValueError(f"sellers: {self.sellers} of {len(self.seats)} seats, nobody buys")
        if self.cost >= self.value:
            raise ValueError("cost must be below value, or nothing is worth selling")
        return self
