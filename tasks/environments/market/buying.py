"""The customers' side of a market: what they see, and what comes of their actions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.comparing import Vectors
from schemas.environment import Action, Event, Step, audience_name
from schemas.market import Business, Customer
from tasks.environments.market import events
from tasks.environments.market.actions import CustomerAction, FilteringAction
from tasks.environments.market.arrival import ACTION
from tasks.environments.market.params import MarketParams
from tasks.environments.market.platform import payment_refusal, sold
from tasks.environments.market.search.indexes import document
from tasks.environments.market.search.query import Filters, Index, Query
from tasks.environments.market.state import Dealings, Letter, MarketState, Proposal


class Buying:
    """The customers' side.

    Args:
        params: Parameters of the market.
        customers: Customers by identifier.
        businesses: Businesses by identifier, with the descriptions that they start with.
    """

    def __init__(
        self,
        params: MarketParams,
        customers: Mapping[str, Customer],
        businesses: Mapping[str, Business],
    ) -> None:
        self._params = params
        self._customers = customers
        self._businesses = businesses
        self._place = {name: place for place, name in enumerate(businesses)}
        self._indexes: dict[tuple[tuple[str, str], ...], Index] = {}

    def seen(self, state: MarketState, customer: str) -> dict[str, Any]:
        """What a customer's prompts know besides its history."""
        one, params = self._customers[customer], self._params
        budget = params.limits.budget_usd(one)
        return {
            "request": one.request,
            "items": list(one.menu_features),
            "amenities": one.amenity_features,
            "at": state.customers[customer].acts_at,
            "filters": params.search.filters,
            "card": params.card.kind,
            "gate": params.gate,
            "wait_for": params.wait_for,
            "budget": budget,
            "left": None if budget is None else budget - state.customers[customer].spent_usd,
        }

    def compared(self, state: MarketState, did: Sequence[Any]) -> dict[str, list[str]]:
        """Texts that searches among some answers compare, by alias of the embedding model."""
        encoder = self._params.search.encoder
        queries = [
            one.query for one in did if isinstance(one, CustomerAction) and one.action == "search"
        ]
        if encoder is None or not queries:
            return {}
        return {encoder: [*map(document, self._described(state)), *queries]}

    def step(
        self,
        state: MarketState,
        due: Sequence[str],
        actions: Mapping[str, Action],
        rng: random.Random,
        vectors: Vectors,
    ) -> Step[MarketState]:
        """The market after the actions of the customers that were due, in order of their times.

        Those at the same time act in the order of the catalogue, or, where stock or capacity can
        run out, in a drawn order.
        """
        limits = self._params.limits
        contended = limits.stock is not None or limits.capacity is not None
        times = {name: state.customers[name].wakes_at for name in due}
        order = sorted(due, key=lambda name: (times[name], rng.random() if contended else 0))
        turn = _Turn(state, vectors.get(self._params.search.encoder or "", {}))
        for customer in order:
            action = actions.get(customer)
            at = times[customer]
            turn.customers[customer] = replace(
                turn.customers[customer], acts_at=at + ACTION, listens=False
            )
            if action is not None:
                turn.happened.extend(self._done(turn, customer, action.value, at, rng))
        after = replace(
            state,
            customers=turn.customers,
            businesses=turn.businesses,
            mail={name: tuple(letters) for name, letters in turn.mail.items()},
        )
        return Step(after, tuple(turn.happened), audiences=turn.audiences)

    def _done(
        self, turn: _Turn, customer: str, did: CustomerAction, at: float, rng: random.Random
    ) -> Iterator[Event]:
        """What happens when a customer acts; the turn is changed."""
        mine = turn.customers[customer]
        match did.action:
            case "search":
                yield from self._searched(turn, customer, did, at)
            case "ask":
                yield from self._asked(turn, customer, did, at, rng)
            case "pay":
                yield from self._paid(turn, customer, did.proposal.strip(), at)
            case "wait":
                turn.customers[customer] = replace(mine, listens=True)
                yield events.waited(customer, at)
            case "end":
                turn.customers[customer] = replace(mine, ended=True)
                yield events.left(customer, at)

    def _searched(
        self, turn: _Turn, customer: str, did: CustomerAction, at: float
    ) -> Iterator[Event]:
        """The search, then every business shown with its position."""
        one, search = self._customers[customer], self._params.search
        filters = did.filters if isinstance(did, FilteringAction) else Filters()
        query = Query(one, did.query, filters, turn.vectors)
        hits, n_pages = search.page(self._index(turn.state), query, did.page)
        mine = turn.customers[customer]
        found = dict(mine.found)
        for position, hit in hits:
            found[hit.business.id] = min(position, found.get(hit.business.id, position))
        turn.customers[customer] = replace(mine, found=found, searches=mine.searches + 1)
        yield events.searched(query, did.page, n_pages, at)
        yield from events.shown(one, hits, did.page, n_pages, self._params.card)

    def _asked(
        self, turn: _Turn, customer: str, did: CustomerAction, at: float, rng: random.Random
    ) -> Iterator[Event]:
        """The messages; each is a letter whose answer has its time of arrival drawn."""
        mine = turn.customers[customer]
        to = sorted((note.to for note in did.messages), key=self._place.__getitem__)
        delays = self._params.arrival.delays(to, rng)
        for place, (business, delay) in enumerate(delays.items()):
            turn.mail.setdefault(business, []).append(Letter(customer, at, at + delay, place))
            if business not in mine.contacts:
                turn.audiences[audience_name(customer, business)] = (customer, business)
        turn.customers[customer] = replace(
            mine,
            listens=True,
            contacts=mine.contacts.union(to),
            messages=mine.messages + len(to),
        )
        for note in did.messages:
            yield events.asked(customer, note.to, note.text, at)

    def _paid(self, turn: _Turn, customer: str, name: str, at: float) -> Iterator[Event]:
        """The payment, or why the platform refuses it."""
        mine, limits = turn.customers[customer], self._params.limits
        proposal = _proposal_named(name, customer, turn.customers)
        trade = turn.state.trade(proposal.business) if proposal else turn.state.trade("")
        if proposal is not None:
            trade = turn.businesses.get(proposal.business, trade)
        why = payment_refusal(
            proposal,
            customer,
            mine,
            at=at,
            trade=trade,
            limits=limits,
            budget_usd=limits.budget_usd(self._customers[customer]),
            gate=min(self._params.gate, len(self._businesses)),
        )
        if proposal is None or why is not None:
            turn.customers[customer] = replace(mine, refused=mine.refused + 1)
            yield events.payment_refused(customer, name, why or ("", ""), at)
            return
        turn.customers[customer] = replace(mine, paid=(*mine.paid, proposal))
        turn.businesses[proposal.business] = sold(trade, proposal)
        yield from events.paid(proposal, len(mine.proposals), at)

    def _index(self, state: MarketState) -> Index:
        """The search's index; made anew only where businesses wrote their descriptions anew."""
        key = tuple(state.rewritten.items())
        if key not in self._indexes:
            self._indexes[key] = self._params.search.index(self._described(state))
        return self._indexes[key]

    def _described(self, state: MarketState) -> list[Business]:
        """The businesses with the descriptions that they have now."""
        return [
            one.model_copy(update={"description": state.rewritten[name]})
            if name in state.rewritten
            else one
            for name, one in self._businesses.items()
        ]


class _Turn:
    """What a turn of the customers has changed so far."""

    def __init__(self, state: MarketState, vectors: Mapping[str, Any]) -> None:
        self.state = state
        self.vectors = vectors
        self.customers = dict(state.customers)
        self.businesses = dict(state.businesses)
        self.mail = {name: list(letters) for name, letters in state.mail.items()}
        self.audiences: dict[str, tuple[str, ...]] = {}
        self.happened: list[Event] = []


def _proposal_named(name: str, customer: str, customers: Mapping[str, Dealings]) -> Proposal | None:
    """The proposal of that name: the customer's own, or else anybody's."""
    for dealings in (customers[customer], *customers.values()):
        for proposal in dealings.proposals:
            if proposal.name == name:
                return proposal
    return None
