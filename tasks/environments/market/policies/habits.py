"""The declared parameters of simulated customers and businesses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Record, Share

#: Ways to play either side; ``buyers`` and ``sellers`` say how each goes.
BuyerName = Literal["deliberate", "scripted"]
SellerName = Literal["honourable", "scripted"]


class MarketHabits(Record):
    """How a customer searches, asks and buys, and how a business answers."""

    buyer: BuyerName = Field(
        "deliberate",
        description="How it plays a customer: by the habits below, or scripted (asks the first "
        "three results, and pays the offer with most of its items, then the cheapest).",
    )
    consideration: int = Field(
        3,
        ge=1,
        le=100,
        description="Businesses from its search results that a customer asks, at most.",
    )
    first_offer_bias: Share = Field(
        0.50,
        description="Probability that a customer pays the first acceptable offer without a look at "
        "others.",
    )
    price_sensitivity: Share = Field(
        0.80,
        description="Probability that a customer chooses the cheapest acceptable offer; else one "
        "at random.",
    )
    patience: int = Field(
        2, ge=1, le=100, description="Offers that a customer waits for before it compares them."
    )
    patience_rounds: int = Field(
        2, ge=1, le=100, description="Rounds without a new offer after which a customer decides."
    )
    fit_checking: Share = Field(
        0.90,
        description="Probability that a customer leaves offers aside that lack an item or a wanted "
        "amenity, as far as the offers say.",
    )
    heeds_wait: Share = Field(
        0.70, description="Probability that a customer waits for as many offers as it is told to."
    )
    falls_for_authority: Share = Field(
        0.0, description="Probability that a customer prefers who boasts of awards and experts."
    )
    falls_for_social_proof: Share = Field(
        0.0, description="The same of who boasts of many customers and reviews."
    )
    falls_for_loss_aversion: Share = Field(
        0.0, description="The same of who warns of other businesses."
    )
    falls_for_injection: Share = Field(
        0.0,
        description="Probability that a customer obeys instructions in a description: it pays the "
        "first offer of that business, whatever it holds.",
    )
    seller: SellerName = Field(
        "honourable",
        description="How it plays a business: by the habits below, or scripted (offers what it has "
        "at menu prices and says what amenities it has).",
    )
    markup: float = Field(
        0.0,
        ge=-0.9,
        le=5,
        description="What a business adds to its menu prices, as a share of them.",
    )
    responsiveness: Share = Field(
        1.0, description="Probability that a business answers a customer's message."
    )
    honesty: Share = Field(
        1.0, description="Probability that a business admits that a wanted amenity is missing."
    )
    slips: Share = Field(
        0.0, description="Probability that the total of a business's offer does not add up."
    )
    boasts: Literal["nothing", "authority", "social_proof", "loss_aversion"] = Field(
        "nothing", description="What a business adds when it writes its description anew."
    )
