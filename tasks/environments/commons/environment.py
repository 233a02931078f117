"""The rules of a commons, after GovSim (Piatti et al. 2024, arXiv 2404.16698)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Record
from schemas.environment import EVERYONE, Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.bounds import outcome_bounds
from tasks.environments.commons.params import CommonsParams
from tasks.environments.commons.policy import CommonsPolicy
from tasks.environments.seating import SeatedEnvironment
from tasks.environments.talk import Talk, TalkProtocol, TalkState


class Amount(Record):
    """The answer to a question for a harvest."""

    amount: int = Field(ge=0, description="How many units you take in this month.")


HARVEST = Ask("harvest", Amount, no_answer="absent")  #: Who gives no answer takes nothing.


@dataclass(frozen=True, slots=True)
class Harvest:
    """A harvest: the units that were there, and what each seat that acted got."""

    stock: int
    got: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class State:
    """The units that are there, past harvests, and the talk after the last, while it goes on."""

    stock: int
    past: tuple[Harvest, ...] = ()
    talk: TalkState | None = None


class CommonsGame:
    """A commons of some seats."""

    def __init__(self, params: CommonsParams, seats: tuple[str, ...]) -> None:
        self._params = params
        self._seats = seats
        self._told = params.model_dump(mode="json", exclude={"seats"})
        rounds = params.talk_rounds
        self._talk = Talk(seats, {"talk": TalkProtocol(rounds=rounds)} if rounds else {})
        self.planned_rounds: int | None = params.months

    def start(self, rng: Random) -> Step[State]:
        """The stock is full."""
        return Step(State(self._params.capacity))

    def round_of(self, state: State) -> int:
        """The month; the talk after its harvest belongs to it."""
        return len(state.past) - (state.talk is not None)

    def asks(self, state: State) -> Mapping[str, Ask]:
        """Everybody at once for a harvest; who has the floor in a talk."""
        return self._talk.asks(state.talk) if state.talk else dict.fromkeys(self._seats, HARVEST)

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The rules, the stock, and the sustainable share of the next harvest."""
        ahead = self._regrown(state.stock) if state.talk else state.stock
        share = (ahead // 2) // len(self._seats)
        now = {"round": self.round_of(state), "stock": state.stock, "share": share}
        return Observation({**self._told, **now}, history)

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """More than there is cannot be taken."""
        if state.talk:
            return self._talk.check(state.talk, value)
        return f"only {state.stock} are there" if value.amount > state.stock else None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """A harvest or a turn of talk; when the talk is over the stock regrows, or it ends."""
        month = self.round_of(state)
        if state.talk:
            talked = self._talk.step(state.talk, actions, rng)
            talk, events = talked.state, talked.events
            state = State(state.stock, state.past, talk)
        else:
            wanted = {seat: action.value.amount for seat, action in actions.items()}
            got = dealt(wanted, state.stock, self._params.shortage, rng)
            events = tuple(self._events(wanted, got, state.stock))
            talk, past = self._talk.start(rng).state, (*state.past, Harvest(state.stock, got))
            state = State(state.stock - sum(got.values()), past, talk)
        if not self._talk.over(talk):
            return Step(state, events, month)
        collapsed = state.stock < self._params.collapse_below
        if collapsed or len(state.past) == self._params.months:
            end = Event("end", "env", item="collapse" if collapsed else "last month")
            return Step(state, (*events, end), month, "terminated")
        stock = self._regrown(state.stock)
        grown = Event("state", "env", item="stock", value=stock)
        return Step(State(stock, state.past), (*events, grown), month)

    def outcome(self, state: State) -> Outcomes:
        """Survival, gains, efficiency, equality and over-usage."""
        return scores(state.past, self._seats, self._params.capacity, self._params.months)

    def _regrown(self, left: int) -> int:
        return min(self._params.capacity, 2 * left)

    def _events(self, wanted: dict[str, int], got: dict[str, int], stock: int) -> Iterator[Event]:
        there = {"stock": stock}
        for seat, amount in wanted.items():
            yield Event("choose", seat, None, "harvest", amount, data=there, audience=seat)
        for seat, amount in got.items():
            to = EVERYONE if self._params.public else seat
            yield Event("transfer", "env", seat, "stock", amount, data=there, audience=to)
        yield Event("state", "env", None, "left", stock - sum(got.values()))


class Commons(SeatedEnvironment):
    """Harvests from one stock that regrows, with talk between them."""

    name = "commons"
    version = 1
    params = CommonsParams
    templates = ("system", "opening", "event", "harvest", "turn")
    changeable = frozenset(("collapse_below", "public", "shortage", "universalization"))
    bounds = outcome_bounds(
        shares=(
            "survived",
            "efficiency",
            "equality",
            "over_usage",
        ),
        from_zero=(
            "survival",
            "gain",
        ),
    )
    policy = CommonsPolicy()

    def game(self, params: CommonsParams, seats: Sequence[Seat]) -> CommonsGame:
        """The rules for these seats."""
        return CommonsGame(params, tuple(seat.seat for seat in seats))


ENVIRONMENT = Commons()


def dealt(wanted: dict[str, int], stock: int, shortage: str, rng: Random) -> dict[str, int]:
    """What each seat gets: all that it wants, unless that is more than there is.

    Example:
        >>> dealt({"s1": 90, "s2": 30}, 60, "proportional", Random(0))
        {'s1': 45, 's2': 15}
    """
    total = sum(wanted.values())
    if total <= stock:
        return dict(wanted)
    part = stock if shortage == "proportional" else 0  # What is left over is dealt as well.
    got = {seat: amount * part // total for seat, amount in wanted.items()}
    wanting = [seat for seat, amount in wanted.items() if got[seat] < amount]
    for _ in range(stock - sum(got.values())):
        seat = rng.choice(wanting)
        got[seat] += 1
        if got[seat] == wanted[seat]:
            wanting.remove(seat)
    return got


def scores(past: Sequence[Harvest], seats: Sequence[str], capacity: int, months: int) -> Outcomes:
    """The outcomes of a commons.

    With h the stock, f = h // 2 is the most that can be taken so that it regrows in full, R_i the
    ``gain`` of seat i in units, n the number of seats and m ``survival``, the months harvested:

        efficiency = 1 - max(0, months f(capacity) - sum R_i) / (months f(capacity))
        equality   = 1 - sum_ij |R_i - R_j| / (2 n sum R_i); missing if nobody got anything
        over_usage = share of the n m harvests in which a seat got more than f / n

    The paper prints f, the share of all seats, in place of f / n; the prompts of its code, and
    this, compare a seat with its own share.
    """
    n, m = len(seats), len(past)
    gains = {seat: sum(one.got.get(seat, 0) for one in past) for seat in seats}
    total, most = sum(gains.values()), months * (capacity // 2)
    ranked = enumerate(sorted(gains.values()), start=1)
    differences = 2 * sum((2 * rank - n - 1) * gain for rank, gain in ranked)
    over = sum(n * got > one.stock // 2 for one in past for got in one.got.values())
    whole = {
        "survival": m,
        "survived": float(m == months),
        "gain": total / n,
        "efficiency": 1 - max(0, most - total) / most,
        "equality": 1 - differences / (2 * n * total) if total else None,
        "over_usage": over / (n * m) if m else None,
    }
    return {("episode", ""): whole, **{("seat", one): {"gain": gains[one]} for one in seats}}
