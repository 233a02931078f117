"""The vocabulary of environments: what an episode's rules look like to the engine.

Terms follow PettingZoo and OpenSpiel: a seat acts on an observation; what it has seen is its
information set; chance is an actor; an episode is terminated by its rules or truncated by a limit.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, Field

from schemas.base import Record

EventKind = Literal[
    "say", "ask", "offer", "bid", "choose", "transfer", "state", "chance", "intervene", "end"
]
Scope = Literal["episode", "seat", "seat_round", "pair", "item"]
JsonValue = Any


class Seat(Record):
    """A participant of an episode. Position, shown name, model and persona are separate things.

    Attributes:
        seat: Identifier within the episode (``s1``, ``customer_0001``); never shown as a name.
        position: Place in the order, from 1.
        role: Role that the environment gives it.
        name: The name that it is shown under.
        model: Alias of the model in the study.
        persona_key: Its persona, if the study has any.
        persona: What the prompt may say of the persona.
        data: What the environment knows of it (menu, request, side, ...).
    """

    seat: str
    position: int
    role: str = "participant"
    name: str
    model: str
    persona_key: str | None = None
    persona: str = ""
    data: dict[str, Any] = Field(default={}, description="What else the environment knows of it.")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before the engine numbers and stores it.

    ``visible_to`` lists seats; nothing means everybody. ``seq`` counts from 0 in an episode.
    """

    kind: EventKind
    actor: str
    target: str | None = None
    item: str | None = None
    value: float | None = None
    text: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    visible_to: tuple[str, ...] | None = None
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """An event with the place that the engine gave it in the episode."""

    seq: int
    round: int
    turn: int
    event: Event


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that the environment puts to a seat.

    Attributes:
        name: Name of the template that renders it and of the kind of question.
        schema: Shape of the answer; nothing for free text.
        fallback: The action taken when no usable answer comes; ``None`` ends the episode as failed.
        audience: Seats that will see the resulting event; nothing means everybody.
        max_tokens: Limit on the answer, if any.
    """

    name: str
    schema: type[BaseModel] | None = None
    fallback: Mapping[str, Any] | None = None
    audience: tuple[str, ...] | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a seat sees when it is asked, as data.

    Attributes:
        data: Values for the prompt template.
        history: The events that the prompt shows, in order; their ``seq`` become ``exposures``.

    A simulated model is handed both; a real provider only ever sees the rendered prompt.
    """

    data: Mapping[str, Any]
    history: Sequence[Logged] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What a seat did: the parsed answer as plain data, or the fallback."""

    value: Mapping[str, Any]
    valid: bool = True
    attempts: int = 1
    fallback: bool = False
    call_key: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The state after a move, and what happened in it.

    Attributes:
        state: A JSON value.
        events: What happened, in order.
        round: The round that the events belong to, from 0.
        status: ``running`` until the rules (terminated) or a limit (truncated) end the episode.
    """

    state: JsonValue
    events: tuple[Event, ...] = ()
    round: int = 0
    status: Literal["running", "terminated", "truncated"] = "running"


Outcomes = Mapping[tuple[Scope, str], Mapping[str, float | str | None]]


class Environment(Protocol):
    """The rules of an episode; state is a JSON value, randomness comes only through ``rng``.

    Attributes:
        name: Name in a study.
        version: Raised by hand when the rules change; part of every episode's key.
        params_model: Shape of its parameters.
        templates: Names of its prompt templates, ``prompts/NAME.md`` beside its module.
        persona_roles: Roles that personas are given to, where a study has a population.
    """

    name: str
    version: int
    params_model: type[Record]
    templates: tuple[str, ...]
    persona_roles: tuple[str, ...]

    def aliases(self, params: Any) -> Mapping[tuple[str | int, ...], str]:
        """Model aliases that the parameters name, by their place in the parameters."""
        ...

    def seats(self, params: Any, models: Mapping[str, str], rng: random.Random) -> tuple[Seat, ...]:
        """Who takes part, in order. ``models`` gives a provider's model name by alias."""
        ...

    def planned_rounds(self, params: Any) -> int | None:
        """How many rounds a complete episode has, where the parameters say so."""
        ...

    def questions(self, params: Any) -> Mapping[str, tuple[int, int]]:
        """How many questions an episode puts to each alias, at least and at most."""
        ...

    def reset(self, params: Any, seats: Sequence[Seat], rng: random.Random) -> Step:
        """The state before the first move."""
        ...

    def asks(self, state: JsonValue) -> Mapping[str, Ask]:
        """Who is asked now: none means over, one sequential, several simultaneous."""
        ...

    def observe(self, state: JsonValue, seat: str, history: Sequence[Logged]) -> Observation:
        """What a seat sees. ``history`` holds only events that are visible to it."""
        ...

    def check(self, state: JsonValue, seat: str, action: Mapping[str, Any]) -> str | None:
        """What is illegal about an action, or nothing."""
        ...

    def step(self, state: JsonValue, actions: Mapping[str, Action], rng: random.Random) -> Step:
        """The state after these actions."""
        ...

    def outcome(self, state: JsonValue) -> Outcomes:
        """Results by scope and subject."""
        ...
