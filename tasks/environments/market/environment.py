"""The environment ``market``: customers and businesses of a catalogue."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from schemas.seats import Seat
from tasks.environments.market.game import MarketGame
from tasks.environments.market.outcomes import BOUNDS
from tasks.environments.market.params import MarketParams
from tasks.environments.market.policies.policy import MarketPolicy


class Market:
    """Search, talk, proposals and payment between customers and businesses."""

    name = "market"
    version = 4
    params = MarketParams
    templates = ("system", "opening", "event", "customer", "business", "description")
    bounds = BOUNDS
    policy = MarketPolicy()
    by_events_alone = False
    changeable: frozenset[str] = frozenset()

    def aliases(self, params: MarketParams) -> Mapping[tuple[str | int, ...], str]:
        """The models of the two sides, and of those that have their own."""
        return {
            ("models", "customer"): params.models.customer,
            ("models", "business"): params.models.business,
            **{("models", "of", name): alias for name, alias in params.models.of.items()},
        }

    def encoders(self, params: MarketParams) -> Mapping[tuple[str | int, ...], str]:
        """The embedding model of the search, if it has one."""
        model = params.search.encoder
        return {} if model is None else {("search", "model"): model}

    def seating(
        self, params: MarketParams, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        """The customers, then the businesses, which have no personas; in the catalogue's order."""
        catalogue, models_of = params.sides, params.models
        customers = [(one.id, one.name, "customer") for one in catalogue.customers]
        businesses = [(one.id, one.name, "business") for one in catalogue.businesses]
        of_side = {"customer": models_of.customer, "business": models_of.business}
        return tuple(
            Seat(
                seat=seat,
                position=position,
                model=models_of.of.get(seat, of_side[role]),
                name=name,
                role=role,
                choice="drawn" if role == "customer" else "none",
            )
            for position, (seat, name, role) in enumerate([*customers, *businesses], start=1)
        )

    def game(self, params: MarketParams, seats: Sequence[Seat]) -> MarketGame:
        """The rules, bound to the catalogue."""
        return MarketGame(params, params.sides)


ENVIRONMENT = Market()
