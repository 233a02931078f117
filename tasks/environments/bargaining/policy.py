"""How simulated models bargain."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.base import Record, Share
from tasks.environments.bargaining.dividing import Terms, equilibrium_offers


class BargainerHabits(Record):
    """What a bargainer asks for, and what it accepts."""

    demand: Share = Field(0.6, description="Share of a pie that it keeps when it makes an offer.")
    least_share: Share = Field(0.3, description="Smallest share of a pie that it accepts.")
    concession: Share = Field(
        0.05, description="By how much both fall with every offer that was turned down."
    )
    induction: Share = Field(
        0.0,
        description="Probability that it plays the subgame-perfect equilibrium in an episode, "
        "whatever its demand.",
    )


class BargainerPolicy:
    """Offers and accepts by fixed shares, or by backward induction; drawn once for an episode."""

    params = BargainerHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {"demand": 0.5, "least_share": 0.4},
        "reserved": {"demand": 0.8, "least_share": 0.2},
    }

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """An offer, or a reply."""
        if ask not in ("offer", "reply"):
            return None
        pie, number = seen["pie"], seen["number"]
        if habits.random() < params.induction:
            second = next(seat for seat in seen["discounts"] if seat != seen["first"])
            terms = Terms(pie, seen["offers"], seen["discounts"])
            wanted = equilibrium_offers(terms, seen["first"], second)[number]
        else:
            gave_way = params.concession * number
            demand = max(0.0, params.demand - gave_way)
            wanted = pie * (
                1 - demand if ask == "offer" else max(0.0, params.least_share - gave_way)
            )
        if ask == "offer":
            return {"give": min(pie, round(wanted, 6))}
        return {"accept": seen["offered"] >= wanted - 1e-6 * pie}
