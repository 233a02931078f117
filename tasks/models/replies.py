"""What one attempt at a call gave, and what a call came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a provider gave it.

    Attributes:
        text: The text; the arguments of a tool call where that is all there is.
        finish_reason: Why the model stopped.
        model: The model as the provider names it.
        prompt_tokens: Tokens of the prompt.
        completion_tokens: Tokens of the answer.
        raw: What else was sent and is worth keeping.
        kind: ``ok``, or what makes it unusable: ``empty``, ``truncated``, ``refused``.
    """

    text: str
    finish_reason: str | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "ok"


class AttemptFailed(Exception):
    """An attempt gave no answer.

    Attributes:
        kind: One of ``schemas.gateway.ATTEMPT_KINDS``.
        status_code: HTTP status, where there was one.
        told_s: How long the server asked to wait, if it did.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status_code: int | None = None,
        told_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status_code = status_code
        self.told_s = told_s


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a call, as it is recorded.

    Attributes:
        kind: How it ended.
        status_code: HTTP status, where there was one.
        message: The failure in words.
        waited_s: Wait before it.
        latency_s: Time that it took.
    """

    kind: str
    status_code: int | None
    message: str | None
    waited_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: a text with what it cost, or the failure that it ended in.

    Attributes:
        reply: The answer; nothing if no attempt gave one.
        attempts: Every attempt, in order.
        cost_usd: Price; nothing where it is not known.
        asked_at_s: When it was first asked, in seconds since 1970.
        run_id: The run that made it, where that is known.
    """

    reply: Reply | None
    attempts: tuple[Attempt, ...]
    cost_usd: float | None
    asked_at_s: float
    run_id: str | None = None
