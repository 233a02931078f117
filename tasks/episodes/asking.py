"""One question to a seat: from what it sees to what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from schemas.environment import Action, Ask, Environment, JsonValue, Logged, Observation, Seat
from schemas.gateway import UNUSABLE, Answer, Message, Question
from schemas.study.models import ModelSpec
from schemas.unit import Failure


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking a seat.

    Attributes:
        action: What it did; nothing if the episode cannot go on.
        failure: Why it cannot.
        call_keys: Calls that were made for it.
        text: The action as the seat's own words, for its later prompts.
    """

    action: Action | None
    failure: Failure | None
    call_keys: tuple[str, ...]
    text: str = ""


def plain(value: Any) -> dict[str, Any]:
    """A usable answer as plain data; free text becomes ``{"text": ...}``.

    Example:
        >>> plain(" Good morning. ")
        {'text': 'Good morning.'}
    """
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return {"text": str(value).strip()}


def own_words(value: Any) -> str:
    """An answer as it stands in later prompts of who gave it: text, or JSON without defaults.

    Example:
        >>> own_words(" Good morning. ")
        'Good morning.'
    """
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_defaults=True)
    return str(value).strip()


def question_of(
    environment: Environment,
    state: JsonValue,
    seat: Seat,
    ask: Ask,
    observation: Observation,
    messages: tuple[Message, ...],
    model: ModelSpec,
    unit_key: str,
    ordinal: int,
    reasks: int,
) -> Question:
    """The question to put to the gateway.

    Only simulated models are handed the observation as data.
    """
    return Question(
        model=model,
        messages=messages,
        unit_key=unit_key,
        ordinal=ordinal,
        purpose="agent",
        subject=seat.seat,
        answer=ask.schema,
        observation=shown(environment, seat, ask, observation) if model.simulated else None,
        check=_checker(environment, state, seat.seat),
        reasks=reasks,
    )


def shown(
    environment: Environment, seat: Seat, ask: Ask, observation: Observation
) -> dict[str, Any]:
    """What a prompt says, as data for simulated models."""
    return {
        "environment": environment.name,
        "ask": ask.name,
        "role": seat.role,
        "seat": seat.seat,
        **observation.data,
        "history": [_event_data(logged) for logged in observation.history],
    }


def _event_data(logged: Logged) -> dict[str, Any]:
    event = logged.event
    return {
        "round": logged.round,
        "kind": event.kind,
        "actor": event.actor,
        "target": event.target,
        "item": event.item,
        "value": event.value,
        "text": event.text,
        "data": event.data,
    }


def _checker(environment: Environment, state: JsonValue, seat: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return environment.check(state, seat, plain(value))

    return check


def taken(ask: Ask, seat: str, answer: Answer) -> Taken:
    """What a seat did, judged by the answer that came.

    A usable answer is the action. After an unusable one the declared fallback is the action. After
    any other failure there is no action, and the episode fails with the failure's kind.
    """
    keys = answer.call_keys or (answer.call_key,)
    if answer.failure is None:
        value: Mapping[str, Any] = plain(answer.value)
        action = Action(value, True, answer.attempts, False, answer.call_key)
        return Taken(action, None, keys, own_words(answer.value))
    if answer.failure.kind not in UNUSABLE:
        why = f"{seat}, {ask.name}: {answer.failure.message}"
        return Taken(None, Failure(answer.failure.kind, why), keys)
    if ask.fallback is None:
        why = f"{seat}, {ask.name}: no usable answer and no fallback; {answer.failure.message}"
        return Taken(None, Failure(answer.failure.kind, why), keys)
    action = Action(ask.fallback, False, answer.attempts, True, answer.call_key)
    if ask.schema is None:
        return Taken(action, None, keys, str(ask.fallback["text"]))
    return Taken(action, None, keys, own_words(ask.schema.model_validate(ask.fallback)))
