"""Rows of ``calls``, ``attempts`` and ``prompt_messages``, kept per unit until they are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.gateway import Message, Question
from schemas.unit import Failure
from tasks.models.prompt_messages import Continuation, Conversations
from tasks.models.record import asked_of, columns_of
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
    question = entry.question
    return {
        "call_key": call_key,
        "unit_key": question.unit_key,
        **asked_of(
            question, entry.params, entry.answer_schema, entry.reask_of, entry.outcome.run_id
        ),
        "base_call_key": continued.base,
        "base_messages": continued.shared,
        "added_messages": list(continued.added),
        "status": "failed" if entry.failure else "answered",
        "error_kind": entry.failure.kind if entry.failure else None,
        "error": entry.failure.message if entry.failure else None,
        **columns_of(entry.outcome),
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
