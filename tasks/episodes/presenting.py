"""Prompts from what seats remember: one presenter per seat, and the texts that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from schemas.environment import MEMORY, Event, Logged
from schemas.gateway import Message, Role
from tasks.episodes.interventions.arrangement import Arrangement
from tasks.episodes.interventions.edits import PromptEdit
from tasks.episodes.prompts import Templates

#: How a prompt shows what happened.
Presentation = Literal["chat", "block", "digest"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, and what of the episode it shows.

    Attributes:
        messages: Its messages.
        seqs: Numbers of the events that it shows, in order.
    """

    messages: tuple[Message, ...]
    seqs: list[int]

    def first(self, role: Role) -> str:
        """The text of its first message of a role; empty where it has none."""
        return next((message.text for message in self.messages if message.role == role), "")


class EventTexts:
    """The events of an episode as prompts show them under one set of names; rendered once each.

    Args:
        templates: Templates of the environment.
        names: Shown name by seat.
        others: What stands in place of the name in the prompts of other seats; the name, if left
            out.

    Attributes:
        names: Shown name by seat.
        others: What stands in place of the name in the prompts of other seats.
    """

    def __init__(
        self,
        templates: Templates,
        names: Mapping[str, str],
        others: Mapping[str, str] | None = None,
    ) -> None:
        self.names = names
        self.others = names if others is None else others
        self._templates = templates
        self._messages: dict[int, Message] = {}
        self._told: dict[tuple[int, str], Message] = {}

    def message(self, logged: Logged, reader: str) -> Message:
        """The message that shows an event to a seat; one for all that read the same.

        Args:
            logged: The event.
            reader: The seat.
        """
        event = logged.event
        if event.actor == reader or (event.target == reader and self.others is not self.names):
            place = (logged.seq, reader)
            told = self._told.get(place)
            if told is None:
                told = self._told[place] = Message(_role(event), self._text(logged, reader))
            return told
        message = self._messages.get(logged.seq)
        if message is None:
            message = self._messages[logged.seq] = Message(_role(event), self._text(logged, None))
        return message

    def names_read_by(self, reader: str) -> Mapping[str, str]:
        """The name of every seat as a seat reads it: its own is never hidden from it."""
        if self.others is self.names:
            return self.names
        return {**self.others, reader: self.names[reader]}

    def _text(self, logged: Logged, reader: str | None) -> str:
        """An event in words; empty where the template has none for it."""
        event = logged.event
        sender = event.data.get("sender")
        outside = event.kind == "intervene" and event.actor not in self.names
        if outside or sender is not None:
            return f"[{sender}]: {event.text}" if sender else event.text or ""
        if event.kind == "intervene" and not event.text:
            return ""
        names = self.others if reader is None else self.names_read_by(reader)
        values = {
            "own": event.actor == reader,
            "round": logged.round,
            # What an intervention says in the name of a seat reads as if the seat had said it.
            "kind": "say" if event.kind == "intervene" else event.kind,
            "phase": event.phase,
            "actor": event.actor,
            "name": names.get(event.actor, event.actor),
            "target": event.target,
            "target_name": names.get(event.target or "", event.target),
            "item": event.item,
            "value": event.value,
            "text": event.text,
            "data": event.data,
        }
        return self._templates.text("event", values)


