"""Parameters of a strategy auction."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.environments.debate.params import Problem
from tasks.environments.seating import SeatedParams


class Task(Problem):
    """A question with a right answer, and how hard it is."""

    level: int = Field(1, ge=1, le=100, description="How hard it is; agents are not told.")


class StrategyAuctionParams(SeatedParams):
    """Every round a task goes to one seat: in an auction, to the best plan for its price."""

    tasks: tuple[Task, ...] = Field(
        min_length=1,
        max_length=10_000,
        description="The tasks. Each round has one, in an order that is drawn; they begin anew "
        "when all were done.",
    )
    rounds: int = Field(10, ge=1, le=10_000, description="Tasks that are given out.")
    prices: tuple[float, ...] = Field(
        description="What each seat costs, in USD per million tokens that it writes."
    )
    assign: Literal["auction", "dearest", "cheapest", "random"] = Field(
        "auction", description="How a task finds its seat; the others make no plans."
    )
    cost_weight: float = Field(
        50.0,
        ge=0,
        le=1e6,
        description="Points that a plan loses for each 1000 tokens of it, times the seat's price.",
    )
    mark_weight: float = Field(
        1.0, ge=0, le=1e6, description="Points that it gains for each point of its mean mark."
    )
    refine: bool = Field(
        True, description="Whether seats that are cheaper than the leading one refine their plans."
    )
    shown_pairs: int = Field(
        3,
        ge=0,
        le=100,
        description="Past plans, a winner with the best loser, that they are shown.",
    )

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if len(self.prices) != len(self.seats):
            raise ValueError(f"prices: {len(self.prices)} for {len(self.seats)} seats")
        if min(self.prices) <= 0:
            raise ValueError("prices: they must be above 0")
        return self
