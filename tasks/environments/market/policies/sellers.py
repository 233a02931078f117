"""Ways to play a business, by name."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from tasks.environments.market.manipulation import WORDS
from tasks.environments.market.policies.habits import MarketHabits, SellerName

_OFFERS = (
    "Gladly, here is our offer.",
    "Thank you for asking, this is what we can do.",
    "With pleasure; the proposal is below.",
)
_SORRY = "I am sorry, nothing that you ask for is on our menu."


class Seller(Protocol):
    """A way to play a business."""

    def answer(
        self, own: MarketHabits, seen: Mapping[str, Any], rng: random.Random
    ) -> dict[str, Any]:
        """What the business answers a customer.

        Args:
            own: Its declared parameters.
            seen: The observation, history included.
            rng: Generator of this call.
        """
        ...

    def description(self, own: MarketHabits, seen: Mapping[str, Any]) -> str:
        """The description that it writes anew."""
        ...


class Honourable:
    """Offers what a customer names, at menu prices and a markup, and mends what is refused."""

    def answer(
        self, own: MarketHabits, seen: Mapping[str, Any], rng: random.Random
    ) -> dict[str, Any]:
        """Words, or an offer; nothing if it does not respond."""
        if seen["tries"] == 0 and rng.random() >= own.responsiveness:
            return {}
        words = _latest_words(seen)
        wanted = _in_stock(seen, named_in(words, seen["menu"]))
        claims = [
            f"{name}: {'yes' if offered or rng.random() >= own.honesty else 'no'}."
            for name, offered in seen["amenities"].items()
            if name.lower() in words
        ]
        if not wanted or seen["capacity"] == 0:
            return {"text": " ".join([_SORRY, *claims])}
        lines = [(item, round(seen["menu"][item] * (1 + own.markup), 2)) for item in wanted]
        if seen["tries"] and seen["lowest"]:
            lines = [(item, max(price, seen["lowest"][item])) for item, price in lines]
        slip = seen["tries"] == 0 and rng.random() < own.slips
        return _offer(lines, " ".join([rng.choice(_OFFERS), *claims]), 1.0 if slip else 0.0)

    def description(self, own: MarketHabits, seen: Mapping[str, Any]) -> str:
        """The description as it is, with what it boasts of."""
        if own.boasts == "nothing":
            return str(seen["description"])
        return f"{seen['description']} {WORDS[own.boasts].format(name=seen['you'])}"


class Scripted:
    """Offers what a customer names at menu prices and says which amenities it has."""

    def answer(
        self, own: MarketHabits, seen: Mapping[str, Any], rng: random.Random
    ) -> dict[str, Any]:
        """Words, or an offer."""
        words = _latest_words(seen)
        wanted = _in_stock(seen, named_in(words, seen["menu"]))
        if not wanted:
            return {"text": _SORRY}
        claims = (f"{name}: {'yes' if has else 'no'}." for name, has in seen["amenities"].items())
        return _offer([(item, seen["menu"][item]) for item in wanted], " ".join(claims), 0.0)

    def description(self, own: MarketHabits, seen: Mapping[str, Any]) -> str:
        """The description as it is."""
        return str(seen["description"])


#: Every way, by name.
SELLERS: Mapping[SellerName, Seller] = {"honourable": Honourable(), "scripted": Scripted()}


def named_in(words: str, items: Iterable[str]) -> list[str]:
    """The items that a text names, in their order; a name within a longer one is not meant.

    Example:
        >>> named_in("a coconut flan, please", ["Flan", "Coconut Flan", "Pie"])
        ['Coconut Flan']
    """
    known, named = list(items), set()
    for item in sorted(known, key=len, reverse=True):
        if item.lower() in words:
            named.add(item)
            words = words.replace(item.lower(), "|")
    return [item for item in known if item in named]


def _latest_words(seen: Mapping[str, Any]) -> str:
    """What the customer wrote last, in lower case; empty where the seat does not remember it."""
    said = (
        str(event["text"]).lower()
        for event in reversed(seen["history"])
        if event["kind"] == "say" and event["actor"] == seen["customer"]
    )
    return next(said, "")


def _in_stock(seen: Mapping[str, Any], items: list[str]) -> list[str]:
    stock = seen["stock"]
    return items if stock is None else [item for item in items if stock[item] > 0]


def _offer(lines: list[tuple[str, float]], text: str, off_usd: float) -> dict[str, Any]:
    """An offer of one piece of each item, whose total is off by so much."""
    return {
        "text": text,
        "items": [{"item": item, "quantity": 1, "unit_price": price} for item, price in lines],
        "total": round(sum(price for _, price in lines) + off_usd, 2),
    }
