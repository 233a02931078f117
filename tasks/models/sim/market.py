"""What simulated customers and businesses do in a market."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tasks.models.sim.policies import BusinessPolicy, CustomerPolicy

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
    policy: CustomerPolicy, seen: Mapping[str, Any], habits: random.Random, rng: random.Random
) -> dict[str, Any]:
    """What a customer does next: search, ask the first results, weigh the offers, pay, end.

    Args:
        policy: Its declared parameters.
        seen: The observation, history included.
        habits: Generator that is the same throughout the episode: how this customer decides.
        rng: Generator of this call.
    """
    takes_first = habits.random() < policy.first_offer_bias
    checks_fit = habits.random() < policy.fit_checking
    wants_cheapest = habits.random() < policy.price_sensitivity
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
    if asked and not _settled(policy, seen, asked, offers):
        return {"action": "wait"}
    if good:
        return _paying(min(good, key=_price) if wants_cheapest else rng.choice(good))
    return _looking_further(policy, seen, results, {event["target"] for event in asked}, rng)


def _settled(
    policy: CustomerPolicy,
    seen: Mapping[str, Any],
    asked: Sequence[Mapping[str, Any]],
    offers: Sequence[Mapping[str, Any]],
) -> bool:
    """Whether a customer waits no longer: enough offers, no new ones, or no time left."""
    since = seen["round"] - max(event["round"] for event in (*asked, *offers))
    return (
        len(offers) >= policy.patience
        or since >= policy.patience_rounds
        or seen["rounds"] - seen["round"] <= 2
    )


def _looking_further(
    policy: CustomerPolicy,
    seen: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    asked: Collection[str],
    rng: random.Random,
) -> dict[str, Any]:
    """Asking the next businesses found, else a search of the next page, else the end."""
    others = list(dict.fromkeys(one["item"] for one in results if one["item"] not in asked))
    if others:
        return _asking(others[: policy.consideration], seen, rng)
    last = results[-1]["data"]
    if last["page"] < last["n_pages"]:
        return {"action": "search", "query": seen["request"], "page": last["page"] + 1}
    return {"action": "end"}


def business_action(
    policy: BusinessPolicy, seen: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """What a business answers: an offer of what a customer names, at menu prices and a markup.

    Args:
        policy: Its declared parameters.
        seen: The observation, history included.
        rng: Generator of this call.
    """
    replies = []
    for customer in seen["inbox"]:
        if rng.random() >= policy.responsiveness:
            continue
        text = next(
            event["text"]
            for event in reversed(seen["history"])
            if event["kind"] == "say" and event["actor"] == customer
        )
        replies.append(_reply(policy, customer, text.lower(), seen, rng))
    return {"replies": replies}


def _reply(
    policy: BusinessPolicy,
    customer: str,
    text: str,
    seen: Mapping[str, Any],
    rng: random.Random,
) -> dict[str, Any]:
    wanted = [item for item in seen["menu"] if item.lower() in text]
    claims = [
        f"{name}: {'yes' if offered or rng.random() >= policy.honesty else 'no'}."
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
            "unit_price": round(seen["menu"][item] * (1 + policy.markup), 2),
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
