"""The environment ``bargaining``, after Rubinstein (1982): alternating offers, discounted."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.seats import Seat
from tasks.environments.bargaining.dividing import Terms
from tasks.environments.bargaining.game import BOUNDS, BargainingGame
from tasks.environments.bargaining.params import BargainingParams
from tasks.environments.bargaining.policy import BargainerPolicy
from tasks.environments.seating import SeatedEnvironment


class Bargaining(SeatedEnvironment):
    """Two seats divide a pie by alternating offers."""

    name = "bargaining"
    version = 1
    params = BargainingParams
    templates = ("system", "opening", "event", "offer", "reply")
    bounds = BOUNDS
    policy = BargainerPolicy()

    def game(self, params: BargainingParams, seats: Sequence[Seat]) -> BargainingGame:
        """The rules for these seats."""
        first, second = (seat.seat for seat in seats)
        discounts = dict(zip((first, second), params.discounts, strict=True))
        terms = Terms(params.pie, params.offers, discounts)
        return BargainingGame(terms, (first, second), params.rounds, swap=params.swap)


ENVIRONMENT = Bargaining()
