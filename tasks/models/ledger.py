"""Rows of ``calls``, ``attempts`` and ``prompt_messages``, kept per unit until they are taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.gateway import Message, Question
from schemas.unit import Failure
from tasks.models.prompt_messages import Continuation, Conversations
from tasks.models.replies import Outcome


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, with all that its rows need.

    Attributes:
        question: The question that it was made for.
        reask: Number of the re-ask; 0 for the question itself.
        reask_of: Call whose bad answer it quotes.
        params: Parameters that decide the answer.
        answer_schema: Digest of the answer's schema.
        digests: Digests of the messages of its request.
        outcome: What it came to.
        failure: Why its answer cannot be used, or nothing.
    """

    question: Question
    reask: int
    reask_of: str | None
    params: Mapping[str, Any]
    answer_schema: str | None
    digests: tuple[str, ...]
    outcome: Outcome
    failure: Failure | None


class UnitLedger:
    """The calls of one unit."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._messages: dict[str, Message] = {}

    def add(self, call_key: str, entry: Entry, messages: Sequence[Message]) -> None:
        """Enters a call with the messages that were sent."""
        self._entries[call_key] = entry
        for digest, message in zip(entry.digests, messages, strict=True):
            if digest not in self._messages:
                self._messages[digest] = message

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Its rows by table, in the order of the questions, whatever order answers came in."""
        calls, attempts = [], []
        conversations = Conversations()
        in_order = sorted(self._entries.items(), key=lambda e: (e[1].question.ordinal, e[1].reask))
        for call_key, entry in in_order:
            continued = conversations.continued(entry.question.subject, call_key, entry.digests)
            calls.append(_call_row(call_key, entry, continued))
            attempts += _attempt_rows(call_key, entry)
        messages = [
            {"digest": digest, "role": message.role, "text": message.text}
            for digest, message in self._messages.items()
        ]
        return {"calls": calls, "attempts": attempts, "prompt_messages": messages}


def _call_row(call_key: str, entry: Entry, continued: Continuation) -> dict[str, Any]:
    question, outcome, reply = entry.question, entry.outcome, entry.outcome.reply
    last = outcome.attempts[-1]
    return {
        "call_key": call_key,
        "unit_key": question.unit_key,
        "ordinal": question.ordinal,
        "purpose": question.purpose,
        "subject": question.subject,
        "model": question.model.model,
        "api_base": question.model.api_base,
        "params": entry.params,
        "answer_schema": entry.answer_schema,
        "reask_of": entry.reask_of,
        "base_call_key": continued.base,
        "base_messages": continued.shared,
        "added_messages": list(continued.added),
        "status": "failed" if entry.failure else "answered",
        "text": reply.text if reply else None,
        "raw": dict(reply.raw) if reply else {},
        "finish_reason": reply.finish_reason if reply else None,
        "model_returned": reply.model if reply else None,
        "prompt_tokens": reply.prompt_tokens if reply else None,
        "completion_tokens": reply.completion_tokens if reply else None,
        "cost_usd": outcome.cost_usd,
        "latency_s": last.latency_s if reply else None,
        "attempts": len(outcome.attempts),
        "error_kind": entry.failure.kind if entry.failure else None,
        "error": entry.failure.message if entry.failure else None,
        "asked_at": dt.datetime.fromtimestamp(outcome.asked_at_s, dt.UTC),
    }


def _attempt_rows(call_key: str, entry: Entry) -> list[dict[str, Any]]:
    attempts = entry.outcome.attempts
    rows = [
        {
            "call_key": call_key,
            "unit_key": entry.question.unit_key,
            "attempt": number,
            "kind": attempt.kind,
            "status_code": attempt.status_code,
            "message": attempt.message,
            "waited_s": attempt.waited_s,
            "latency_s": attempt.latency_s,
        }
        for number, attempt in enumerate(attempts, start=1)
    ]
    if entry.failure is not None and entry.outcome.reply is not None:
        rows[-1]["kind"] = entry.failure.kind
        rows[-1]["message"] = entry.failure.message
    return rows
