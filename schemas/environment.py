"""The vocabulary of environments: what the rules of an episode look like to the engine.

Terms follow PettingZoo and OpenSpiel: a seat acts on an observation; what it has seen is its
information set; chance is an actor; an episode is terminated by its rules or truncated by a limit.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from schemas.base import Record
from schemas.seats import Seat

EventKind = Literal[
    "say",
    "ask",
    "offer",
    "bid",
    "choose",
    "transfer",
    "state",
    "chance",
    "intervene",
    "show",
    "end",
]
Scope = Literal["episode", "seat", "seat_round", "pair", "item"]

#: Names of audiences that every episode has; each seat's identifier is the audience of that seat.
EVERYONE = "everyone"
NOBODY = "nobody"

#: Phase of the events that are a seat's notes to itself.
MEMORY = "memory"

#: What a private question to a seat is called where an ask is named.
PROBE = "probe"

S = TypeVar("S")
P_contra = TypeVar("P_contra", bound=Record, contravariant=True)


def audience_name(*seats: str) -> str:
    """The name of the audience of some seats and nobody else.

    Example:
        >>> audience_name("s2", "s1")
        's1+s2'
    """
    return "+".join(sorted(seats))


@dataclass(frozen=True, slots=True)
class Source:
    """Where an event of another episode stands.

    Attributes:
        episode_key: The episode.
        seq: Number of the event in it.
    """

    episode_key: str
    seq: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before the engine numbers and stores it.

    Attributes:
        kind: What kind of thing.
        actor: Seat that did it, or ``env``.
        target: Seat that it was done to.
        item: What it was about.
        value: Amount, in the unit that the environment says.
        text: Words.
        data: Whatever else, as JSON data.
        audience: Name of the audience that can see it: :data:`EVERYONE`, :data:`NOBODY`, a seat, or
            an audience that a step of the game has named.
        phase: Phase within the round, where there are several.
        action: The action that it comes from, where that is one of an earlier turn: what was
            written then and is published now. The engine logs it under the turn of the action.
        source: Where it was taken from, if it happened in another episode and is only shown in
            this one; prompts show it as what it was, and it is stored with the kind ``show``.
    """

    kind: EventKind
    actor: str
    target: str | None = None
    item: str | None = None
    value: float | None = None
    text: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    audience: str = EVERYONE
    phase: str = ""
    action: Action | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """An event with the place that the engine gave it in the episode.

    Attributes:
        seq: Number within the episode, from 0.
        round: Round, from 0.
        turn: Turn that it comes from, from 0; simultaneous actions share one.
        event: The event.
    """

    seq: int
    round: int
    turn: int
    event: Event


#: A question that names seats: what puts it in words for the names that its reader reads, by seat.
NamedQuestion = Callable[[Mapping[str, str]], str]

