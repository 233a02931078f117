"""Barriers: when a message can be read."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from schemas.base import Record


class Spread(Record):
    """A time that is drawn from a lognormal distribution."""

    median_s: float = Field(gt=0, le=86_400, description="Half of the times are shorter.")
    sigma: float = Field(
        0.0, ge=0, le=3, description="Standard deviation of the logarithm; 0: always the median."
    )

    def drawn(self, rng: random.Random) -> float:
        """A time in seconds."""
        return self.median_s * math.exp(self.sigma * rng.gauss())


def _from_number(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"median_s": value} if number else value


def _with_names(value: object) -> object:
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else value


#: A time in seconds: fixed, or drawn.
Seconds = Annotated[Spread, BeforeValidator(_from_number, json_schema_input_type=float | Spread)]


class Staggered(Record):
    """Seats begin one after the other and write for a while, on a clock that no real time enters.

    A seat reads what was published before it began, and its message is published when it is
    done; a round is over when all are done.
    """

    kind: Literal["staggered"]
    gap_s: Seconds = Field(
        Spread(median_s=1.2), description="Seconds from the start of one seat to that of the next."
    )
    latency_s: Seconds = Field(
        Spread(median_s=4.0), description="Seconds that a seat takes to write a message."
    )
    latency_s_of: Annotated[
        dict[str, Seconds],
        BeforeValidator(_with_names, json_schema_input_type=dict[str | int, Seconds]),
    ] = Field(
        {}, description="Other times, by the alias of a seat's model or the position of the seat."
    )


#: When a message can be read: at once, or after the round, in which all write at the same time, or
#: when the seat is done that began at its own time.
Barrier = Literal["turn", "round"] | Staggered
