"""What a simulated customer gathers from its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Seen = Mapping[str, Any]


class History:
    """The history of a customer, by what its events say.

    Args:
        seen: The observation, history included.

    Attributes:
        in_vain: Whether a search found nothing.
        results: Search results.
        asked: Its messages.
        answers: What reached it, words and offers.
        offers: Those that are offers, in the order of arrival.
        paid: Whether it has paid.
    """

    def __init__(self, seen: Seen) -> None:
        me, history = seen["seat"], seen["history"]
        told = [(event["data"].get("what"), event) for event in history if event["kind"] == "state"]
        self._at = seen["at"]
        self._left = seen["left"]
        self._round = seen["round"]
        self._refused = [event for what, event in told if what == "refusal"]
        self.in_vain = any(what == "nothing" for what, _ in told)
        self.results = [event for what, event in told if what == "result"]
        to_me = [event for event in history if event["target"] == me]
        self.answers = [event for event in to_me if event["kind"] in ("say", "offer")]
        self.offers = [event for event in self.answers if event["kind"] == "offer"]
        mine = [event for event in history if event["actor"] == me]
        self.asked = [event for event in mine if event["kind"] == "say"]
        self.paid = any(event["kind"] == "choose" for event in mine)

    @property
    def rounds_since_news(self) -> int:
        """Rounds since it wrote or an offer came; it must have written."""
        latest = max(event["round"] for event in (*self.asked, *self.offers))
        return int(self._round - latest)

    def payable(self) -> list[Mapping[str, Any]]:
        """Offers that it can pay, as far as it knows, in the order of arrival."""
        refused = {
            event["data"]["proposal"]
            for event in self._refused
            if event["data"]["reason"] != "gate"
        }
        return [
            offer
            for offer in self.offers
            if offer["item"] not in refused
            and (offer["data"]["expires"] is None or self._at <= offer["data"]["expires"])
            and (self._left is None or offer["value"] <= self._left)
        ]
