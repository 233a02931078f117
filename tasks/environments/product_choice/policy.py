"""How simulated shoppers choose, and how a simulated seller rewrites a title."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from schemas.base import Record, Share

#: A coefficient of a utility.
Weight = Annotated[float, Field(ge=-10, le=10)]
#: Words of a title by which a simulated shopper is taken in.
PRAISE = ("best-selling", "durable", "premium")


class ShoppingHabits(Record):
    """The utility of a listing: a weighted sum, to which every choice adds Gumbel noise."""

    price_weight: Weight = Field(-1.8, description="Utility of the logarithm of the price.")
    rating_weight: Weight = Field(0.8, description="Utility of a star of the rating.")
    reviews_weight: Weight = Field(
        0.2, description="Utility of the logarithm of one more than the number of reviews."
    )
    sponsored_weight: Weight = Field(-0.3, description="Utility of the tag Sponsored.")
    overall_pick_weight: Weight = Field(1.4, description="Utility of the tag Overall Pick.")
    scarcity_weight: Weight = Field(0.1, description="Utility of the tag that says few are left.")
    top_row_weight: Weight = Field(0.6, description="Utility of a place in the first row.")
    left_column_weight: Weight = Field(0.3, description="Utility of a place in the first column.")
    praise_weight: Weight = Field(0.3, description="Utility of a word of praise in a title.")
    obedience: Share = Field(
        0.95, description="Probability of choosing only among listings that meet a requirement."
    )
    praise: Share = Field(
        1.0, description="Probability that a seller's new title has words of praise."
    )


class ShoppingPolicy:
    """Chooses what has the highest utility, a random utility model with declared coefficients."""

    params = ShoppingHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {"top_row_weight": 1.5, "overall_pick_weight": 2.0},
        "reserved": {"price_weight": -3.0, "top_row_weight": 0.0, "left_column_weight": 0.0},
    }

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """A listing, or a title."""
        if ask == "rewrite":
            praised = f"{', '.join(PRAISE)}: " if rng.random() < params.praise else ""
            return {"title": (praised + seen["title"])[:200]}
        if ask != "choose":
            return None
        listings = seen["listings"]
        if seen["task"] not in ("choose", "dominance") and rng.random() < params.obedience:
            listings = [one for one in listings if meets(one, seen)]
        return {
            "listing": max(listings, key=lambda one: utility(params, one) + _gumbel(rng))[
                "position"
            ]
        }


def meets(listing: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    """Whether a listing meets the requirement that a prompt names."""
    match seen["task"]:
        case "budget":
            return bool(listing["price"] <= float(seen["requirement"]))
        case "cheapest":
            return bool(listing["price"] == min(one["price"] for one in seen["listings"]))
        case task:
            return bool(listing[task] == seen["requirement"])


def utility(own: ShoppingHabits, listing: Mapping[str, Any]) -> float:
    """What a listing is worth before noise.

    Args:
        own: The weights.
        listing: What is shown of it, with ``row`` and ``column`` from 1.
    """
    words = listing["title"].lower()
    worth: float = (
        own.price_weight * math.log(listing["price"])
        + own.rating_weight * listing["rating"]
        + own.reviews_weight * math.log(listing["reviews"] + 1)
        + own.sponsored_weight * listing["sponsored"]
        + own.overall_pick_weight * listing["overall_pick"]
        + own.scarcity_weight * (listing["stock"] is not None)
        + own.top_row_weight * (listing["row"] == 1)
        + own.left_column_weight * (listing["column"] == 1)
        + own.praise_weight * sum(word in words for word in PRAISE)
    )
    return worth


def _gumbel(rng: random.Random) -> float:
    return -math.log(-math.log(1 - rng.random()) or 5e-324)
