"""What a failed request amounts to: one of the kinds of an attempt."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from schemas.gateway import NO_CREDIT
from tasks.models.replies import AttemptFailed

_BY_STATUS = {
    401: "authentication",
    402: NO_CREDIT,
    403: "authentication",
    408: "timeout",
    409: "server_error",
    425: "server_error",
    429: "rate_limit",
    504: "timeout",
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
_CONNECTION = (
    *("connection error", "connect call failed", "cannot connect", "disconnected"),
    "payload is not completed",
)
_BAD_BODY = (
    "invalid response from llm endpoint",
    "invalid response object",
    "unable to parse",
    "unable to get json",
    "unterminated string",
    "expecting value",
    "not json",
    "provider returned",
)
_SCHEMA = ("response_format", "response format", "json_schema", "json schema", "structured output")
#: What providers say of an account that has nothing left.
_NO_CREDIT = (
    *("insufficient_quota", "credit balance", "insufficient balance", "insufficient credit"),
    *("available credit", "out of credit", "billing hard limit", "billing_hard_limit"),
)
#: OpenAI says so of an account without credit, Google of a limit per minute or day.
_QUOTA = "exceeded your current quota"
_GOOGLE = ("resource_exhausted", "ai.google.dev", "googleapis.com")
#: Statuses with which an account is refused.
_UNPAID = frozenset({400, 402, 403, 429})
_FILTERED = ("content_policy", "content_filter", "content management policy", "safety system")
#: What litellm puts before the words of a provider: names of its classes, up to three of them.
_CLASSES = re.compile(r"^(?:litellm\.)?\w+(?:Error|Timeout): (?:\w+: )?(?:\w+Exception - )?")
#: So much of an error's text tells of which kind it is.
_TELLING = 600


def failed_status(status: int, headers: Mapping[str, str], body: Any) -> AttemptFailed:
    """What a response with an error status amounts to.

    The text is whole and may hold a key: :meth:`tasks.models.secrets.Keyring.without_keys` strikes
    and cuts it.

    Args:
        status: HTTP status.
        headers: Headers of the response, for how long the server asks to wait.
        body: Its body, as JSON data or as text.

    Example:
        >>> failed_status(429, {}, {"error": {"message": "Slow down."}}).kind
        'rate_limit'
    """
    said = body.get("error", body) if isinstance(body, Mapping) else body
    words = said.get("message") if isinstance(said, Mapping) else said
    return AttemptFailed(
        _kind_of_status(status, _telling(str(said))),
        str(words or f"HTTP status {status}"),
        status_code=status,
        told_s=told_s(headers),
    )


def failed_attempt(error: Exception) -> AttemptFailed:
    """What an exception of litellm amounts to; its text is whole and may hold a key."""
    status = getattr(error, "status_code", None)
    status = status if isinstance(status, int) else None
    text = str(error)
    headers = _headers(error)
    return AttemptFailed(
        _kind(error, status, _telling(text), answered=headers is not None),
        _CLASSES.sub("", text) or type(error).__name__,
        status_code=status if headers is not None else None,
        told_s=told_s(headers or {}),
    )


def _telling(text: str) -> str:
    """The part of an error's text that tells of which kind it is."""
    return " ".join(text.split())[:_TELLING].lower()


def _kind(error: Exception, status: int | None, text: str, answered: bool) -> str:
    named = next(
        (_BY_CLASS[base.__name__] for base in type(error).__mro__ if base.__name__ in _BY_CLASS),
        None,
    )
    if status in _UNPAID and _wants_money(text):
        return NO_CREDIT
    if named is not None:
        return named
    if any(sign in text for sign in _BAD_BODY):
        return "bad_body"
    if not answered and (status is None or status >= 500):
        lost = isinstance(error, OSError) or any(sign in text for sign in _CONNECTION)
        return "connection" if lost else "server_error"
    return _kind_of_status(status or 500, text)


def _kind_of_status(status: int, text: str) -> str:
    if status in _UNPAID and _wants_money(text):
        return NO_CREDIT
    if status < 429 and any(sign in text for sign in _FILTERED):
        return "refused"
    return _BY_STATUS.get(status, "server_error" if status >= 500 else "bad_request")


def _wants_money(text: str) -> bool:
    """Whether a provider refuses until somebody pays.

    Example:
        >>> _wants_money("you exceeded your current quota, please check your plan and billing")
        True
        >>> _wants_money("you exceeded your current quota. see ai.google.dev/gemini-api")
        False
    """
    if any(sign in text for sign in _NO_CREDIT):
        return True
    return _QUOTA in text and not any(sign in text for sign in _GOOGLE)


def _headers(error: Exception) -> Mapping[str, Any] | None:
    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    return headers if headers else None


def refuses_schema(failed: AttemptFailed) -> bool:
    """Whether a request was refused because it asked for an answer by a JSON schema.

    Example:
        >>> refuses_schema(failed_status(400, {}, {"error": "unknown field response_format"}))
        True
    """
    words = str(failed).lower()
    return failed.kind == "bad_request" and any(sign in words for sign in _SCHEMA)


def told_s(headers: Mapping[str, Any], now: dt.datetime | None = None) -> float | None:
    """How many seconds a server asks to wait, from its headers; ``None`` if it does not say.

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
