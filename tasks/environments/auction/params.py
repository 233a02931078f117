"""Parameters of an auction."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.environments.seating import SeatedParams


class AuctionParams(SeatedParams):
    """One thing is sold a round; what it is worth to each seat is drawn and known to it alone."""

    rounds: int = Field(10, ge=1, le=10_000, description="Auctions, one after the other.")
    form: Literal["sealed", "ascending"] = Field(
        "sealed",
        description="All bid at once and in private, or a price rises until one is left.",
    )
    pays: int = Field(
        2,
        ge=1,
        le=1000,
        description="Of sealed bids, the winner pays this one, counted from the highest; the "
        "reserve where there are too few.",
    )
    value_low: float = Field(0, ge=0, le=1e6, description="Least that the thing can be worth.")
    value_high: float = Field(100, gt=0, le=1e6, description="Most that it can be worth.")
    reserve: float = Field(0, ge=0, le=1e6, description="Price below which nothing is sold.")
    increment: float = Field(
        2, gt=0, le=1e6, description="By how much the price rises, of the ascending form."
    )
    reveal: Literal["price", "bids", "nothing"] = Field(
        "price",
        description="What all learn of a round: who won at which price, all bids, or nothing. In "
        "the ascending form all see who leaves.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.value_high <= self.value_low:
            raise ValueError("value_high must be above value_low")
        if self.reserve >= self.value_high:
            raise ValueError("nobody can be worth the reserve: it must be below value_high")
        if self.form == "sealed" and self.pays > len(self.seats):
            raise ValueError(f"pays: there are only {len(self.seats)} bids")
        if self.form == "ascending" and (self.value_high - self.reserve) / self.increment > 1000:
            raise ValueError("increment: the price would rise more than 1000 times")
        return self
