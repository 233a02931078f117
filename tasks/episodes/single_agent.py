"""The single-agent baseline: one model plays every seat, one after another, in one conversation.

It is put the questions of all seats in their order, each with the prompt of its seat. What it
answered earlier, as whichever seat, are its own words.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from schemas.environment import Logged
from schemas.gateway import Message
from tasks.episodes.log import Log
from tasks.episodes.presenting import EventTexts, Presenter, Prompt, own_words


@dataclass
class Conversation:
    """What was put to one agent that plays every seat, and what it answered.

    Attributes:
        log: What has happened in the episode.
        messages: The messages so far.
        told: System text that each seat was introduced by.
        openings: Openings so far; one that several seats share is told once.
        shown: Numbers of the events that it was told, its own answers left out.
        answered: Turn and seat of each of its answers.
    """

    log: Log
    messages: list[Message] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    openings: set[str] = field(default_factory=set)
    shown: list[int] = field(default_factory=list)
    answered: set[tuple[int, str]] = field(default_factory=set)


def led_to(log: Log, answers: Container[tuple[int, str]]) -> list[int]:
    """Numbers of the events that some answers led to.

    Args:
        log: What has happened.
        answers: Turn and seat of each.
    """
    return [row["seq"] for row in log.events if (row["turn"], row["actor"]) in answers]


@dataclass(frozen=True, slots=True)
class _Put:
    """A question that was put, to be kept once it is answered."""

    messages: Sequence[Message] = ()
    seqs: Sequence[int] = ()
    system: str = ""
    openings: Sequence[str] = ()


class PlayedSeat(Presenter):
    """Puts the questions of one seat into the conversation of the agent that plays it.

    The seat is introduced by its system text and its opening at its first question; later its
    nudge, or where the environment has none the system text again, says whose turn it is.

    Args:
        conversation: The conversation that all seats share.
        seat: Identifier of the seat.
        args: What every presenter takes besides.
    """

    def __init__(self, conversation: Conversation, seat: str, *args: Any) -> None:
        super().__init__(seat, *args)
        self._conversation = conversation
        self._put = _Put()

    def prompt(
        self,
        shown: EventTexts,
        data: Mapping[str, Any],
        history: Iterable[Logged],
        *args: Any,
    ) -> Prompt:
        """The conversation, what the seat sees that was not told yet, and the seat's question."""
        so_far = self._conversation
        alone = super().prompt(shown, data, (), *args)
        news = [
            (logged.seq, message)
            for logged in history
            if logged.seq not in so_far.shown
            and (logged.turn, logged.event.actor) not in so_far.answered
            and (message := shown.message(logged, self._seat)).text
        ]
        system = alone.first("system")
        openings = [one.text for one in self._opened if one.role == "user"]
        questions = [one.text for one in alone.messages[len(self._opened) :]]
        new = [message for _, message in news]
        whose = system
        if not so_far.messages and system:
            new.insert(0, Message("system", system))
            whose = ""
        elif so_far.told.get(self._seat) == system and "nudge" in self._templates:
            whose = self._edited("nudge", self._templates.text("nudge", data), data)
        first = [text for text in openings if text not in so_far.openings]
        if text := "\n\n".join(filter(None, [whose, *first, *questions])):
            new.append(Message("user", text))
        seqs = [seq for seq, _ in news]
        self._put = _Put(new, seqs, system, first)
        own = led_to(so_far.log, so_far.answered)
        return Prompt((*so_far.messages, *new), sorted({*so_far.shown, *own, *seqs}))

    def answered(self, turn: int, value: BaseModel | str) -> None:
        """Keep a question and its answer, whichever seat is asked next."""
        super().answered(turn, value)
        so_far, put = self._conversation, self._put
        so_far.messages += [*put.messages, Message("assistant", own_words(value))]
        so_far.shown += put.seqs
        so_far.told[self._seat] = put.system
        so_far.openings.update(put.openings)
        so_far.answered.add((turn, self._seat))
