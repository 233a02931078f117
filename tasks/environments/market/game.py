"""The rules of a two-sided market.

A round has two phases, and no clock. Customers act at once: each searches, writes to businesses,
pays a proposal, waits or ends. Then the businesses that got mail answer at once, each customer with
words or a proposal. Which answer comes first is decided by the seats or by the seed, never by how
fast a model answered.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.environment import (
    Action,
    Ask,
    Event,
    Logged,
    Observation,
    Outcomes,
    Step,
    audience_name,
)
from schemas.market import Catalogue
from schemas.seats import Seat
from tasks.environments.market import events
from tasks.environments.market.actions import BusinessAction, CustomerAction, Response
from tasks.environments.market.legality import business_problem, customer_problem
from tasks.environments.market.outcomes import Scores
from tasks.environments.market.params import MarketParams
from tasks.environments.market.search import Index
from tasks.environments.market.state import Dealings, MarketState, Proposal

#: A customer that gives no usable answer waits; a business that gives none says nothing.
CUSTOMER = Ask(
    "customer", CustomerAction, fallback=CustomerAction(action="wait"), no_answer="fallback"
)
BUSINESS = Ask(
    "business", BusinessAction, fallback=BusinessAction(replies=()), no_answer="fallback"
)


class MarketGame:
    """A market with its catalogue."""

    planned_rounds: int | None = None  #: A market ends when its customers have.

    def __init__(self, params: MarketParams, catalogue: Catalogue, seats: Sequence[Seat]) -> None:
        self._params = params
        self._names = {seat.seat: seat.name for seat in seats}
        self._customers = {one.id: one for one in catalogue.customers}
        self._businesses = {one.id: one for one in catalogue.businesses}
        self._index = Index(catalogue.businesses, params.search_limit)
        self._scores = Scores(catalogue)

    def start(self, rng: random.Random) -> Step[MarketState]:
        """Nobody has searched, asked or paid."""
        return Step(MarketState(0, "customers", dict.fromkeys(self._customers, Dealings()), {}))

    def round_of(self, state: MarketState) -> int:
        """The round."""
        return state.round

    def asks(self, state: MarketState) -> Mapping[str, Ask]:
        """Customers that have not ended, or businesses that got mail; all at once."""
        if state.phase == "customers":
            return {name: CUSTOMER for name, one in state.customers.items() if not one.ended}
        return dict.fromkeys(state.mail, BUSINESS)

    def observe(
        self, state: MarketState, seat: str, history: Sequence[Logged], rng: random.Random
    ) -> Observation:
        """A customer sees its request and its dealings; a business its menu and its dealings."""
        data: dict[str, Any] = {
            "id": seat,
            "round": state.round,
            "rounds": self._params.max_rounds,
        }
        customer = self._customers.get(seat)
        if customer is not None:
            data |= {
                "request": customer.request,
                "items": list(customer.menu_features),
                "amenities": customer.amenity_features,
            }
        else:
            business = self._businesses[seat]
            data |= {
                "description": business.description,
                "rating": business.rating,
                "menu": business.menu_features,
                "amenities": business.amenity_features,
                "inbox": state.mail.get(seat, ()),
            }
        # A payment is shown as the choice that it follows from.
        return Observation(data, [one for one in history if one.event.kind != "transfer"])

    def check(self, state: MarketState, seat: str, value: Any) -> str | None:
        """Unknown recipients, items and proposals are illegal, and totals that do not add up."""
        if isinstance(value, CustomerAction):
            dealings = state.customers[seat]
            return customer_problem(value, dealings, self._businesses, self._index.n_pages)
        menu = self._businesses[seat].menu_features
        return business_problem(value, state.mail[seat], menu)

    def step(
        self, state: MarketState, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[MarketState]:
        """The next phase, or the end: all customers have ended, or the market closes."""
        last = state.round + 1 == self._params.max_rounds
        if state.phase == "businesses":
            step = self._after_businesses(state, actions, rng)
        else:
            step = self._after_customers(state, actions, rng)
            if all(one.ended for one in step.state.customers.values()):
                return replace(step, status="terminated")
            # Nobody could act on answers in the last round, so businesses are not asked in it.
            if step.state.mail and not last:
                return replace(step, state=replace(step.state, phase="businesses"))
        if last:
            closed = (*step.events, events.closed())
            return replace(step, events=closed, status="terminated")
        following = replace(step.state, round=state.round + 1, phase="customers", mail={})
        return replace(step, state=following)

    def outcome(self, state: MarketState) -> Outcomes:
        """Utilities, revenues, welfare and its baselines."""
        return self._scores.of(state)

    def _after_customers(
        self, state: MarketState, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[MarketState]:
        """The step of all customers at once."""
        happened: list[Event] = []
        customers = dict(state.customers)
        mail: dict[str, list[str]] = {}
        audiences: dict[str, tuple[str, ...]] = {}
        for customer, action in actions.items():
            mine, did = customers[customer], action.value
            match did.action:
                case "search":
                    happened.extend(self._searched(customer, did.query, did.page))
                case "ask":
                    to = [note.to for note in did.messages]
                    for business in to:
                        mail.setdefault(business, []).append(customer)
                        if business not in mine.contacts:
                            audiences[audience_name(customer, business)] = (customer, business)
                    happened.extend(
                        events.asked(customer, note.to, note.text) for note in did.messages
                    )
                    customers[customer] = replace(mine, contacts=mine.contacts.union(to))
                case "pay":
                    bought = next(one for one in mine.proposals if one.name == did.proposal)
                    customers[customer] = replace(mine, paid=(*mine.paid, bought))
                    happened.extend(events.paid(bought, len(mine.proposals)))
                case "wait":
                    happened.append(events.waited(customer))
                case "end":
                    customers[customer] = replace(mine, ended=True)
                    happened.append(events.left(customer))
        for inbox in mail.values():
            self._arrange(inbox, rng)
        waiting = {business: tuple(inbox) for business, inbox in mail.items()}
        after = replace(state, customers=customers, mail=waiting)
        return Step(after, tuple(happened), state.round, audiences=audiences)

    def _after_businesses(
        self, state: MarketState, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[MarketState]:
        """The step of all businesses with mail at once."""
        arriving: dict[str, list[tuple[str, Response]]] = {}
        for business, action in actions.items():
            for reply in action.value.replies:
                arriving.setdefault(reply.to, []).append((business, reply))
        customers = dict(state.customers)
        happened: list[Event] = []
        for customer, mine in state.customers.items():
            inbox = arriving.get(customer, [])
            self._arrange(inbox, rng)
            proposals = list(mine.proposals)
            for business, reply in inbox:
                if reply.items:
                    proposals.append(_proposal(business, customer, reply, proposals))
                    happened.append(events.offered(proposals[-1], reply.text))
                else:
                    happened.append(events.answered(business, customer, reply.text))
            if len(proposals) > len(mine.proposals):
                customers[customer] = replace(mine, proposals=tuple(proposals))
        return Step(replace(state, customers=customers), tuple(happened), state.round)

    def _arrange(self, inbox: list[Any], rng: random.Random) -> None:
        """Puts what was sent at once into the order of arrival; it comes in that of the seats."""
        if self._params.arrival == "shuffled":
            rng.shuffle(inbox)

    def _searched(self, customer: str, query: str, page: int) -> Iterator[Event]:
        """A customer searched, and was shown a page of results."""
        asked = {"page": page, "n_pages": self._index.n_pages}
        yield Event(
            "ask",
            customer,
            item="search",
            text=query,
            data=asked,
            audience=customer,
            phase=events.CUSTOMERS,
        )
        for position, score, business in self._index.page(query, page):
            yield Event(
                "state",
                "env",
                target=customer,
                item=business.id,
                value=score,
                text=business.description,
                data={
                    **asked,
                    "position": position,
                    "name": self._names[business.id],
                    "rating": business.rating,
                },
                audience=customer,
                phase=events.CUSTOMERS,
            )


def _proposal(
    business: str, customer: str, reply: Response, earlier: Sequence[Proposal]
) -> Proposal:
    if reply.total is None:
        raise ValueError(f"{business}: a proposal without a total passed the check")
    number = 1 + sum(one.business == business for one in earlier)
    return Proposal(
        name=f"{business}_{customer}_{number}",
        business=business,
        customer=customer,
        items=reply.items,
        total_usd=reply.total,
        position=1 + len(earlier),
    )
