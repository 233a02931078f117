"""What a provider's exception or answer amounts to: one of the kinds of an attempt."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from tasks.models.replies import AttemptFailed, Reply

_BY_STATUS = {
    401: "authentication",
    403: "authentication",
    408: "timeout",
    409: "server_error",
    425: "server_error",
    429: "rate_limit",
    529: "server_error",
}
_BY_CLASS = {
    "ContentPolicyViolationError": "refused",
    "AuthenticationError": "authentication",
    "PermissionDeniedError": "authentication",
    "RateLimitError": "rate_limit",
    "Timeout": "timeout",
    "JSONDecodeError": "bad_body",
    "APIResponseValidationError": "bad_body",
}
_CONNECTION = ("connection error", "connect call failed", "cannot connect", "disconnected")
_BAD_BODY = (
    "invalid response from llm endpoint",
    "unable to parse",
    "expecting value",
    "not json",
    "provider returned",
)
_NO_CREDIT = ("insufficient_quota", "billing", "credit balance")
_FILTERED = ("content_policy", "content_filter", "content management policy", "safety system")
#: What litellm puts before the words of a provider: names of its classes, up to three of them.
_CLASSES = re.compile(r"^(?:litellm\.)?\w+(?:Error|Timeout): (?:\w+: )?(?:\w+Exception - )?")
_LONGEST = 600


def failed_attempt(error: Exception) -> AttemptFailed:
    """What an exception of litellm amounts to.

    The text may still hold a key: whoever records it strikes keys first.
    """
    status = getattr(error, "status_code", None)
    status = status if isinstance(status, int) else None
    text = " ".join(str(error).split())[:_LONGEST]
    headers = _headers(error)
    kind = _kind(error, status, text.lower(), answered=headers is not None)
    return AttemptFailed(
        kind,
        _CLASSES.sub("", text) or type(error).__name__,
        status_code=status if headers is not None else None,
        told_s=told_s(headers or {}),
        final=kind == "rate_limit" and any(sign in text.lower() for sign in _NO_CREDIT),
    )


def _kind(error: Exception, status: int | None, text: str, answered: bool) -> str:
    named = next(
        (_BY_CLASS[base.__name__] for base in type(error).__mro__ if base.__name__ in _BY_CLASS),
        None,
    )
    if named is not None:
        return named
    if any(sign in text for sign in _BAD_BODY):
        return "bad_body"
    if not answered and (status is None or status >= 500):
        lost = isinstance(error, OSError) or any(sign in text for sign in _CONNECTION)
        return "connection" if lost else "server_error"
    return _kind_of_status(status or 500, text)


def _kind_of_status(status: int, text: str) -> str:
    if status < 429 and any(sign in text for sign in _FILTERED):
        return "refused"
    return _BY_STATUS.get(status, "server_error" if status >= 500 else "bad_request")


def _headers(error: Exception) -> Mapping[str, Any] | None:
    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    return headers if headers else None


def told_s(headers: Mapping[str, Any], now: dt.datetime | None = None) -> float | None:
    """How many seconds a server asks to wait, from its headers; nothing if it does not say.

    Example:
        >>> told_s({"retry-after": "7"}), told_s({"retry-after-ms": "1500"}), told_s({})
        (7.0, 1.5, None)
    """
    lower = {str(name).lower(): value for name, value in headers.items()}
    try:
        if "retry-after-ms" in lower:
            return max(0.0, float(lower["retry-after-ms"]) / 1000)
        if "retry-after" not in lower:
            return None
        value = str(lower["retry-after"])
        if value.replace(".", "", 1).isdigit():
            return float(value)
        when = parsedate_to_datetime(value)
        return max(0.0, (when - (now or dt.datetime.now(dt.UTC))).total_seconds())
    except (TypeError, ValueError):
        return None


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


def reply_of(response: Any) -> Reply:
    """The reply in an answer of litellm.

    Raises:
        AttemptFailed: It holds no choice.
    """
    choices = getattr(response, "choices", None)
    if not choices:
        raise AttemptFailed("bad_body", "the provider's answer holds no choice", status_code=200)
    choice = choices[0]
    message = choice.message
    specific = getattr(message, "provider_specific_fields", None) or {}
    refusal = specific.get("refusal")
    text = message.content or ""
    raw: dict[str, Any] = {}
    calls = getattr(message, "tool_calls", None)
    if calls:
        raw["tool_calls"] = [
            {"name": call.function.name, "arguments": call.function.arguments} for call in calls
        ]
        if not text:
            raw["no_text"] = True
            text = calls[0].function.arguments or ""
    if refusal:
        raw["refusal"] = refusal
    reasoning = getattr(message, "reasoning_content", None)
    if reasoning:
        raw["reasoning"] = reasoning
    if getattr(response, "id", None):
        raw["id"] = response.id
    if getattr(response, "system_fingerprint", None):
        raw["fingerprint"] = response.system_fingerprint
    usage = getattr(response, "usage", None)
    finish = choice.finish_reason
    return Reply(
        text,
        finish,
        getattr(response, "model", None),
        getattr(usage, "prompt_tokens", None),
        getattr(usage, "completion_tokens", None),
        raw,
        reply_kind(text, finish, refusal),
    )
