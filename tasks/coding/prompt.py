"""The question that a judge is asked: rendered templates, with the transcript fenced as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from schemas.codebook import Codebook
from schemas.gateway import Message
from schemas.keys import digest
from tasks.coding.items import Item

TEMPLATES = ("judge_system.md", "judge_items.md")


@cache
def template_digest() -> str:
    """Digest of the judges' templates; part of the key of what they code."""
    return digest("judge templates", [_source(name) for name in TEMPLATES])


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

    def __init__(self, flags: Mapping[str, Any], secret: str) -> None:
        """Prompts about some flags.

        Args:
            flags: What the judge is told of the flags.
            secret: Makes a fence that nobody who spoke in the transcript could know. The same for
                a whole codebook, so that the instructions are stored and cached once.
        """
        self.flags = flags
        self._secret = secret
        self._systems: dict[str, Message] = {}

    def messages(self, items: Sequence[Mapping[str, Any]]) -> tuple[Message, Message]:
        """The prompt about some items, as :func:`shown` gives them."""
        fence = fence_for(self._secret, items)
        system = self._systems.get(fence)
        if system is None:
            text = _template("judge_system.md").render(flags=self.flags, fence=fence)
            system = self._systems[fence] = Message("system", text)
        return system, Message("user", _template("judge_items.md").render(items=items, fence=fence))


def fence_for(secret: str, items: Sequence[Mapping[str, Any]]) -> str:
    """A line that occurs in none of the texts.

    Example:
        >>> fence_for("s", [{"text": "hello", "context": []}])
        '=====transcript-6dd9e83b====='
    """
    texts = [text for item in items for text in (item["text"], *_context(item))]
    for attempt in range(1 + len(texts)):
        fence = f"=====transcript-{digest('fence', secret, attempt)[:8]}====="
        if not any(fence in text for text in texts):
            return fence
    raise AssertionError("more fences were tried than there are texts")


def _context(item: Mapping[str, Any]) -> list[str]:
    return [said["text"] for said in item["context"]]


@cache
def _source(name: str) -> str:
    return resources.files("tasks.coding").joinpath("prompts", name).read_text("utf-8")


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=False, autoescape=False
    )
    return environment.from_string(_source(name))
