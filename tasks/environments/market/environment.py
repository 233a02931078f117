"""The environment ``market``: customers and businesses of a catalogue."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from schemas.market import Catalogue
from schemas.seats import Seat
from tasks.environments.market.game import MarketGame
from tasks.environments.market.params import MarketParams
from tasks.environments.market.policy import MarketPolicy


class Market:
    """Search, talk, proposals and payment between customers and businesses."""

    name = "market"
    version = 2
    params = MarketParams
    templates = ("system", "opening", "event", "customer", "business")
    policy = MarketPolicy()
    by_events_alone = False

    def aliases(self, params: MarketParams) -> Mapping[tuple[str | int, ...], str]:
        """The models of the two sides."""
        return {
            ("models", "customer"): params.models.customer,
            ("models", "business"): params.models.business,
        }

    def seating(
        self, params: MarketParams, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        """The customers, then the businesses, which have no personas; in the catalogue's order."""
        catalogue, models_of = _catalogue(params), params.models
        customers = [(one.id, one.name, "customer") for one in catalogue.customers]
        businesses = [(one.id, one.name, "business") for one in catalogue.businesses]
        return tuple(
            Seat(
                seat=seat,
                position=position,
                model=models_of.customer if role == "customer" else models_of.business,
                name=name,
                role=role,
                choice="drawn" if role == "customer" else "none",
            )
            for position, (seat, name, role) in enumerate([*customers, *businesses], start=1)
        )

    def game(self, params: MarketParams, seats: Sequence[Seat]) -> MarketGame:
        """The rules, bound to the catalogue."""
        return MarketGame(params, _catalogue(params), seats)


ENVIRONMENT = Market()


def _catalogue(params: MarketParams) -> Catalogue:
    if not isinstance(params.catalogue, Catalogue):
        raise LookupError(f"catalogue {params.catalogue.imported} is to be put in before planning")
    return params.catalogue
