"""Arrival: when the answers to what a customer wrote reach it, on the market's own clock.

An action of a customer takes one unit of time, and so does an answer at least. A customer that has
written acts again when the first answer arrives; so the order of arrival, which is a treatment,
decides what it has before it when it may pay. A kind is a class here and a name in :data:`Arrival`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from schemas.base import Record
from tasks.environments.market.kinds import kind_by_name

#: Units of time that an action of a customer takes, and the least that an answer takes.
ACTION = 1.0


class Simultaneous(Record):
    """All answers to one customer's messages arrive together, listed in a drawn order."""

    kind: Literal["simultaneous"]

    def delays(self, businesses: Sequence[str], rng: random.Random) -> Mapping[str, float]:
        """Units of time that each answer takes; in the order in which they are listed."""
        return dict.fromkeys(rng.sample(businesses, len(businesses)), ACTION)


class InRandomOrder(Record):
    """One answer after the other, a unit of time apart, in a drawn order."""

    kind: Literal["random"]

    def delays(self, businesses: Sequence[str], rng: random.Random) -> Mapping[str, float]:
        """Units of time that each answer takes."""
        drawn = rng.sample(businesses, len(businesses))
        return {business: ACTION * place for place, business in enumerate(drawn, start=1)}


class InFixedOrder(Record):
    """One answer after the other, a unit of time apart, in the order of the catalogue."""

    kind: Literal["fixed"]

    def delays(self, businesses: Sequence[str], rng: random.Random) -> Mapping[str, float]:
        """Units of time that each answer takes."""
        return {business: ACTION * place for place, business in enumerate(businesses, start=1)}


class BySpeed(Record):
    """Each business takes its time: ``usual · exp(spread · z)`` units, z a standard normal draw."""

    kind: Literal["speed"]
    usual: float = Field(3.0, ge=ACTION, le=1000, description="Units that an answer usually takes.")
    of: dict[str, float] = Field({}, description="The same for businesses of their own speed.")
    spread: float = Field(0.0, ge=0, le=3, description="How much it varies; 0 for not at all.")

    def delays(self, businesses: Sequence[str], rng: random.Random) -> Mapping[str, float]:
        """Units of time that each answer takes, one at least."""
        return {
            business: max(
                ACTION, self.of.get(business, self.usual) * math.exp(self.spread * rng.gauss(0, 1))
            )
            for business in businesses
        }


#: Every kind of arrival.
Arrival = Simultaneous | InRandomOrder | InFixedOrder | BySpeed

#: An arrival as a study writes it; a bare name stands for a kind with its defaults.
ArrivalField = Annotated[
    Annotated[Arrival, Field(discriminator="kind")],
    BeforeValidator(
        kind_by_name,
        json_schema_input_type=Literal["simultaneous", "random", "fixed", "speed"] | Arrival,
    ),
]
