"""Structured answers: how they are asked for, found in a text, checked, and asked for again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

from schemas.gateway import Message

_FENCE = re.compile(r"```(?:json|JSON)?\s*\n?(.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder()
_LONGEST_QUOTE = 4000
_MOST_CANDIDATES = 20

_INSTRUCTIONS: WeakKeyDictionary[type[BaseModel], str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a text.

    Attributes:
        value: The parsed answer, or the text where no type was asked; nothing if there is none.
        problem: What is wrong with the text, or nothing.
    """

    value: Any
    problem: str | None = None


def reading(
    text: str, answer_type: type[BaseModel] | None, check: Callable[[Any], str | None] | None = None
) -> Reading:
    r"""What an answer says, or what is wrong with it.

    Args:
        text: The raw text.
        answer_type: The type that was asked for; nothing for free text.
        check: Says what is wrong with a well-shaped answer, or nothing.

    Example:
        >>> class Bid(BaseModel):
        ...     price: float
        >>> reading('Sure! ```json\n{"price": 3}\n```', Bid).value
        Bid(price=3.0)
        >>> reading("three", Bid).problem
        'there is no JSON object in it'
    """
    if not text.strip():
        return Reading(None, "it is empty")
    value: Any = text
    if answer_type is not None:
        found = _instance(text, answer_type)
        if found.problem is not None:
            return found
        value = found.value
    problem = check(value) if check is not None else None
    return Reading(None, problem) if problem else Reading(value)


def _instance(text: str, answer_type: type[BaseModel]) -> Reading:
    try:
        return Reading(answer_type.model_validate_json(text))
    except ValidationError as error:
        first: ValidationError | None = error if _is_object(text) else None
    for candidate in _objects(text):
        try:
            return Reading(answer_type.model_validate(candidate))
        except ValidationError as error:
            first = first or error
    return Reading(None, "there is no JSON object in it" if first is None else _problems(first))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _objects(text: str) -> Iterator[Any]:
    """JSON objects in a text: those in code fences first, then those in running prose."""
    for fenced in _FENCE.findall(text):
        try:
            yield json.loads(fenced)
        except (ValueError, RecursionError):
            continue
    place = text.find("{")
    for _ in range(_MOST_CANDIDATES):
        if place < 0:
            return
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            place = text.find("{", place + 1)
            continue
        yield value
        place = text.find("{", end)


def _problems(error: ValidationError) -> str:
    found = [
        f"{'.'.join(str(step) for step in item['loc']) or 'the object'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:5]
    ]
    return "; ".join(found)


def instructions(answer_type: type[BaseModel]) -> str:
    """What a model is told that has no native way of answering in a form."""
    held = _INSTRUCTIONS.get(answer_type)
    if held is None:
        schema = json.dumps(answer_type.model_json_schema(), ensure_ascii=False)
        held = _INSTRUCTIONS[answer_type] = (
            "Answer with one JSON object and nothing else: no prose, no code fence. "
            f"It must be valid under this JSON schema:\n{schema}"
        )
    return held


def instructed(messages: tuple[Message, ...], answer_type: type[BaseModel]) -> tuple[Message, ...]:
    """A prompt that says at its end which form the answer must have."""
    last = messages[-1] if messages else None
    if last is not None and last.role == "user":
        return (*messages[:-1], Message("user", f"{last.text}\n\n{instructions(answer_type)}"))
    return (*messages, Message("user", instructions(answer_type)))


def reasked(messages: tuple[Message, ...], bad: str, problem: str) -> tuple[Message, ...]:
    """A prompt with a bad answer and what was wrong with it, asking for another.

    Example:
        >>> reasked((Message("user", "Bid!"),), "three", "it is no JSON")[-1].text
        'Your last answer cannot be used: it is no JSON. Please answer again, mending that.'
    """
    plea = f"Your last answer cannot be used: {problem}. Please answer again, mending that."
    quoted = (Message("assistant", bad[:_LONGEST_QUOTE]),) if bad.strip() else ()
    return (*messages, *quoted, Message("user", plea))
