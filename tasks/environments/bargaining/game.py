"""The game of bargaining; that of an ultimatum is one of a single offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Record
from schemas.environment import Action, Ask, Event, Logged, Observation, Outcomes, Step
from tasks.environments.bargaining.dividing import Round, Terms, equilibrium_offers
from tasks.environments.bounds import outcome_bounds

#: Bounds of the outcomes.
BOUNDS = outcome_bounds(
    shares=(
        "agreement",
        "first_offer",
        "first_share",
        "theory_share",
        "efficiency",
    ),
    from_zero=("offers",),
)


class Offer(Record):
    """The answer of who makes an offer."""

    give: float = Field(ge=0, le=1e9, description="Points that the other gets; you keep the rest.")


class Reply(Record):
    """The answer of who receives it."""

    accept: bool = Field(description="Whether you accept the offer.")


OFFER = Ask("offer", Offer, no_answer="absent")  #: Without an answer no offer is made, time passes.
REPLY = Ask("reply", Reply, no_answer="absent")  #: Without an answer the offer is turned down.


@dataclass(frozen=True, slots=True)
class State:
    """The round that is played, whether its last offer waits for a reply, and past rounds."""

    now: Round
    waiting: bool = False
    past: tuple[Round, ...] = ()


class BargainingGame:
    """Bargaining of two seats.

    Args:
        terms: What every round is played for.
        seats: The two seats; the first makes the first offer.
        rounds: How many rounds there are.
        swap: Whether the seat that makes the first offer changes every round.
    """

    def __init__(self, terms: Terms, seats: tuple[str, str], rounds: int, *, swap: bool) -> None:
        self._terms = terms
        self._seats = seats
        self._swap = swap
        self.planned_rounds: int | None = rounds

    def start(self, rng: Random) -> Step[State]:
        """No offer has been made."""
        return Step(State(self._round(0)))

    def round_of(self, state: State) -> int:
        """Which pie is divided."""
        return len(state.past)

    def asks(self, state: State) -> Mapping[str, Ask]:
        """The seat whose turn it is to offer, or to reply."""
        now, number = state.now, len(state.now.made)
        if state.waiting:
            return {now.responder(number - 1): REPLY}
        return {now.proposer(number): OFFER}

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The terms, the number of the offer from 0, and what is offered, if anything is."""
        now = state.now
        number = len(now.made) - state.waiting
        data = {
            "pie": self._terms.pie,
            "offers": self._terms.offers,
            "rounds": self.planned_rounds,
            "round": len(state.past),
            "discount": self._terms.discounts[seat],
            "discounts": {one: self._terms.discounts[one] for one in self._seats},
            "first": now.first,
            "number": number,
            "offered": now.made[-1] if state.waiting else None,
        }
        return Observation(data, history)

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """Nobody can give more than there is."""
        if isinstance(value, Offer) and value.give > self._terms.pie:
            return f"there are only {self._terms.pie:g} points"
        return None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """An offer, or the reply to it."""
        round_, now = len(state.past), state.now
        number = len(now.made) - state.waiting
        proposer, responder = now.proposer(number), now.responder(number)
        if not state.waiting:
            action = actions.get(proposer)
            given = action.value.give if action else None
            made = replace(now, made=(*now.made, given))
            if given is not None:
                data = {"number": number}
                offer = Event("offer", proposer, responder, "pie", given, data=data)
                return Step(State(made, True, state.past), (offer,), round_)
            return self._after(State(made, False, state.past), (), rng)
        reply = actions.get(responder)
        agreed = reply is not None and reply.value.accept
        said = (Event("choose", responder, proposer, "accept", float(agreed)),) if reply else ()
        return self._after(State(replace(now, agreed=agreed), False, state.past), said, rng)

    def outcome(self, state: State) -> Outcomes:
        """Agreements, splits and what theory says of them.

        Shares are of the pie, before discounting. ``first_share`` is what the seat that offered
        first got, where there was an agreement; ``theory_share`` what it gets in equilibrium, at
        once. ``efficiency`` is what was got, discounted, over the pie that an agreement at once
        gives.
        """
        past, terms = state.past, self._terms
        agreed = [one for one in past if one.agreed]
        opened = [one.made[0] for one in past if one.made and one.made[0] is not None]
        theory = [
            1 - equilibrium_offers(terms, one.first, one.second)[0] / terms.pie for one in past
        ]
        worth = [one.payoffs(terms) for one in past]
        whole = {
            "agreement": _mean([float(one.agreed) for one in past]),
            "offers": _mean([float(len(one.made)) for one in past]),
            "first_offer": _mean([given / terms.pie for given in opened]),
            "first_share": _mean([one.division(terms)[one.first] / terms.pie for one in agreed]),
            "theory_share": _mean(theory),
            "efficiency": _mean([sum(one.values()) / terms.pie for one in worth]),
        }
        return {
            ("episode", ""): whole,
            **{("seat", seat): {"payoff": sum(one[seat] for one in worth)} for seat in self._seats},
        }

    def _round(self, number: int) -> Round:
        first, second = self._seats
        return Round(second, first) if self._swap and number % 2 else Round(first, second)

    def _after(self, state: State, events: tuple[Event, ...], rng: Random) -> Step[State]:
        """The next offer, the next round, or the end."""
        round_, now = len(state.past), state.now
        if not now.agreed and len(now.made) < self._terms.offers:
            return Step(state, events, round_)
        past = (*state.past, now)
        events = (*events, *self._result(now))
        if len(past) == self.planned_rounds:
            return Step(replace(state, past=past), events, round_, "terminated")
        return Step(State(self._round(len(past)), False, past), events, round_)

    def _result(self, now: Round) -> Iterator[Event]:
        if not now.agreed:
            yield Event("state", "env", None, "no agreement")
            return
        worth = now.payoffs(self._terms)
        for seat, points in now.division(self._terms).items():
            yield Event("transfer", "env", seat, "pie", points, data={"worth": worth[seat]})


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
