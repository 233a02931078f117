"""What a memory is: what prompts show of what a seat could see, and what the seat notes down."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, Field

from schemas.base import Record
from schemas.environment import Logged


class Seen(Protocol):
    """What a seat could see so far, and what it noted down."""

    @property
    def events(self) -> Sequence[Logged]:
        """The events that it could see, in order; nothing is ever put before another."""
        ...

    @property
    def own(self) -> Sequence[Logged]:
        """Those that the seat itself caused, in order."""
        ...

    @property
    def notes(self) -> Sequence[Logged]:
        """What it noted down for itself, in order: summaries, ratings, reflections, plans."""
        ...


def _text(logged: Logged) -> str:
    return logged.event.text or ""


def _never(seq: int) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class SeatView:
    """What the memory of a seat works on.

    Attributes:
        seen: What the seat could see, and its notes.
        round: The round that is played, from 0.
        turn: The turn that is played, from 0.
        question: What the seat is about to be asked, in words.
        words: An event as prompts show it to the seat; empty where they show nothing.
        shown: The last turn in which the game's question showed the seat an event or a note, by its
            number; ``None`` where none did.
    """

    seen: Seen
    round: int = 0
    turn: int = 0
    question: str = ""
    words: Callable[[Logged], str] = _text
    shown: Callable[[int], int | None] = _never


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a prompt shows of what a seat remembers.

    Attributes:
        events: Events that it could see, in order.
        notes: What it noted down, in the order in which it is shown, before the events.
    """

    events: Sequence[Logged]
    notes: Sequence[Logged] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a seat notes down for itself; the engine makes an event of it.

    Attributes:
        item: What kind of note.
        text: Its words; a note without words is never shown.
        seqs: Numbers of the events and notes that it was made of.
        value: A number, where the kind of note has one.
        data: Whatever else, as JSON data.
    """

    item: str
    text: str | None
    seqs: tuple[int, ...]
    value: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryQuestion:
    """A question that a memory puts to a model.

    Attributes:
        name: What kind of question; the template of that name puts it in words.
        recalled: What the prompt shows before the question.
        listed: Events and notes that the question itself lists, numbered from 1.
        values: Values for the template, besides ``lines``, the words of what is listed.
        schema: Shape of the answer; ``None`` for free text.
        check: Says what is wrong with an answer of that shape, or ``None``.
        noted: What the seat notes down, given the usable answer, or ``None`` and the kind of the
            failure where there was none for good. At least one note, or it is asked for ever.
    """

    name: str
    recalled: Recalled
    noted: Callable[[Any, str | None], Sequence[Note]]
    listed: Sequence[Logged] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    schema: type[BaseModel] | None = None
    check: Callable[[Any], str | None] | None = None


class Memory(Record):
    """A memory. A kind of memory is a subclass with a field ``kind`` of its own.

    ``kind`` has no default, so that it is part of every key that a study's memory enters. Both
    methods are pure: what a seat noted down is in its view, so the same view gives the same answer.
    """

    #: Names of the templates that it asks and shows with, ``prompts/NAME.md`` beside this module.
    templates: ClassVar[tuple[str, ...]] = ()
    #: Whether it looks at when something was last shown.
    heeds_showing: ClassVar[bool] = False

    @property
    def asked(self) -> str | None:
        """Alias of the model that its questions go to; ``None`` for the one that acts."""
        return None

    @abstractmethod
    def recalled(self, view: SeatView) -> Recalled:
        """What the prompt of a question shows."""

    def due(self, view: SeatView) -> MemoryQuestion | None:
        """What is to be asked before the seat is asked by the game; ``None`` for nothing more."""
        return None


class AskingMemory(Memory):
    """A memory that asks a model, the seat's own or another."""

    model: str | None = Field(
        None,
        min_length=1,
        description="Alias of the model that its questions go to; the seat's own if left out.",
    )

    @property
    def asked(self) -> str | None:
        """Alias of the model that its questions go to."""
        return self.model
