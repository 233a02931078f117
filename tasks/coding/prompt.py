"""The question that a judge is asked: rendered templates, with the transcript fenced as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from schemas.codebook import Codebook
from schemas.errors import printable
from schemas.gateway import Message
from schemas.keys import digest
from tasks.coding.items import TRANSCRIPT, Item

TEMPLATES = ("judge_system.md", "judge_items.md")


@cache
def template_digest(level: str) -> str:
    """Digest of what decides a judge's prompts; part of the key of what it codes.

    Args:
        level: What is coded: messages, turns, pairs or whole episodes.
    """
    layout = [TRANSCRIPT] if level == "episode" else []
    return digest("judge templates", [*(_source(name) for name in TEMPLATES), *layout])


def shown(item: Item, masked: bool) -> dict[str, Any]:
    """What a judge is shown of an item; names of speakers only where they are not masked."""
    return {
        "id": item.id,
        "text": item.text,
        "speaker": None if masked else item.speaker,
        "context": [
            {"speaker": None if masked else said.name, "text": said.text} for said in item.context
        ],
    }


def flags_shown(codebook: Codebook, flags: Sequence[str]) -> dict[str, Any]:
    """What a judge is told of each flag, as data."""
    fields = {"definition", "include", "exclude", "examples", "levels", "scale", "when"}
    return {name: codebook.flags[name].model_dump(mode="json", include=fields) for name in flags}


class JudgePrompt:
    """The prompts of a judge about one set of flags.

    Attributes:
        flags: What it is told of the flags; see :func:`flags_shown`.
    """

    def __init__(self, flags: Mapping[str, Any]) -> None:
        self.flags = flags
        # The same object for every question, so that the instructions are stored and cached once.
        self._system = Message("system", _template("judge_system.md").render(flags=flags))

    def messages(self, items: Sequence[Mapping[str, Any]]) -> tuple[Message, Message]:
        """The prompt about some items, as :func:`shown` gives them."""
        text = _template("judge_items.md").render(items=items, fence=fence_for(items))
        return self._system, Message("user", text)


def fence_for(items: Sequence[Mapping[str, Any]]) -> str:
    """What begins every line that is not the participants', in a question about these items.

    It is a digest of all names and texts, so whoever writes one of them cannot know it: writing it
    into the text would change it.

    Example:
        >>> fence_for([{"text": "hello", "context": []}])
        '=====8398c65e8defbdec====='
    """
    return f"====={digest('fence', items)[:16]}====="


@cache
def _source(name: str) -> str:
    return resources.files("tasks.coding").joinpath("prompts", name).read_text("utf-8")


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=False, autoescape=False
    )
    environment.filters["quoted"] = _quoted
    return environment.from_string(_source(name))


def _quoted(name: str) -> str:
    """A name in quotation marks, on one line whatever it holds."""
    return json.dumps(printable(name), ensure_ascii=False)