class Presenter:
    """Makes the prompts of one seat.

    A prompt is the seat's ``system`` and ``opening``, then what it is shown of the history, then
    the question: the template named as the ask, or the text of a probe. As a ``chat``, each event
    is a message of the user, and the events of an answer of its own are together one message of the
    assistant, the answer; where the last message would be its own, ``nudge`` follows. As a
    ``block``, opening, history and question are one message of the user, a line for each event; in
    a ``digest`` the lines of each actor stand together, in the order of their first ones. What the
    seat noted down for itself stands before the history.

    The first two are rendered when a seat is first asked under an arrangement, and every event
    once, so successive prompts of a chat start with the very same messages and cost next to nothing
    to make.

    Args:
        seat: Identifier of the seat.
        templates: Templates of the environment.
        presentation: How its prompts show what happened.
        notes: The template ``notes`` of its memory, where that has one.
    """

    def __init__(
        self,
        seat: str,
        templates: Templates,
        presentation: Presentation,
        notes: Templates | None = None,
    ) -> None:
        self._seat = seat
        self._templates = templates
        self._presentation = presentation
        self._note_templates = notes
        self._answers: dict[int, Any] = {}
        self._words: dict[int, Message] = {}
        self._shown: EventTexts | None = None
        self._arrangement: Arrangement | None = None
        self._edits: Sequence[PromptEdit] = ()
        self._opened: tuple[Message, ...] = ()

    def answered(self, turn: int, value: BaseModel | str) -> None:
        """Keep what the seat answered in a turn; its later prompts show that as its own words."""
        self._answers[turn] = value

    def prompt(
        self,
        shown: EventTexts,
        data: Mapping[str, Any],
        history: Iterable[Logged],
        ask: str,
        question: str | None = None,
        arrangement: Arrangement | None = None,
        notes: Sequence[Logged] = (),
    ) -> Prompt:
        """The prompt that shows a seat what it remembers and asks it.

        Args:
            shown: Events under the names that the seat sees now.
            data: Values for the templates.
            history: The events to show, in order.
            ask: Name of the ask.
            question: The question in words, where no template has it.
            arrangement: What interventions have made of the seats; ``None`` before any.
            notes: What the seat noted down, as it is shown before the history.
        """
        if shown is not self._shown or arrangement is not self._arrangement:
            self._shown, self._arrangement = shown, arrangement
            self._edits = arrangement.edits.get(self._seat, ()) if arrangement else ()
            self._opened = self._opening(data)
        if question is None and ask in self._templates:
            question = self._templates.text(ask, data)
        if question is not None:
            question = self._edited(ask, question, data)
        noted = self._noted(notes)
        prompt = (
            self._chat(shown, data, history, question, noted)
            if self._presentation == "chat"
            else self._block(shown, history, question, noted)
        )
        prompt.seqs.extend(note.seq for note in notes)
        prompt.seqs.sort()
        return prompt

    def words(self, shown: EventTexts, logged: Logged) -> str:
        """An event, or a note, as a line of the seat's prompts."""
        if logged.event.phase == MEMORY and logged.event.actor == self._seat:
            return logged.event.text or ""
        return shown.message(logged, self._seat).text

    def _noted(self, notes: Sequence[Logged]) -> str:
        """The notes as one text; empty where there are none."""
        if not notes or self._note_templates is None:
            return ""
        listed = [{"item": note.event.item, "text": note.event.text} for note in notes]
        return self._note_templates.text("notes", {"notes": listed})

    def _opening(self, data: Mapping[str, Any]) -> tuple[Message, ...]:
        parts: tuple[tuple[str, Role], ...] = (("system", "system"), ("opening", "user"))
        messages = [
            Message(role, self._edited(part, self._templates.text(part, data), data))
            for part, role in parts
        ]
        return tuple(message for message in messages if message.text)

    def _edited(self, part: str, text: str, data: Mapping[str, Any]) -> str:
        """A part of the prompt after the edits of it."""
        for edit in self._edits:
            if edit.part == part:
                others = ", ".join(data["others"])
                text = edit.edited(text, {"you": data["you"], "others": others})
        return text

    def _chat(
        self,
        shown: EventTexts,
        data: Mapping[str, Any],
        history: Iterable[Logged],
        question: str | None,
        noted: str,
    ) -> Prompt:
        messages = list(self._opened)
        if noted:
            messages.append(Message("user", noted))
        seqs = []
        own: Message | None = None
        for logged in history:
            if logged.event.actor != self._seat:
                message = shown.message(logged, self._seat)
            else:
                message = self._own(shown, logged)
                if message is own:
                    seqs.append(logged.seq)
                    continue
                own = message
            if message.text:
                messages.append(message)
                seqs.append(logged.seq)
        if question is not None:
            messages.append(Message("user", question))
        elif messages and messages[-1].role == "assistant" and "nudge" in self._templates:
            nudge = self._edited("nudge", self._templates.text("nudge", data), data)
            messages.append(Message("user", nudge))
        return Prompt(tuple(messages), seqs)

    def _own(self, shown: EventTexts, logged: Logged) -> Message:
        """The message that shows the seat an event of its own: the answer that it came from."""
        if logged.event.kind == "intervene":
            return Message("assistant", logged.event.text or "")
        message = self._words.get(logged.turn)
        if message is None and logged.turn in self._answers:
            words = own_words(self._answers[logged.turn])
            message = self._words[logged.turn] = Message("assistant", words)
        return message or shown.message(logged, self._seat)

    def _block(
        self, shown: EventTexts, history: Iterable[Logged], question: str | None, noted: str
    ) -> Prompt:
        lines: dict[str, list[str]] = {}
        in_order, seqs = self._presentation == "block", []
        for logged in history:
            line = shown.message(logged, self._seat).text
            if line:
                lines.setdefault("" if in_order else logged.event.actor, []).append(line)
                seqs.append(logged.seq)
        system = [message for message in self._opened if message.role == "system"]
        opening = [message.text for message in self._opened if message.role == "user"]
        happened = ("\n".join(some) for some in lines.values())
        text = "\n\n".join(part for part in (*opening, noted, *happened, question) if part)
        return Prompt((*system, Message("user", text)), seqs)


def _role(event: Event) -> Role:
    """The role of the message that shows an event to others than who caused it."""
    return "system" if event.data.get("channel") == "system" else "user"


def own_words(value: Any) -> str:
    """An answer as it stands in later prompts of who gave it: text, or JSON without defaults.

    Example:
        >>> own_words(" Good morning. ")
        'Good morning.'
    """
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_defaults=True)
    return str(value).strip()
