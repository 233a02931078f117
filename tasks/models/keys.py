"""Keys of calls: which answer belongs to which place.

A call's key names the model, its parameters and base URL, the messages, the schema of the answer,
the unit, the ordinal within it, and which re-ask it is. Nothing else is in it: not limits, prices
or time-outs, and not how a schema is asked for, so that an answer paid for is found again without
importing a provider library.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from schemas.gateway import Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.prompt_messages import message_digests

#: Raised when the meaning of a call changes, such as the wording of a re-ask.
RECIPE = 1

_SCHEMAS: WeakKeyDictionary[type[BaseModel], str] = WeakKeyDictionary()


def model_key(spec: ModelSpec) -> str:
    """The digest of what decides a model's answers."""
    return digest("model", spec.identity())


def schema_digest(answer_type: type[BaseModel] | None) -> str | None:
    """The digest of an answer's JSON schema; nothing for free text."""
    if answer_type is None:
        return None
    held = _SCHEMAS.get(answer_type)
    if held is None:
        held = _SCHEMAS[answer_type] = digest("shape", answer_type.model_json_schema())
    return held


def call_key(
    model: str,
    messages: Sequence[str],
    answer_schema: str | None,
    unit_key: str,
    *,
    ordinal: int,
    reask: int = 0,
) -> str:
    """The key of a call.

    Args:
        model: Digest of the model's identity.
        messages: Digests of the messages.
        answer_schema: Digest of the answer's schema, if it has one.
        unit_key: The unit on whose behalf it is asked.
        ordinal: Number of the question within the unit.
        reask: Number of the re-ask; 0 for the question itself.

    Example:
        >>> call_key("m", ("a",), None, "u", ordinal=0) == call_key(
        ...     "m", ("a",), None, "u", ordinal=1
        ... )
        False
    """
    return digest("call", RECIPE, model, messages, answer_schema, unit_key, ordinal, reask)


def question_key(question: Question, model: str) -> str:
    """The key of a question's first call, before any re-ask.

    Args:
        question: The question.
        model: Digest of its model's identity.
    """
    return call_key(
        model,
        message_digests(question.messages),
        schema_digest(question.answer),
        question.unit_key,
        ordinal=question.ordinal,
    )
