"""How simulated customers and businesses act in a market."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import Field

from schemas.base import Record
from tasks.environments.talk.habits import Share


class MarketHabits(Record):
    """How a customer searches, asks and buys, and how a business answers."""

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


class MarketPolicy:
    """Plays customers and businesses by their declared habits.

    How a customer decides is drawn once for an episode, so that its share of hasty decisions is the
    declared one; everything else is drawn for each call.
    """

    params = MarketHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {
            "first_offer_bias": 0.90,
            "patience": 1,
            "consideration": 5,
            "markup": 0.15,
            "honesty": 0.60,
        },
        "reserved": {
            "first_offer_bias": 0.10,
            "patience": 3,
            "fit_checking": 1.0,
            "price_sensitivity": 1.0,
        },
    }

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """What a customer does, or what a business answers."""
        if ask == "customer":
            return customer_action(params, seen, habits, rng)
        return business_action(params, seen, rng) if ask == "business" else None


_GREETINGS = ("Hello!", "Good day.", "Hi there!", "Hello, I hope you can help.")
_QUESTIONS = (
    "Could you make me an offer, and tell me about: {amenities}?",
    "What would it cost, and what about {amenities}?",
    "Please send me a proposal. Do you offer {amenities}?",
)
_OFFERS = (
    "Gladly, here is our offer.",
    "Thank you for asking, this is what we can do.",
    "With pleasure; the proposal is below.",
)


def customer_action(
    own: MarketHabits, seen: Mapping[str, Any], habits: random.Random, rng: random.Random
) -> dict[str, Any]:
    """What a customer does next: search, ask the first results, weigh the offers, pay, end.

    Args:
        own: Its declared parameters.
        seen: The observation, history included.
        habits: Generator that is the same throughout the episode: how this customer decides.
        rng: Generator of this call.
    """
    takes_first = habits.random() < own.first_offer_bias
    checks_fit = habits.random() < own.fit_checking
    wants_cheapest = habits.random() < own.price_sensitivity
    me, history = seen["seat"], seen["history"]
    if any(event["kind"] == "choose" and event["actor"] == me for event in history):
        return {"action": "end"}
    results = [event for event in history if event["kind"] == "state"]
    if not results:
        return {"action": "search", "query": seen["request"]}
    asked = [event for event in history if event["kind"] == "say" and event["actor"] == me]
    offers = [event for event in history if event["kind"] == "offer"]
    good = [offer for offer in offers if not checks_fit or _acceptable(offer, seen)]
    if good and takes_first:
        return _paying(good[0])
    if asked and not _settled(own, seen, asked, offers):
        return {"action": "wait"}
    if good:
        return _paying(min(good, key=_price) if wants_cheapest else rng.choice(good))
    return _looking_further(own, seen, results, {event["target"] for event in asked}, rng)


def _settled(
    own: MarketHabits,
    seen: Mapping[str, Any],
    asked: Sequence[Mapping[str, Any]],
    offers: Sequence[Mapping[str, Any]],
) -> bool:
    """Whether a customer waits no longer: enough offers, no new ones, or no time left."""
    since = seen["round"] - max(event["round"] for event in (*asked, *offers))
    return (
        len(offers) >= own.patience
        or since >= own.patience_rounds
        or seen["rounds"] - seen["round"] <= 2
    )


def _looking_further(
    own: MarketHabits,
    seen: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    asked: Collection[str],
    rng: random.Random,
) -> dict[str, Any]:
    """Asking the next businesses found, else a search of the next page, else the end."""
    others = list(dict.fromkeys(one["item"] for one in results if one["item"] not in asked))
    if others:
        return _asking(others[: own.consideration], seen, rng)
    last = results[-1]["data"]
    if last["page"] < last["n_pages"]:
        return {"action": "search", "query": seen["request"], "page": last["page"] + 1}
    return {"action": "end"}


def business_action(
    own: MarketHabits, seen: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """What a business answers: an offer of what a customer names, at menu prices and a markup.

    Args:
        own: Its declared parameters.
        seen: The observation, history included.
        rng: Generator of this call.
    """
    replies = []
    for customer in seen["inbox"]:
        if rng.random() >= own.responsiveness:
            continue
        text = next(
            event["text"]
            for event in reversed(seen["history"])
            if event["kind"] == "say" and event["actor"] == customer
        )
        replies.append(_reply(own, customer, text.lower(), seen, rng))
    return {"replies": replies}


def _reply(
    own: MarketHabits,
    customer: str,
    text: str,
    seen: Mapping[str, Any],
    rng: random.Random,
) -> dict[str, Any]:
    wanted = [item for item in seen["menu"] if item.lower() in text]
    claims = [
        f"{name}: {'yes' if offered or rng.random() >= own.honesty else 'no'}."
        for name, offered in seen["amenities"].items()
        if name.lower() in text
    ]
    if not wanted:
        return {
            "to": customer,
            "text": " ".join(["I am sorry, nothing that you ask for is on our menu.", *claims]),
        }
    lines = [
        {
            "item": item,
            "quantity": 1,
            "unit_price": round(seen["menu"][item] * (1 + own.markup), 2),
        }
        for item in wanted
    ]
    return {
        "to": customer,
        "text": " ".join([rng.choice(_OFFERS), *claims]),
        "items": lines,
        "total": round(sum(line["unit_price"] for line in lines), 2),
    }


def _asking(
    businesses: Sequence[str], seen: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    amenities = " and ".join(seen["amenities"]) or "anything special"
    return {
        "action": "ask",
        "messages": [
            {
                "to": business,
                "text": f"{rng.choice(_GREETINGS)} {seen['request']} "
                + rng.choice(_QUESTIONS).format(amenities=amenities),
            }
            for business in businesses
        ],
    }


def _paying(offer: Mapping[str, Any]) -> dict[str, Any]:
    return {"action": "pay", "proposal": offer["item"]}


def _price(offer: Mapping[str, Any]) -> float:
    return float(offer["value"])


def _acceptable(offer: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    """Whether an offer holds every item and claims every amenity that the customer wants."""
    items = {line["item"] for line in offer["data"]["items"]}
    return set(seen["items"]) <= items and all(
        f"{name}: yes" in offer["text"] for name in seen["amenities"]
    )
