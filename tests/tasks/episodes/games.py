"""Small games for tests of the engine."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.base import Record
from schemas.environment import (
    EVERYONE,
    Action,
    Ask,
    Event,
    Logged,
    NoAnswer,
    Observation,
    Outcomes,
    Step,
)
from schemas.keys import digest
from schemas.seats import Seat
from schemas.study import ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.registry import environment_named
from tasks.episodes import Episode
from tasks.episodes.episode import seats_of
from tasks.episodes.parts import EpisodeParts

MODELS = {"m": ModelSpec(model="sim/agent"), "n": ModelSpec(model="sim/reserved")}


class WhisperParams(Record):
    n_seats: int
    rounds: int
    no_answer: NoAnswer = "fallback"


class Bid(Record):
    amount: int


@dataclass(frozen=True)
class Whispered:
    round: int = 0


class Whispers:
    """Simultaneous bids; in every round the rules whisper to a club whose members change."""

    planned_rounds: int | None

    def __init__(self, params: WhisperParams, seats: Sequence[Seat]) -> None:
        self.planned_rounds = params.rounds
        self._seats = [seat.seat for seat in seats]
        fallback = Bid(amount=0) if params.no_answer == "fallback" else None
        self._ask = Ask("bid", Bid, fallback, params.no_answer)

    def start(self, rng: random.Random) -> Step[Whispered]:
        return self._whispers(Whispered(), (), 0, rng)

    def _whispers(
        self, state: Whispered, events: tuple[Event, ...], round_: int, rng: random.Random
    ) -> Step[Whispered]:
        club = tuple(name for name in self._seats if rng.random() < 0.5)
        events = (
            *events,
            Event("chance", "env", text=f"secret {rng.random()}", audience="club"),
            Event("say", "env", text=f"public {rng.random()}"),
        )
        return Step(state, events, round_, audiences={"club": club})

    def round_of(self, state: Whispered) -> int:
        return state.round

    def asks(self, state: Whispered) -> Mapping[str, Ask]:
        # Out of order on purpose: the engine orders questions by seat.
        return dict.fromkeys(reversed(self._seats), self._ask)

    def observe(
        self, state: Whispered, seat: str, history: Sequence[Logged], rng: random.Random
    ) -> Observation:
        return Observation({"brief": "bid", "max_words": None, "draw": rng.random()}, history)

    def check(self, state: Whispered, seat: str, value: Bid) -> str | None:
        return "too much" if value.amount > 50 else None

    def step(
        self, state: Whispered, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[Whispered]:
        bids = tuple(
            Event("bid", name, value=action.value.amount, audience=name)
            for name, action in actions.items()
            if action.value.amount
        )
        step = self._whispers(Whispered(state.round + 1), bids, state.round, rng)
        over = step.state.round == self.planned_rounds
        return replace(step, status="terminated" if over else "running")

    def outcome(self, state: Whispered) -> Outcomes:
        return {("episode", ""): {"rounds": state.round, "word": "done", "none": None}}


class WhisperEnvironment(Discussion):
    """Seats that whispers are made to; prompts are those of a discussion."""

    name = "whispers"
    params: type[Record] = WhisperParams
    policy = None
    plays: type[Whispers] = Whispers

    def seating(
        self, params: Any, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        return tuple(Seat(f"s{n}", n, "m", f"N{n}") for n in range(1, params.n_seats + 1))

    def game(self, params: Any, seats: Sequence[Seat]) -> Any:
        return self.plays(params, seats)


# The template folder is found beside the module of the class.
WhisperEnvironment.__module__ = Discussion.__module__


def whispers(
    n_seats: int,
    rounds: int,
    seed: int = 1,
    plays: type[Whispers] = Whispers,
    no_answer: NoAnswer = "fallback",
    **parts: Any,
) -> Episode:
    """An episode of whispers."""
    environment = WhisperEnvironment()
    environment.plays = plays
    params = WhisperParams(n_seats=n_seats, rounds=rounds, no_answer=no_answer)
    return Episode(
        key=digest("unit", n_seats, rounds, seed),
        environment=environment,
        params=params,
        seats=environment.seating(params, {}, random.Random(0)),
        models=MODELS,
        seed=seed,
        parts=EpisodeParts.model_validate(parts),
    )


def episode(
    name: str,
    params: Mapping[str, Any],
    models: Mapping[str, ModelSpec] = MODELS,
    seed: int = 1,
    reasks: int = 2,
    **parts: Any,
) -> Episode:
    """An episode of a registered environment."""
    environment = environment_named(name)
    typed = environment.params.model_validate(params)
    return Episode(
        key=digest("unit", name, seed),
        environment=environment,
        params=typed,
        seats=seats_of(environment, typed, models, seed),
        models=models,
        seed=seed,
        reasks=reasks,
        parts=EpisodeParts.model_validate(parts),
    )


def members(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[set[str]]:
    """The seats that could see each event, from the rows alone."""
    seats = {row["seat"] for row in rows["seats"]}
    seen = []
    for event in rows["events"]:
        name = event["audience"]
        if name == EVERYONE:
            seen.append(seats)
            continue
        changes = [
            row["seats"]
            for row in rows["audiences"]
            if row["audience"] == name and row["from_seq"] <= event["seq"]
        ]
        seen.append(set(changes[-1]) if changes else seats & {name})
    return seen
