"""Dividing a pie by alternating offers: the rules of a round, and what theory says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What a round is played for.

    Attributes:
        pie: What is divided, in points.
        offers: Offers at most.
        discounts: What a point is worth one offer later, by seat.
    """

    pie: float
    offers: int
    discounts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Round:
    """A round of bargaining.

    Attributes:
        first: Seat that makes the first offer.
        second: The other.
        made: What each offer gave to who received it, in points; ``None`` for one that never came.
        agreed: Whether the last was accepted.
    """

    first: str
    second: str
    made: tuple[float | None, ...] = ()
    agreed: bool = False

    def proposer(self, number: int) -> str:
        """Who makes an offer; they are numbered from 0."""
        return self.second if number % 2 else self.first

    def responder(self, number: int) -> str:
        """Who receives it."""
        return self.first if number % 2 else self.second

    def division(self, terms: Terms) -> dict[str, float]:
        """Points that each seat gets, before discounting; none without an agreement."""
        last = len(self.made) - 1
        given = self.made[last] if self.agreed else None
        if given is None:
            return {self.first: 0.0, self.second: 0.0}
        return {self.responder(last): given, self.proposer(last): terms.pie - given}

    def payoffs(self, terms: Terms) -> dict[str, float]:
        """What the points are worth to each seat at the time of the agreement."""
        delay = max(len(self.made) - 1, 0)
        return {
            seat: points * terms.discounts[seat] ** delay
            for seat, points in self.division(terms).items()
        }


def equilibrium_offers(terms: Terms, first: str, second: str) -> tuple[float, ...]:
    """What each offer gives to who receives it in the subgame-perfect equilibrium, in points.

    By induction from the last offer, which gives nothing: whoever receives offer t can turn it
    down and keep ``pie - x`` of the next, where x is what that one gives, so it is given the worth
    of that one offer earlier.

    Source: Ståhl (1972); Rubinstein (1982), whose split is the limit of many offers.

    Example:
        >>> terms = Terms(100.0, 2, {"s1": 0.5, "s2": 0.5})
        >>> equilibrium_offers(terms, "s1", "s2")
        (50.0, 0.0)
        >>> many = Terms(1.0, 1000, {"s1": 0.9, "s2": 0.9})
        >>> round(1 - equilibrium_offers(many, "s1", "s2")[0], 4), round(1 / 1.9, 4)
        (0.5263, 0.5263)
    """
    given = [0.0]
    for number in range(terms.offers - 2, -1, -1):
        responder = first if number % 2 else second
        given.append(terms.discounts[responder] * (terms.pie - given[-1]))
    return tuple(reversed(given))
