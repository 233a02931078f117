"""Parameters of a commons."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.environments.seating import SeatedParams


class CommonsParams(SeatedParams):
    """A common stock: all harvest at once and in private, talk, and what is left doubles."""

    months: int = Field(12, ge=1, le=1000, description="Harvests, unless the stock collapses.")
    capacity: int = Field(
        100, ge=2, le=1_000_000, description="Units at the start, and the most that can be there."
    )
    collapse_below: int = Field(
        5, ge=1, description="The stock collapses if fewer units are left at the end of a month."
    )
    shortage: Literal["random", "proportional"] = Field(
        "random",
        description="When more is wanted than is there: one unit at a time goes to a seat drawn "
        "among those who still want, or each gets in proportion to what it wants.",
    )
    public: bool = Field(True, description="Whether everybody learns what each seat got.")
    talk_rounds: int = Field(
        2, ge=0, le=1000, description="How often everybody speaks between two harvests; 0: never."
    )
    universalization: bool = Field(
        False, description="Whether seats are told what follows if all take more than their share."
    )
