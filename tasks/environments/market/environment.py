"""The rules of a two-sided market.

A round has two phases, and no clock. Customers act at once: each searches, writes to businesses,
pays a proposal, waits or ends. Then the businesses that got mail answer at once, each customer with
words or a proposal. Which answer comes first is decided by the seats or by the seed, never by how
fast a model answered. The catalogue stands in ``state["setup"]``, which all states share.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.base import Record
from schemas.environment import (
    Action,
    Ask,
    JsonValue,
    Logged,
    Observation,
    Outcomes,
    Seat,
    Step,
)
from schemas.market import Catalogue
from tasks.environments.market.actions import (
    BusinessAction,
    CustomerAction,
    business_problem,
    customer_problem,
)
from tasks.environments.market.moves import after_businesses, after_customers
from tasks.environments.market.outcomes import results
from tasks.environments.market.params import MarketParams

#: A customer that gives no usable answer waits; a business that gives none says nothing.
CUSTOMER = Ask(
    "customer",
    CustomerAction,
    {"action": "wait", "query": "", "page": 1, "messages": [], "proposal": ""},
)
BUSINESS = Ask("business", BusinessAction, {"replies": []})


class Market:
    """Search, talk, proposals and payment between customers and businesses."""

    name = "market"
    version = 1
    params_model: type[Record] = MarketParams
    templates: tuple[str, ...] = ("system", "opening", "event", "customer", "business")
    persona_roles: tuple[str, ...] = ("customer",)

    def aliases(self, params: MarketParams) -> Mapping[tuple[str | int, ...], str]:
        """The models of the two sides."""
        return {
            ("models", "customer"): params.models.customer,
            ("models", "business"): params.models.business,
        }

    def seats(
        self, params: MarketParams, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        """The customers, then the businesses, in the order of the catalogue."""
        catalogue = _catalogue(params)
        sides = (
            ("customer", catalogue.customers, params.models.customer),
            ("business", catalogue.businesses, params.models.business),
        )
        people = [(role, one, alias) for role, side, alias in sides for one in side]
        return tuple(
            Seat(seat=one.id, position=position, role=role, name=one.name, model=alias)
            for position, (role, one, alias) in enumerate(people, start=1)
        )

    def planned_rounds(self, params: MarketParams) -> int | None:
        """None: a market ends when its customers have; ``max_rounds`` is a limit."""
        return None

    def questions(self, params: MarketParams) -> Mapping[str, tuple[int, int]]:
        """From every customer ending at once to every seat being asked in every round."""
        catalogue = _catalogue(params)
        n_customers, n_businesses = len(catalogue.customers), len(catalogue.businesses)
        # Businesses are not asked in the last round, when nobody could act on their answers.
        most = (n_customers * params.max_rounds, n_businesses * (params.max_rounds - 1))
        sides = params.models
        if sides.customer == sides.business:
            return {sides.customer: (n_customers, sum(most))}
        return {sides.customer: (n_customers, most[0]), sides.business: (0, most[1])}

    def reset(self, params: MarketParams, seats: Sequence[Seat], rng: random.Random) -> Step:
        """Nobody has searched, asked or paid."""
        catalogue = _catalogue(params)
        customers = {one.id: one.model_dump(mode="json") for one in catalogue.customers}
        setup = {
            "customers": customers,
            "businesses": {one.id: one.model_dump(mode="json") for one in catalogue.businesses},
            "personas": {seat.seat: seat.persona for seat in seats},
            "search_limit": params.search_limit,
            "max_rounds": params.max_rounds,
            "arrival": params.arrival,
        }
        return Step(
            {
                "setup": setup,
                "round": 0,
                "phase": "customers",
                "active": list(customers),
                "mail": {},
                "proposals": {},
                "received": dict.fromkeys(customers, 0),
                "payments": {},
            }
        )

    def asks(self, state: JsonValue) -> Mapping[str, Ask]:
        """Customers that have not ended, or businesses that got mail; all at once."""
        if state["phase"] == "customers":
            return dict.fromkeys(state["active"], CUSTOMER)
        return dict.fromkeys(state["mail"], BUSINESS)

    def observe(self, state: JsonValue, seat: str, history: Sequence[Logged]) -> Observation:
        """A customer sees its request and its dealings; a business its menu and its dealings."""
        setup = state["setup"]
        seen = [logged for logged in history if logged.event.kind != "transfer"]
        place = {"round": state["round"], "rounds": setup["max_rounds"], "id": seat}
        if state["phase"] == "customers":
            customer = setup["customers"][seat]
            data = {
                **place,
                "role": "customer",
                "you": customer["name"],
                "request": customer["request"],
                "items": list(customer["menu_features"]),
                "amenities": customer["amenity_features"],
                "persona": setup["personas"][seat],
            }
        else:
            business = setup["businesses"][seat]
            data = {
                **place,
                "role": "business",
                "you": business["name"],
                "description": business["description"],
                "rating": business["rating"],
                "menu": business["menu_features"],
                "amenities": business["amenity_features"],
                "persona": setup["personas"][seat],
                "inbox": state["mail"][seat],
            }
        return Observation(data, seen)

    def check(self, state: JsonValue, seat: str, action: Mapping[str, Any]) -> str | None:
        """What is illegal about an action: unknown recipients, items, totals or proposals."""
        if state["phase"] == "customers":
            return customer_problem(state, seat, action)
        return business_problem(state, seat, action)

    def step(self, state: JsonValue, actions: Mapping[str, Action], rng: random.Random) -> Step:
        """The next phase, or the end: all customers have ended, or the rounds are over."""
        round_ = state["round"]
        last = round_ + 1 == state["setup"]["max_rounds"]
        if state["phase"] == "businesses":
            after, events = after_businesses(state, actions, rng)
        else:
            after, events = after_customers(state, actions, rng)
            if not after["active"]:
                return Step(after, tuple(events), round_, "terminated")
            if after["mail"] and not last:
                return Step({**after, "phase": "businesses"}, tuple(events), round_)
        if last:
            return Step(after, tuple(events), round_, "truncated")
        following = {**after, "round": round_ + 1, "phase": "customers"}
        return Step(following, tuple(events), round_)

    def outcome(self, state: JsonValue) -> Outcomes:
        """Utilities, revenues, welfare and its baselines."""
        return results(state)


def _catalogue(params: MarketParams) -> Catalogue:
    if not isinstance(params.catalogue, Catalogue):
        raise TypeError(f"catalogue {params.catalogue.imported} is to be put in before planning")
    return params.catalogue
