"""How simulated models sell, buy and rate."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Record, Share


class TraderHabits(Record):
    """What a seller offers, what a buyer believes, and how it rates."""

    quality_rated: Share = Field(
        0.9, description="Quality that a seller sells where its ratings are shown."
    )
    quality_unrated: Share = Field(
        0.3, description="Quality that a seller sells where nothing of it is shown."
    )
    price_share: float = Field(
        0.45, ge=0, le=2, description="Price of a seller, as a share of the value of quality 1."
    )
    expects_quality: Share = Field(
        0.5,
        description="Quality that a buyer expects of a seller of which it knows nothing; it counts "
        "as one rating.",
    )
    taste_noise: float = Field(
        0.0, ge=0, le=1, description="Gumbel noise of a buyer's choice, as a share of the value."
    )
    rating_inflation: float = Field(
        0.0, ge=-4, le=4, description="Points that a buyer adds to a fair rating from 1 to 5."
    )


class TraderPolicy:
    """Sells by whether it is rated; buys where it expects to gain most; rates what it got."""

    params = TraderHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {"rating_inflation": 1.0},
        "reserved": {"quality_unrated": 0.8, "expects_quality": 0.4},
    }

    def answer(
        self, params: Any, ask: str, seen: Mapping[str, Any], habits: Random, rng: Random
    ) -> Mapping[str, Any] | str | None:
        """A price and a quality, a purchase, or a rating."""
        if ask == "post":
            rated = seen["reputation"] != "none"
            quality = params.quality_rated if rated else params.quality_unrated
            return {"price": round(params.price_share * seen["value"], 2), "quality": quality}
        if ask == "buy":
            return {"seller": _chosen(params, seen, rng)}
        if ask == "rate":
            fair = 1 + 4 * seen["got"] + params.rating_inflation
            return {"rating": min(5, max(1, round(fair)))}
        return None


def _chosen(own: TraderHabits, seen: Mapping[str, Any], rng: Random) -> str:
    """The seller of whom it expects most, if it expects to gain at all.

    It goes by what is shown of a seller, or, where nothing is, by what it got from it before.
    """
    best, most = "none", 0.0
    for seller, offer in seen["offers"].items():
        got = [
            event["value"]
            for event in seen["history"]
            if event["item"] == "delivered" and event["data"]["seller"] == seller
        ]
        n, mean = len(got), sum(got) / len(got) if got else 0.0
        if seen["reputation"] != "none":
            n, mean = offer["ratings"], (offer["rating"] - 1) / 4 if offer["ratings"] else 0.0
        expected = (own.expects_quality + n * mean) / (1 + n)
        gain = seen["value"] * expected - offer["price"]
        if own.taste_noise:
            gain -= own.taste_noise * seen["value"] * log(-log(rng.random() or 0.5))
        if gain > most:
            best, most = seller, gain
    return best
