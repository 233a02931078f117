"""Who speaks when, who hears it, and when."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.environment import EVERYONE, Action, Ask, Event
from tasks.environments.talk.floors import Floor, first_order, next_order
from tasks.environments.talk.visibility import Hearers, Network, Visibility, hearers_name

#: When a message can be read: at once, or after the round, in which all write at the same time.
Barrier = Literal["turn", "round"]

#: Talk is free text; who gives no usable answer says nothing.
TURN = Ask("turn", no_answer="absent")


@dataclass(frozen=True, slots=True)
class TalkState:
    """How far a talk is.

    Attributes:
        round: Round of the talk, from 0.
        turn: Turn of the round, from 0.
        order: The seats in the order in which they speak in this round.
        hearers: Who hears each seat besides itself, where a network decides it.
    """

    round: int
    turn: int
    order: tuple[str, ...]
    hearers: Hearers | None = None


@dataclass(frozen=True, slots=True)
class Talked:
    """What a move in a talk leads to.

    Attributes:
        state: The state after it.
        events: What was said, in the order of the floor.
        audiences: Audiences that change with it, by name.
    """

    state: TalkState
    events: tuple[Event, ...] = ()
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Talk:
    """Talk of some seats in rounds, of as many turns each as there are seats.

    A game holds it, and keeps its state in its own.

    Attributes:
        seats: Who talks, in order.
        rounds: How many rounds.
        floor: Order of speaking.
        barrier: When a message can be read.
        visibility: Who hears a message.
        phase: Phase that its events are of, where a round of the game has several.
    """

    seats: tuple[str, ...]
    rounds: int
    floor: Floor = "fixed"
    barrier: Barrier = "turn"
    visibility: Visibility = "everyone"
    phase: str = ""

    def start(self, rng: random.Random) -> Talked:
        """Nobody has spoken; the floor and the network are settled."""
        order = first_order(self.floor, self.seats, rng)
        if not isinstance(self.visibility, Network):
            return Talked(TalkState(0, 0, order))
        hearers = self.visibility.hearers(self.seats, rng)
        return Talked(TalkState(0, 0, order, hearers), audiences=_audiences(hearers))

    def over(self, state: TalkState) -> bool:
        """Whether all rounds are over."""
        return state.round >= self.rounds

    def asks(self, state: TalkState) -> dict[str, Ask]:
        """The seat that has the floor, or all where a round is published as a whole."""
        if self.over(state):
            return {}
        if self.barrier == "round":
            return dict.fromkeys(state.order, TURN)
        return {state.order[state.turn]: TURN}

    def check(self, value: Any) -> str | None:
        """Anything may be said but nothing at all."""
        return None if value else "the message is empty"

    def knows(self, state: TalkState, seat: str) -> tuple[str, ...] | None:
        """The seats that a seat hears or is heard by; ``None`` where no network decides it."""
        if state.hearers is None or not isinstance(self.visibility, Network):
            return None
        return self.visibility.neighbours_of(seat, state.hearers)

    def step(self, state: TalkState, actions: Mapping[str, Action], rng: random.Random) -> Talked:
        """What was said is published in the order of the floor, and the floor goes on."""
        said = tuple(
            Event(
                "say",
                seat,
                text=actions[seat].value,
                phase=self.phase,
                audience=self._audience(seat),
            )
            for seat in dict.fromkeys(state.order)
            if seat in actions
        )
        named = _audiences(state.hearers) if self._redrawn(state) else {}
        turn = len(state.order) if self.barrier == "round" else state.turn + 1
        if turn < len(state.order):
            return Talked(TalkState(state.round, turn, state.order, state.hearers), said, named)
        return Talked(self._next_round(state, rng), said, named)

    def _next_round(self, state: TalkState, rng: random.Random) -> TalkState:
        following = state.round + 1
        if following >= self.rounds:
            return TalkState(following, 0, state.order, state.hearers)
        order = next_order(self.floor, self.seats, state.order, following, rng)
        if isinstance(self.visibility, Network) and self.visibility.drawn_in(following):
            return TalkState(following, 0, order, self.visibility.hearers(self.seats, rng))
        return TalkState(following, 0, order, state.hearers)

    def _redrawn(self, state: TalkState) -> bool:
        """Whether these are the first words after a network was drawn anew."""
        network = self.visibility
        first = state.turn == 0 and state.round > 0
        return first and isinstance(network, Network) and network.drawn_in(state.round)

    def _audience(self, seat: str) -> str:
        if isinstance(self.visibility, Network):
            return hearers_name(seat)
        return EVERYONE if self.visibility == "everyone" else seat


def _audiences(hearers: Hearers | None) -> dict[str, tuple[str, ...]]:
    return {hearers_name(seat): (seat, *others) for seat, others in (hearers or {}).items()}
