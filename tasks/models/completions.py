"""Completions and embeddings as OpenAI-compatible servers give them, read as replies.

Litellm gives every provider's answer the same form, so one reading serves both ways of asking.
"""

from __future__ import annotations

import json
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
            {
                "name": call["function"].get("name"),
                "arguments": _words(call["function"]["arguments"]),
            }
            for call in message.get("tool_calls") or ()
        ]
        finish = _finish_reason(choice.get("finish_reason"), bool(calls))
    except (AttributeError, IndexError, KeyError, TypeError):
        raise _no_completion("the provider's answer holds no choice") from None
    raw: dict[str, Any] = {}
    if calls:
        raw["tool_calls"] = calls
        if not text:
            raw["no_text"] = True
            text = calls[0]["arguments"]
    for name, value in (
        ("refusal", refusal),
        ("reasoning", reasoning),
        ("id", body.get("id")),
        ("fingerprint", body.get("system_fingerprint")),
    ):
        if value:
            raw[name] = _words(value)
    return Reply(
        text,
        finish,
        _name(body),
        _tokens(body, "prompt_tokens"),
        _tokens(body, "completion_tokens"),
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
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused below
            vectors = [np.asarray(one["embedding"], dtype=np.float32) for one in data]
        places = [one["index"] for one in data]
    except (KeyError, OverflowError, TypeError, ValueError):
        raise _no_completion("the provider's answer holds no vectors") from None
    if places != list(range(texts)):
        raise _no_completion(
            f"the provider's answer holds {len(vectors)} vectors for {texts} texts"
            + (", numbered otherwise" if len(vectors) == texts else "")
        )
    shapes = {vector.shape for vector in vectors}
    if len(shapes) != 1 or vectors[0].ndim != 1 or not vectors[0].size:
        raise _no_completion("the vectors in the provider's answer differ in length or are empty")
    if not all(np.isfinite(vector).all() for vector in vectors):
        raise _no_completion("a vector in the provider's answer holds what is no finite number")
    reply = Reply(
        "",
        model=_name(body),
        prompt_tokens=_tokens(body, "prompt_tokens"),
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
    text = _words(message.get("content"))
    for name in ("reasoning_content", "reasoning"):
        if name in message and message[name] is not None:
            return _words(message[name]), text
    thoughts = _THOUGHTS.match(text)
    return (thoughts[1], thoughts[2]) if thoughts else (None, text)


def _words(given: Any) -> str:
    """A text, whole or in parts, as a text that can be stored; anything else as JSON."""
    if given is None:
        return ""
    if isinstance(given, list) and all(isinstance(part, Mapping) for part in given):
        given = "".join(_words(part.get("text")) for part in given)
    if not isinstance(given, str):
        given = json.dumps(given, ensure_ascii=False)
    text = str(given).replace("\0", "\ufffd")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _name(body: Mapping[str, Any]) -> str | None:
    """The model as the provider names it."""
    return _words(body.get("model")) or None


def _tokens(body: Mapping[str, Any], name: str) -> int | None:
    """A count of tokens, where the provider gives one."""
    usage = body.get("usage")
    given = usage.get(name) if isinstance(usage, Mapping) else None
    return given if type(given) is int and given >= 0 else None


def _finish_reason(given: Any, calls_tools: bool) -> str:
    reason = _FINISH_REASONS.get(str(given or "stop"), "stop")
    return "tool_calls" if reason == "stop" and calls_tools else reason


def _no_completion(problem: str) -> AttemptFailed:
    return AttemptFailed("bad_body", problem, status_code=200)
