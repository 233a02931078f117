"""Completions and embeddings as OpenAI-compatible servers give them, read as replies.

Litellm gives every provider's answer the same form, so one reading serves both ways of asking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.models.replies import AttemptFailed, Reply

Vectors = npt.NDArray[np.float32]

_THOUGHTS = re.compile(
    r"<(?:think|thinking|budget:thinking)>(.*?)</(?:think|thinking|budget:thinking)>(.*)", re.DOTALL
)
#: Reasons to stop, by the words that servers use; any other word means ``stop``.
_FINISH_REASONS = {
    **{name: name for name in ("length", "tool_calls", "function_call", "content_filter")},
    **dict.fromkeys(("max_tokens", "MAX_TOKENS", "compaction"), "length"),
    **dict.fromkeys(("refusal", "sensitive", "guardrail_intervened", "SAFETY"), "content_filter"),
    **dict.fromkeys(("RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"), "content_filter"),
    "tool_use": "tool_calls",
}


def reply_kind(text: str, finish_reason: str | None, refusal: str | None = None) -> str:
    """``ok``, or what makes an answer that came unusable whatever was asked.

    Example:
        >>> reply_kind("So I thi", "length"), reply_kind("", "stop"), reply_kind("Yes.", "stop")
        ('truncated', 'empty', 'ok')
    """
    if finish_reason == "content_filter" or refusal:
        return "refused"
    if finish_reason == "length":
        return "truncated"
    return "ok" if text.strip() else "empty"


def reply_of(body: Any) -> Reply:
    """The reply in a chat completion.

    Raises:
        AttemptFailed: It is no completion, or says that the request failed.
    """
    _refuse_failure(body)
    try:
        choice = body["choices"][0]
        message = choice["message"]
        specific = message.get("provider_specific_fields") or {}
        refusal = message.get("refusal") or specific.get("refusal")
        reasoning, text = _without_thoughts(message)
        calls = [
            {"name": call["function"].get("name"), "arguments": call["function"]["arguments"]}
            for call in message.get("tool_calls") or ()
        ]
    except (AttributeError, IndexError, KeyError, TypeError):
        raise _no_completion("the provider's answer holds no choice") from None
    raw: dict[str, Any] = {}
    if calls:
        raw["tool_calls"] = calls
        if not text:
            raw["no_text"] = True
            text = calls[0]["arguments"] or ""
    for name, value in (
        ("refusal", refusal),
        ("reasoning", reasoning),
        ("id", body.get("id")),
        ("fingerprint", body.get("system_fingerprint")),
    ):
        if value:
            raw[name] = value
    finish = _finish_reason(choice.get("finish_reason"), bool(calls))
    usage = body.get("usage") or {}
    return Reply(
        text,
        finish,
        body.get("model"),
        usage.get("prompt_tokens"),
        usage.get("completion_tokens"),
        raw,
        reply_kind(text, finish, refusal),
    )


def vectors_of(body: Any, texts: int) -> tuple[Reply, list[Vectors]]:
    """The vectors in an answer to a request for embeddings, in the order of the texts.

    Args:
        body: The answer.
        texts: How many texts were sent.

    Raises:
        AttemptFailed: It does not hold one vector per text, all of one length.
    """
    _refuse_failure(body)
    try:
        data = sorted(body["data"], key=lambda one: one["index"])
        vectors = [np.asarray(one["embedding"], dtype=np.float32) for one in data]
    except (KeyError, TypeError, ValueError):
        raise _no_completion("the provider's answer holds no vectors") from None
    if len(vectors) != texts or len({vector.shape for vector in vectors}) != 1:
        raise _no_completion(
            f"the provider's answer holds {len(vectors)} vectors for {texts} texts"
        )
    usage = body.get("usage") or {}
    reply = Reply(
        "",
        model=body.get("model"),
        prompt_tokens=usage.get("prompt_tokens"),
        completion_tokens=0,
        raw={"texts": texts, "dimensions": vectors[0].size},
    )
    return reply, vectors


def _refuse_failure(body: Any) -> None:
    """Raises for a body that tells of a failure though its status says that all is well."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("code")
    if error:
        raise _no_completion(f"the provider's answer tells of an error: {error}")


def _without_thoughts(message: Mapping[str, Any]) -> tuple[str | None, str]:
    """What a model thought, and what it said; some servers put both into one text."""
    text = message.get("content") or ""
    for name in ("reasoning_content", "reasoning"):
        if name in message and message[name] is not None:
            return message[name], text
    thoughts = _THOUGHTS.match(text)
    return (thoughts[1], thoughts[2]) if thoughts else (None, text)


def _finish_reason(given: str | None, calls_tools: bool) -> str:
    reason = _FINISH_REASONS.get(given or "stop", "stop")
    return "tool_calls" if reason == "stop" and calls_tools else reason


def _no_completion(problem: str) -> AttemptFailed:
    return AttemptFailed("bad_body", problem, status_code=200)
