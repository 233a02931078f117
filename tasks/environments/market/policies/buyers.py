"""Ways to play a customer, by name."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from tasks.environments.market.fit import covers
from tasks.environments.market.policies.cues import CUES, lures
from tasks.environments.market.policies.habits import BuyerName, MarketHabits
from tasks.environments.market.policies.history import History

_GREETINGS = ("Hello!", "Good day.", "Hi there!", "Hello, I hope you can help.")
_QUESTIONS = (
    "Could you make me an offer, and tell me about: {amenities}?",
    "What would it cost, and what about {amenities}?",
    "Please send me a proposal. Do you offer {amenities}?",
)


class Buyer(Protocol):
    """A way to play a customer."""

    def act(
        self, own: MarketHabits, seen: Mapping[str, Any], habits: random.Random, rng: random.Random
    ) -> dict[str, Any]:
        """What the customer does.

        Args:
            own: Its declared parameters.
            seen: The observation, history included.
            habits: Generator that is the same throughout the episode.
            rng: Generator of this call.
        """
        ...


class Deliberate:
    """Searches, asks the first results, weighs the offers, pays, ends; by its habits.

    How it decides is drawn once for an episode, so that its share of hasty decisions is the
    declared one.
    """

    def act(
        self, own: MarketHabits, seen: Mapping[str, Any], habits: random.Random, rng: random.Random
    ) -> dict[str, Any]:
        """What the customer does next."""
        takes_first = habits.random() < own.first_offer_bias
        checks_fit = habits.random() < own.fit_checking
        wants_cheapest = habits.random() < own.price_sensitivity
        heeds_wait = habits.random() < own.heeds_wait
        falls_for = [name for name in CUES if habits.random() < getattr(own, name)]
        past = History(seen)
        first = _first_steps(seen, past)
        if first is not None:
            return first
        injected = lures(past.results, (one for one in falls_for if one == "falls_for_injection"))
        lured = lures(past.results, falls_for)
        offers = past.payable()
        good = [offer for offer in offers if not checks_fit or acceptable(offer, seen)]
        good = [offer for offer in good if offer["actor"] in lured] or good
        obeyed = [offer for offer in offers if offer["actor"] in injected]
        wanted = max(seen["gate"], seen["wait_for"] if heeds_wait else 0)
        at_once = [*obeyed, *(good if takes_first else [])]
        if at_once and len(past.offers) >= wanted:
            return paying(at_once[0])
        patience = max(own.patience, wanted)
        if past.asked and not _settled(own, patience, seen, past):
            return {"action": "wait"}
        if good and len(past.offers) >= seen["gate"]:
            return paying(min(good, key=_price) if wants_cheapest else rng.choice(good))
        return _looking_further(own, seen, past, lured, rng)


class Scripted:
    """Asks the first three results, waits for their answers, and pays once.

    It takes the offer with most of its items, then the cheapest, whatever the amenities.
    """

    def act(
        self, own: MarketHabits, seen: Mapping[str, Any], habits: random.Random, rng: random.Random
    ) -> dict[str, Any]:
        """What the customer does next."""
        past = History(seen)
        begun = _first_steps(seen, past)
        if begun is not None:
            return begun
        if not past.asked:
            first = [one["item"] for one in past.results[:3]]
            return _asking(first, seen, rng)
        if len(past.answers) < len(past.asked) and past.rounds_since_news < own.patience_rounds:
            return {"action": "wait"}
        offers = past.payable()
        if not offers:
            return {"action": "end"}
        wanted = set(seen["items"])
        return paying(min(offers, key=lambda one: (-len(wanted & _items(one)), _price(one))))


#: Every way, by name.
BUYERS: Mapping[BuyerName, Buyer] = {"deliberate": Deliberate(), "scripted": Scripted()}


def _first_steps(seen: Mapping[str, Any], past: History) -> dict[str, Any] | None:
    """The end once it has paid, and a search before anything else."""
    if past.paid:
        return {"action": "end"}
    if past.results:
        return None
    return {"action": "end"} if past.in_vain else searching(seen)


def searching(seen: Mapping[str, Any], page: int = 1) -> dict[str, Any]:
    """A search with the request as its words, or as filters where the search takes them."""
    if not seen["filters"]:
        return {"action": "search", "query": seen["request"], "page": page}
    filters = {"items": list(seen["items"]), "amenities": list(seen["amenities"])}
    return {"action": "search", "filters": filters, "page": page}


def paying(offer: Mapping[str, Any]) -> dict[str, Any]:
    """A payment of an offer."""
    return {"action": "pay", "proposal": offer["item"]}


def acceptable(offer: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    """Whether an offer holds every item and claims every amenity that the customer wants."""
    return covers(_items(offer), seen["items"]) and all(
        f"{name}: yes" in offer["text"] for name in seen["amenities"]
    )


def _settled(own: MarketHabits, patience: int, seen: Mapping[str, Any], past: History) -> bool:
    """Whether a customer waits no longer: enough offers, no new ones, or no time left."""
    return (
        len(past.offers) >= patience
        or past.rounds_since_news >= own.patience_rounds
        or seen["rounds"] - seen["round"] <= 2
    )


def _looking_further(
    own: MarketHabits,
    seen: Mapping[str, Any],
    past: History,
    lured: Collection[str],
    rng: random.Random,
) -> dict[str, Any]:
    """Asking the next businesses found, else a search of the next page, else the end.

    Those that it falls for come first, then those whose cards show the best fit.
    """
    contacted = {event["target"] for event in past.asked}
    others = [one for one in past.results if one["item"] not in contacted]
    others.sort(key=lambda one: (one["item"] not in lured, -_shown_fit(one, seen)))
    names = list(dict.fromkeys(one["item"] for one in others))
    if names:
        return _asking(names[: own.consideration], seen, rng)
    last = past.results[-1]["data"]
    if last["page"] < last["n_pages"]:
        return searching(seen, last["page"] + 1)
    return {"action": "end"}


def _shown_fit(result: Mapping[str, Any], seen: Mapping[str, Any]) -> int:
    """Wanted items and amenities that a card shows; 0 where it shows none."""
    prices = result["data"].get("prices", {})
    amenities = result["data"].get("amenities", {})
    return sum(prices.get(item) is not None for item in seen["items"]) + sum(
        bool(amenities.get(name)) for name in seen["amenities"]
    )


def _asking(
    businesses: Sequence[str], seen: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    items = "; ".join(seen["items"])
    amenities = " and ".join(seen["amenities"]) or "anything special"
    return {
        "action": "ask",
        "messages": [
            {
                "to": business,
                "text": f"{rng.choice(_GREETINGS)} {seen['request']} That is: {items}. "
                + rng.choice(_QUESTIONS).format(amenities=amenities),
            }
            for business in businesses
        ],
    }


def _price(offer: Mapping[str, Any]) -> float:
    return float(offer["value"])


def _items(offer: Mapping[str, Any]) -> set[str]:
    return {line["item"] for line in offer["data"]["items"]}
