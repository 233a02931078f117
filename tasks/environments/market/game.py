"""The rules of a two-sided market.

The market has a clock of its own (``clock``) and no other. Customers that are due act at once: each
searches, writes to businesses, pays a proposal, waits or ends. Then the businesses that got mail
answer, one letter each at a time, until all are answered; each sees the conversation that the
letter belongs to and nothing else. Answers reach customers as ``arrival`` says, never by how fast a
model answered.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.comparing import NO_VECTORS, Vectors
from schemas.environment import Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.market import Catalogue
from tasks.environments.market import clock, events
from tasks.environments.market.actions import BusinessAction, CustomerAction, FilteringAction
from tasks.environments.market.buying import Buying
from tasks.environments.market.legality import (
    business_problem,
    customer_problem,
    description_problem,
)
from tasks.environments.market.manipulation import Rewriting
from tasks.environments.market.outcomes import Scores
from tasks.environments.market.params import MarketParams
from tasks.environments.market.selling import Selling
from tasks.environments.market.state import Dealings, MarketState

#: A customer that gives no usable answer waits; a business that gives none says nothing.
CUSTOMER, FILTERING = (
    Ask("customer", schema, fallback=schema(action="wait"), no_answer="fallback")
    for schema in (CustomerAction, FilteringAction)
)
BUSINESS = Ask("business", BusinessAction, fallback=BusinessAction(), no_answer="fallback")
#: A business that writes no description keeps the one it has.
DESCRIPTION = Ask("description", no_answer="absent")


class MarketGame:
    """A market with its catalogue."""

    planned_rounds: int | None = None  #: A market ends when its customers have.

    def __init__(self, params: MarketParams, catalogue: Catalogue) -> None:
        self._params = params
        self._customers = {one.id: one for one in catalogue.customers}
        self._businesses = {one.id: one for one in catalogue.businesses}
        self._treated = _treated(params)
        for name, description in self._treated.items():
            business = self._businesses[name]
            self._businesses[name] = business.model_copy(update={"description": description})
        self._buying = Buying(params, self._customers, self._businesses)
        self._selling = Selling(params, self._businesses)
        self._scores = Scores(catalogue, self._treated)

    def start(self, rng: random.Random) -> Step[MarketState]:
        """Nobody has searched, asked or paid."""
        customers = dict.fromkeys(self._customers, Dealings())
        if isinstance(self._params.manipulation, Rewriting):
            return Step(MarketState(0.0, "opening", customers))
        return Step(MarketState(0.0, "customers", customers))

    def round_of(self, state: MarketState) -> int:
        """Whole units of time that have passed."""
        return int(state.time)

    def asks(self, state: MarketState) -> Mapping[str, Ask]:
        """Customers that are due, or businesses that have mail; all at once."""
        match state.phase:
            case "opening":
                return dict.fromkeys(self._treated, DESCRIPTION)
            case "customers":
                ask = FILTERING if self._params.search.filters else CUSTOMER
                return dict.fromkeys(clock.due(state), ask)
            case "businesses":
                return {name: BUSINESS for name in state.mail if clock.next_letter(state, name)}

    def observe(
        self, state: MarketState, seat: str, history: Sequence[Logged], rng: random.Random
    ) -> Observation:
        """A customer sees its request and its dealings; a business its menu and a conversation."""
        params = self._params
        data: dict[str, Any] = {
            "id": seat,
            "round": self.round_of(state),
            "rounds": params.max_rounds,
            "floor": params.limits.floor,
        }
        # A payment is shown as the choice that it follows from.
        shown = [one for one in history if one.event.kind != "transfer"]
        if seat in self._customers:
            return Observation(data | self._buying.seen(state, seat), shown, knows=())
        letter = clock.next_letter(state, seat) if state.phase == "businesses" else None
        if letter is not None:
            shown = [one for one in shown if _is_with(letter.customer, one.event)]
        data |= self._selling.seen(state, seat, letter)
        return Observation(data, shown, knows=())

    def check(self, state: MarketState, seat: str, value: Any) -> str | None:
        """What is malformed about an answer."""
        if isinstance(value, CustomerAction):
            return customer_problem(
                value, self._businesses, needs_query=not self._params.search.filters
            )
        if isinstance(value, BusinessAction):
            return business_problem(value)
        return description_problem(value)

    def compared(
        self, state: MarketState, actions: Mapping[str, Action]
    ) -> Mapping[str, Collection[str]]:
        """Queries and businesses, where customers search by an embedding model."""
        return self._buying.compared(state, [action.value for action in actions.values()])

    def step(
        self,
        state: MarketState,
        actions: Mapping[str, Action],
        rng: random.Random,
        vectors: Vectors = NO_VECTORS,
    ) -> Step[MarketState]:
        """What came of the actions; then the mail, then the next time, until all have left."""
        match state.phase:
            case "opening":
                step = self._opened(state, actions)
            case "customers":
                step = self._buying.step(state, clock.due(state), actions, rng, vectors)
            case "businesses":
                step = self._selling.step(state, actions)
        step = replace(step, round=self.round_of(state))
        if any(clock.next_letter(step.state, name) for name in step.state.mail):
            return replace(step, state=replace(step.state, phase="businesses"))
        following = clock.next_time(step.state)
        if following is None:
            return replace(step, status="terminated")
        if following >= self._params.max_rounds:
            return replace(step, events=(*step.events, events.closed()), status="terminated")
        after, arrived = clock.delivered(step.state, following, self._params.limits.expiry)
        return replace(step, state=after, events=(*step.events, *arrived))

    def outcome(self, state: MarketState) -> Outcomes:
        """Utilities, revenues, welfare and its baselines."""
        return self._scores.of(state)

    def _opened(self, state: MarketState, actions: Mapping[str, Action]) -> Step[MarketState]:
        """The market opens with the descriptions that businesses wrote."""
        written = {name: action.value for name, action in actions.items()}
        happened = tuple(events.rewrote(name, text) for name, text in written.items())
        return Step(replace(state, phase="customers", rewritten=written), happened)


def _treated(params: MarketParams) -> dict[str, str]:
    """Descriptions of the businesses that are treated."""
    if params.manipulation is None:
        return {}
    known = {one.id: one for one in params.sides.businesses}
    return {
        name: params.manipulation.described(known[name]) for name in params.manipulation.businesses
    }


def _is_with(customer: str, event: Event) -> bool:
    """Whether an event that a business sees belongs to its conversation with a customer."""
    if event.kind == "state":
        return event.data.get("customer") == customer
    return customer in (event.actor, event.target) or event.kind == "intervene"
