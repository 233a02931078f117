"""The rules of an auction: one thing a round, private values, sealed or ascending bids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Record
from schemas.environment import EVERYONE, Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.auction.params import AuctionParams
from tasks.environments.auction.policy import BidderPolicy
from tasks.environments.auction.selling import Sale, sealed_sale, theory_revenue
from tasks.environments.bounds import outcome_bounds
from tasks.environments.seating import SeatedEnvironment

#: How many times the highest value the price can rise to before the winner is drawn.
CEILING = 2


class Bid(Record):
    """The answer to a question for a sealed bid."""

    amount: float = Field(ge=0, le=1e9, description="What you bid.")


class Stay(Record):
    """The answer of who sees the price rise."""

    stay: bool = Field(description="Whether you would buy at this price; if not, you are out.")


BID = Ask("bid", Bid, no_answer="absent")  #: Who gives no answer does not bid.
STAY = Ask("stay", Stay, no_answer="absent")  #: Who gives no answer is out.


@dataclass(frozen=True, slots=True)
class State:
    """The values of the round, the price and who is left (of the ascending form), past sales."""

    values: Mapping[str, float]
    clock: float
    left: tuple[str, ...]
    past: tuple[Sale, ...] = ()


class AuctionGame:
    """Auctions among some seats."""

    def __init__(self, params: AuctionParams, seats: Sequence[Seat]) -> None:
        self._params = params
        self._seats = tuple(seat.seat for seat in seats)
        self._told = params.model_dump(mode="json", exclude={"seats"})
        self.planned_rounds: int | None = params.rounds

    def start(self, rng: Random) -> Step[State]:
        """Values are drawn for the first thing."""
        return Step(self._drawn((), rng))

    def round_of(self, state: State) -> int:
        """The auction."""
        return len(state.past)

    def asks(self, state: State) -> Mapping[str, Ask]:
        """Everybody for a bid; or those who are left, whether they stay."""
        sealed = self._params.form == "sealed"
        return dict.fromkeys(self._seats if sealed else state.left, BID if sealed else STAY)

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The rules, the own value, the price, and how many are left."""
        now = {"round": len(state.past), "clock": state.clock, "n_left": len(state.left)}
        own = {"value": state.values[seat], "n_bidders": len(self._seats)}
        return Observation({**self._told, **now, **own}, history)

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """Any bid is legal."""
        return None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """The sale to the highest bidder, or the price rises."""
        round_ = len(state.past)
        if self._params.form == "sealed":
            bids = {seat: action.value.amount for seat, action in actions.items()}
            sale: Sale | None = sealed_sale(self._params, state.values, bids, rng)
            events: tuple[Event, ...] = ()
        else:
            stay = tuple(seat for seat, action in actions.items() if action.value.stay)
            gone = [seat for seat in state.left if seat not in stay]
            events = tuple(Event("choose", seat, None, "leave", state.clock) for seat in gone)
            sale = self._ascended(state, stay, rng)
            state = replace(state, left=stay, clock=state.clock + self._params.increment)
        if sale is None:
            return Step(state, events, round_)
        past = (*state.past, sale)
        events = (*events, *self._events(sale, round_))
        if len(past) == self._params.rounds:
            return Step(replace(state, past=past), events, round_, "terminated")
        return Step(self._drawn(past, rng), events, round_)

    def outcome(self, state: State) -> Outcomes:
        """Efficiency, revenue and what theory says of it, bids over values, gains.

        Efficiency is what things were worth to those who have them over what they were worth to
        whom they were worth most. ``revenue_ratio`` is revenue over that of theory.
        """
        past = state.past
        best = sum(max(sale.values.values()) for sale in past)
        got = sum(sale.values[sale.winner] for sale in past if sale.winner)
        revenue = sum(sale.price for sale in past)
        theory = [theory_revenue(self._params, list(sale.values.values())) for sale in past]
        known = [one for one in theory if one is not None]
        expected = sum(known) if len(known) == len(past) and past else None
        ratios = [
            bid / sale.values[seat]
            for sale in past
            for seat, bid in sale.bids.items()
            if sale.values[seat]
        ]
        n = len(past)
        gains = {
            seat: sum(sale.values[seat] - sale.price for sale in past if sale.winner == seat)
            for seat in self._seats
        }
        whole = {
            "efficiency": got / best if best else None,
            "revenue": revenue / n if n else None,
            "revenue_theory": expected / n if expected is not None else None,
            "revenue_ratio": revenue / expected if expected else None,
            "sold": sum(sale.winner is not None for sale in past) / n if n else None,
            "bid_over_value": sum(ratios) / len(ratios) if ratios else None,
            "bidders_share": 1 - revenue / got if got else None,
        }
        return {
            ("episode", ""): whole,
            **{("seat", seat): {"payoff": gain} for seat, gain in gains.items()},
        }

    def _drawn(self, past: tuple[Sale, ...], rng: Random) -> State:
        """A new thing, and what it is worth to each."""
        low, high = self._params.value_low, self._params.value_high
        values = {seat: round(rng.uniform(low, high), 2) for seat in self._seats}
        return State(values, self._params.reserve, self._seats, past)

    def _ascended(self, state: State, stay: tuple[str, ...], rng: Random) -> Sale | None:
        """The sale at the price of now, once one is left; ``None`` while there are several.

        Where all leave at once, one of them is drawn, and pays what all of them had last agreed to.
        """
        clock, before = state.clock, state.clock - self._params.increment
        if len(stay) == 1:
            return Sale(state.values, {}, stay[0], clock)
        if stay:
            above = clock > CEILING * self._params.value_high
            return Sale(state.values, {}, rng.choice(stay), clock) if above else None
        if before < self._params.reserve:
            return Sale(state.values, {})
        return Sale(state.values, {}, rng.choice(state.left), before)

    def _events(self, sale: Sale, round_: int) -> Iterator[Event]:
        """The values, the bids and the payment: each to those who may know."""
        for seat, value in sale.values.items():
            yield Event("chance", "env", seat, "value", value, audience=seat)
        open_ = self._params.reveal == "bids"
        for seat, bid in sale.bids.items():
            yield Event("bid", seat, None, "thing", bid, audience=EVERYONE if open_ else seat)
        winner = sale.winner
        told = self._params.reveal != "nothing"
        if winner is None:
            yield Event("state", "env", None, "unsold", audience=EVERYONE if told else "nobody")
            return
        to = EVERYONE if told else winner
        data = {"transaction": f"round {round_}", "net": True}
        yield Event("state", "env", winner, "sold", sale.price, audience=to)
        yield Event("transfer", winner, "env", "thing", -sale.price, data=data, audience=winner)
        yield Event("transfer", "env", winner, "thing", sale.price, data=data, audience=winner)


class Auction(SeatedEnvironment):
    """Auctions of one thing a round, with private values."""

    name = "auction"
    version = 1
    params = AuctionParams
    templates = ("system", "opening", "event", "bid", "stay")
    bounds = outcome_bounds(
        shares=(
            "efficiency",
            "sold",
        ),
        from_zero=(
            "revenue",
            "revenue_theory",
            "revenue_ratio",
            "bid_over_value",
        ),
    )
    policy = BidderPolicy()

    def game(self, params: AuctionParams, seats: Sequence[Seat]) -> AuctionGame:
        """The rules for these seats."""
        return AuctionGame(params, seats)


ENVIRONMENT = Auction()
