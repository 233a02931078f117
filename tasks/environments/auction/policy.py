"""How simulated models bid."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.base import Record


class BidderHabits(Record):
    """How far a bidder's bid lies below what the thing is worth to it."""

    shading: float = Field(
        0.0,
        ge=-1,
        le=1,
        description="What a bidder takes off its value, as a share of it; below 0 it bids more "
        "than the value.",
    )
    bid_noise: float = Field(
        0.0, ge=0, le=1, description="Standard deviation of a bid, as a share of the value."
    )


class BidderPolicy:
    """Bids its value less the shading, and stays until the price is above that."""

    params = BidderHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {"shading": -0.1, "bid_noise": 0.05},
        "reserved": {"shading": 0.2},
    }

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """A bid, or whether it stays."""
        if ask not in ("bid", "stay"):
            return None
        most = seen["value"] * (1 - params.shading)
        if params.bid_noise:
            most += seen["value"] * rng.gauss(0, params.bid_noise)
        most = max(0.0, most)
        return {"amount": round(most, 2)} if ask == "bid" else {"stay": seen["clock"] <= most}
