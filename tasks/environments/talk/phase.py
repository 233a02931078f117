"""Who speaks when, and when it can be read."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.environment import Action, Ask, Event

#: Order of speaking: by seat, or drawn anew for every round.
Floor = Literal["fixed", "shuffled"]

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
    """

    round: int
    turn: int
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """Talk of some seats in rounds, in which everybody may speak once.

    A game holds it, and keeps its state in its own.

    Attributes:
        seats: Who talks, in order.
        rounds: How many rounds.
        floor: Order of speaking.
        barrier: When a message can be read.
        phase: Phase that its events are of, where a round of the game has several.
    """

    seats: tuple[str, ...]
    rounds: int
    floor: Floor = "fixed"
    barrier: Barrier = "turn"
    phase: str = ""

    def start(self, rng: random.Random) -> TalkState:
        """Nobody has spoken."""
        return TalkState(0, 0, self._order(rng))

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

    def step(
        self, state: TalkState, actions: Mapping[str, Action], rng: random.Random
    ) -> tuple[TalkState, tuple[Event, ...]]:
        """What was said is published in the order of the floor, and the floor goes on."""
        said = tuple(
            Event("say", seat, text=actions[seat].value, phase=self.phase)
            for seat in state.order
            if seat in actions
        )
        turn = len(state.order) if self.barrier == "round" else state.turn + 1
        if turn < len(state.order):
            return TalkState(state.round, turn, state.order), said
        following = state.round + 1
        order = state.order if following == self.rounds else self._order(rng)
        return TalkState(following, 0, order), said

    def _order(self, rng: random.Random) -> tuple[str, ...]:
        order = list(self.seats)
        if self.floor == "shuffled":
            rng.shuffle(order)
        return tuple(order)
