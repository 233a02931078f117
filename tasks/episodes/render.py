"""Prompts from observations: templates in the environment's folder, rendered once per message."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import orjson

from schemas.environment import Ask, Environment, Logged, Observation, Seat
from schemas.gateway import Message
from schemas.keys import digest


def prompt_texts(environment: Environment) -> dict[str, str]:
    """The text of every prompt template of an environment, by name, as it is on disk now."""
    module = sys.modules[type(environment).__module__]
    folder = Path(str(module.__file__)).parent / "prompts"
    return {
        name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in environment.templates
    }


def template_digests(environment: Environment) -> dict[str, str]:
    """The digest of every prompt template of an environment, by name; part of episodes' keys."""
    return {name: digest(text) for name, text in prompt_texts(environment).items()}


@lru_cache(maxsize=64)
def _compiled(texts: tuple[tuple[str, str], ...]) -> dict[str, jinja2.Template]:
    engine = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    engine.filters["json"] = lambda value: orjson.dumps(value).decode()
    return {name: engine.from_string(text) for name, text in texts}


class Renderer:
    """Renders the prompts of one episode.

    A prompt is the seat's ``system`` and ``opening``, then what it is shown of the history, then
    the question (a template named as the ask, where there is one). Each event is a message of the
    user, by the template ``event``; the events of an answer of its own are together one message of
    the assistant, the answer. Where the last message would be its own, ``nudge`` follows.

    The first two are rendered when a seat is first asked and every event once, so successive
    prompts of a seat start with the very same messages and cost next to nothing to make.
    """

    def __init__(self, environment: Environment, seats: Sequence[Seat]) -> None:
        self._templates = _compiled(tuple(sorted(prompt_texts(environment).items())))
        self._names = {seat.seat: seat.name for seat in seats}
        self._opened: dict[str, tuple[Message, ...]] = {}
        self._answers: dict[tuple[str, int], Message] = {}
        self._messages: dict[int, Message] = {}

    def answered(self, seat: str, turn: int, text: str) -> None:
        """Keeps what a seat answered in a turn; its later prompts show that as its own words."""
        self._answers[seat, turn] = Message("assistant", text)

    def messages(self, ask: Ask, seat: str, observation: Observation) -> tuple[Message, ...]:
        """The prompt that shows a seat what it sees and asks it.

        Args:
            ask: The question.
            seat: Who is asked.
            observation: What it sees.
        """
        opened = self._opened.get(seat)
        if opened is None:
            opened = self._opened[seat] = self._opening(observation.data)
        messages: list[Message] = list(opened)
        known, last_own = self._messages, None
        for logged in observation.history:
            if logged.event.actor == seat:
                message = self._answers.get((seat, logged.turn)) or self._event(logged, own=True)
                if message is last_own:
                    continue
                last_own = message
            else:
                message = known.get(logged.seq) or self._event(logged)
            messages.append(message)
        if ask.name in self._templates:
            messages.append(Message("user", self._text(ask.name, observation.data)))
        elif messages and messages[-1].role == "assistant" and "nudge" in self._templates:
            messages.append(Message("user", self._text("nudge", observation.data)))
        return tuple(messages)

    def _opening(self, data: Mapping[str, Any]) -> tuple[Message, ...]:
        messages = (
            Message("system", self._text("system", data)),
            Message("user", self._text("opening", data)),
        )
        return tuple(message for message in messages if message.text)

    def _event(self, logged: Logged, own: bool = False) -> Message:
        event = logged.event
        values = {
            "own": own,
            "kind": event.kind,
            "phase": event.phase,
            "actor": event.actor,
            "name": self._names.get(event.actor, event.actor),
            "target": event.target,
            "target_name": self._names.get(event.target or "", event.target),
            "item": event.item,
            "value": event.value,
            "text": event.text,
            "data": event.data,
        }
        message = Message("user", self._text("event", values))
        if not own:
            self._messages[logged.seq] = message
        return message

    def _text(self, name: str, values: Mapping[str, Any]) -> str:
        return self._templates[name].render(values).strip()
