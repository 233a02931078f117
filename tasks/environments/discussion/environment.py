"""The rules of a discussion: a brief, and talk about it until the planned rounds are over."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.environment import Action, Ask, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.seating import SeatedEnvironment
from tasks.environments.talk import Talk, TalkState
from tasks.environments.talk.policy import TalkPolicy


class Discussion(SeatedEnvironment):
    """Talk about a brief."""

    name = "discussion"
    version = 2
    params = DiscussionParams
    templates = ("system", "opening", "event", "nudge")
    policy = TalkPolicy()

    def game(self, params: DiscussionParams, seats: Sequence[Seat]) -> DiscussionGame:
        """The talk of these seats."""
        return DiscussionGame(params, seats)


class DiscussionGame:
    """A discussion of some seats."""

    def __init__(self, params: DiscussionParams, seats: Sequence[Seat]) -> None:
        self._params = params
        names = tuple(seat.seat for seat in seats)
        self._talk = Talk(names, params.rounds, params.floor, params.barrier, params.visibility)

    @property
    def planned_rounds(self) -> int | None:
        """The rounds that were declared."""
        return self._params.rounds

    def start(self, rng: random.Random) -> Step[TalkState]:
        """Nobody has spoken; the floor of the first round is settled."""
        talked = self._talk.start(rng)
        return Step(talked.state, audiences=talked.audiences)

    def round_of(self, state: TalkState) -> int:
        """The round of the talk."""
        return state.round

    def asks(self, state: TalkState) -> Mapping[str, Ask]:
        """Who has the floor."""
        return self._talk.asks(state)

    def observe(
        self, state: TalkState, seat: str, history: Sequence[Logged], rng: random.Random
    ) -> Observation:
        """The brief, and everything that was said to it."""
        params = self._params
        data = {
            "brief": params.brief.text,
            "max_words": params.max_words,
            "round": state.round,
            "rounds": params.rounds,
        }
        return Observation(data, history, self._talk.knows(state, seat))

    def check(self, state: TalkState, seat: str, value: Any) -> str | None:
        """Anything may be said but nothing at all."""
        return self._talk.check(value)

    def step(
        self, state: TalkState, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[TalkState]:
        """What was said is published; silence leaves nothing to read."""
        talked = self._talk.step(state, actions, rng)
        status: Any = "terminated" if self._talk.over(talked.state) else "running"
        return Step(talked.state, talked.events, state.round, status, talked.audiences)

    def outcome(self, state: TalkState) -> Outcomes:
        """None: what a discussion comes to is a matter of coding and metrics."""
        return {}
