"""The environment ``ultimatum``, after Güth, Schmittberger and Schwarze (1982)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from schemas.seats import Seat
from tasks.environments.bargaining.dividing import Terms
from tasks.environments.bargaining.game import BOUNDS, BargainingGame
from tasks.environments.bargaining.params import PairParams
from tasks.environments.bargaining.policy import BargainerPolicy
from tasks.environments.seating import SeatedEnvironment


class UltimatumParams(PairParams):
    """One seat offers the other a part of a pie; if it is turned down, nobody gets anything."""

    rounds: int = Field(10, ge=1, le=10_000, description="How often something is divided.")


class Ultimatum(SeatedEnvironment):
    """Bargaining of a single offer, over some rounds."""

    name = "ultimatum"
    version = 1
    params = UltimatumParams
    templates = ("system", "opening", "event", "offer", "reply")
    bounds = BOUNDS
    policy = BargainerPolicy()

    def game(self, params: UltimatumParams, seats: Sequence[Seat]) -> BargainingGame:
        """The rules for these seats."""
        first, second = (seat.seat for seat in seats)
        terms = Terms(params.pie, 1, {first: 1.0, second: 1.0})
        return BargainingGame(terms, (first, second), params.rounds, swap=params.swap)


ENVIRONMENT = Ultimatum()