#: What becomes of a seat whose question gets no answer that can be used.
NoAnswer = Literal["fail", "fallback", "absent"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that the game puts to a seat.

    Attributes:
        name: Name of the template that renders it and of the kind of question.
        schema: Shape of the answer; ``None`` for free text.
        fallback: The answer taken in place of an unusable one: an instance of ``schema`` or a text.
        no_answer: What happens when the model gives no usable answer, or the provider refuses the
            request for good: ``fail`` the episode, take the ``fallback``, or be ``absent`` in this
            turn. Failures that time mends (rate limits, outages) always fail the episode, which the
            next run takes up again where it stood.
        max_tokens: Limit on the answer, if any.
        question: The question in words, which may go by names; ``None`` where the template of its
            name has it.
    """

    name: str
    schema: type[BaseModel] | None = None
    fallback: BaseModel | str | None = None
    no_answer: NoAnswer = "fail"
    max_tokens: int | None = None
    question: str | NamedQuestion | None = None

    def __post_init__(self) -> None:
        if (self.no_answer == "fallback") == (self.fallback is None):
            raise ValueError(f"ask {self.name}: a fallback goes with no_answer='fallback'")


@dataclass(frozen=True, slots=True)
class Observation:
    """What a seat sees when it is asked, as data.

    Attributes:
        data: Values for the prompt templates. The engine adds ``you`` (the seat's shown name),
            ``others`` and ``names`` (as this seat sees them), ``persona``, ``role`` and ``seat``.
        history: The events that the prompt shows, in order; their ``seq`` become ``exposures``.
        knows: Seats that the prompt names as others; ``None`` for all other seats.

    A simulated model is handed both; a real provider only ever gets the rendered prompt.
    """

    data: Mapping[str, Any]
    history: Sequence[Logged] = ()
    knows: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What a seat did when it was asked.

    Attributes:
        value: The answer: an instance of the ask's schema, or a text.
        valid: Whether it is the seat's own; otherwise it is the fallback.
        call_key: Call that it came from.
        turn: Turn in which it was done, which the engine fills in.
    """

    value: Any
    valid: bool = True
    call_key: str | None = None
    turn: int = 0


Status = Literal["running", "terminated", "truncated"]


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """The state after a move, and what happened in it.

    Attributes:
        state: The state; a frozen value.
        events: What happened, in order.
        round: The round that the events belong to, from 0.
        status: ``running`` until the rules (``terminated``) or a limit (``truncated``) end the
            episode.
        audiences: Audiences that are named or change with this step, before its events are seen:
            their members by name. Naming one again with the same members changes nothing.
    """

    state: S
    events: tuple[Event, ...] = ()
    round: int = 0
    status: Status = "running"
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Outcomes = Mapping[tuple[Scope, str], Mapping[str, float | str | None]]


class Game(Protocol[S]):
    """The rules of one episode, bound to its parameters and seats.

    What does not change during the episode stands in the game, never in the state. Everything
    random comes from the generator that a method is handed.
    """

    @property
    def planned_rounds(self) -> int | None:
        """Rounds of an episode that nothing ends early; ``None`` where the rules name none."""
        ...

    def start(self, rng: random.Random) -> Step[S]:
        """The state before the first question."""
        ...

    def round_of(self, state: S) -> int:
        """The round that the next questions belong to, from 0."""
        ...

    def asks(self, state: S) -> Mapping[str, Ask]:
        """Who is asked now, by seat: none means over, one sequential, several simultaneous."""
        ...

    def observe(
        self, state: S, seat: str, history: Sequence[Logged], rng: random.Random
    ) -> Observation:
        """What a seat sees.

        Args:
            state: The state.
            seat: Who is asked.
            history: What the seat's memory holds of the events that it could see.
            rng: Generator for what is shown in a drawn order.
        """
        ...

    def check(self, state: S, seat: str, value: Any) -> str | None:
        """What is illegal about an answer, in words that a model can act on; or ``None``."""
        ...

    def step(self, state: S, actions: Mapping[str, Action], rng: random.Random) -> Step[S]:
        """The state after the actions of the seats that were asked.

        A seat that is absent (its provider refused, or an intervention took it out) is not among
        the actions. There may be none at all.
        """
        ...

    def outcome(self, state: S) -> Outcomes:
        """Results, by scope and subject."""
        ...


@runtime_checkable
class Adopting(Protocol[S]):
    """A game that, made anew of changed parameters, has something to do before it goes on."""

    def adopted(self, state: S, changed: Collection[str], rng: random.Random) -> Step[S]:
        """The state of the game before as that of this one, without events.

        Args:
            state: The state.
            changed: The parameters that have changed.
            rng: Generator for what is drawn anew.
        """
        ...


class SimulatedPolicy(Protocol):
    """How simulated models act in an environment; declared in its folder."""

    @property
    def params(self) -> type[Record]:
        """The declared parameters, each with a default."""
        ...

    @property
    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Values of these parameters by name of a simulated model (``talkative``, ...)."""
        ...

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """The answer to a question: JSON data of the ask's schema, or a text.

        Args:
            params: An instance of ``params``.
            ask: Name of the ask.
            seen: The observation's data, with ``history`` (a list of events as data), ``seat``,
                ``role``, ``you``, ``names`` and ``others``.
            habits: Generator that is the same throughout the episode: what this seat is like.
            rng: Generator of this call.

        Returns:
            The answer; ``None`` for a question that it does not know, which is then answered by a
            random instance of the ask's schema.
        """
        ...


class Environment(Protocol[P_contra]):
    """A factory of games."""

    @property
    def name(self) -> str:
        """Name in a study."""
        ...

    @property
    def version(self) -> int:
        """Raised by hand when the rules change; part of every episode's key."""
        ...

    @property
    def params(self) -> type[Record]:
        """Shape of its parameters."""
        ...

    @property
    def templates(self) -> tuple[str, ...]:
        """Names of its prompt templates, ``prompts/NAME.md`` beside its module."""
        ...

    @property
    def by_events_alone(self) -> bool:
        """Whether what seats do reaches a seat's prompt through events alone.

        Then others can be replaced by a transcript, since nothing else that a seat is shown depends
        on what it or others did.
        """
        ...

    @property
    def changeable(self) -> frozenset[str]:
        """Parameters that an intervention may change while an episode is played.

        A game that is made anew of the changed parameters goes on with the state of the one before.
        """
        ...

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and greatest value of an episode's bounded outcomes; intervals keep to them."""
        ...

    @property
    def policy(self) -> SimulatedPolicy | None:
        """How simulated models act in it; ``None`` for random answers."""
        ...

    def aliases(self, params: P_contra) -> Mapping[tuple[str | int, ...], str]:
        """Model aliases that the parameters name, by their place in the parameters."""
        ...

    def seating(
        self, params: P_contra, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        """Who takes part, in order.

        Args:
            params: The parameters.
            models: A provider's model name by alias.
            rng: Generator for what is drawn.

        Raises:
            LookupError: Who takes part depends on what only the warehouse holds.
        """
        ...

    def game(self, params: P_contra, seats: Sequence[Seat]) -> Game[Any]:
        """The rules, bound to what does not change in an episode."""
        ...
