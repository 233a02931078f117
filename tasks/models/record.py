"""Outcomes of calls as they stand in a journal, and as rows of the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from schemas.gateway import UNUSABLE, Question
from tasks.models.replies import Attempt, Outcome, Reply


def record_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as compact JSON data; fields that are not there are left out."""
    reply = outcome.reply
    record: dict[str, Any] = {
        "at": outcome.asked_at_s,
        "a": [
            [one.kind, one.status_code, one.message, one.waited_s, one.latency_s]
            for one in outcome.attempts
        ],
        "$": outcome.cost_usd,
    }
    if reply is not None:
        record |= {
            "t": reply.text,
            "f": reply.finish_reason,
            "m": reply.model,
            "p": reply.prompt_tokens,
            "c": reply.completion_tokens,
            "r": dict(reply.raw),
            "s": reply.kind,
        }
    return {name: value for name, value in record.items() if value is not None and value != {}}


def asked_of(
    question: Question,
    params: Mapping[str, Any],
    answer_schema: str | None,
    reask_of: str | None,
    run_id: str | None,
) -> dict[str, Any]:
    """What a call is for, as columns of ``calls``: what a record needs to stand in a table."""
    return {
        "ordinal": question.ordinal,
        "purpose": question.purpose,
        "subject": question.subject,
        "model": question.model.model,
        "api_base": question.model.api_base,
        "params": dict(params),
        "answer_schema": answer_schema,
        "reask_of": reask_of,
        "run_id": run_id,
    }


def row_of(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row of ``uncommitted_calls`` that a journal record tells of.

    ``None`` where it holds no answer, or was written before records said what a call is for.
    """
    if "q" not in record or "t" not in record:
        return None
    outcome = outcome_of(record)
    return {
        "call_key": record["k"],
        "unit_key": record["u"],
        **record["q"],
        "base_messages": 0,
        "added_messages": [],
        **columns_of(outcome),
        "status": "answered" if outcome.attempts[-1].kind == "ok" else "failed",
        "error_kind": None if outcome.attempts[-1].kind == "ok" else outcome.attempts[-1].kind,
    }


def columns_of(outcome: Outcome) -> dict[str, Any]:
    """The columns of ``calls`` that an outcome fills."""
    reply = outcome.reply
    return {
        "text": reply.text if reply else None,
        "raw": dict(reply.raw) if reply else {},
        "finish_reason": reply.finish_reason if reply else None,
        "model_returned": reply.model if reply else None,
        "prompt_tokens": reply.prompt_tokens if reply else None,
        "completion_tokens": reply.completion_tokens if reply else None,
        "cost_usd": outcome.cost_usd,
        "latency_s": outcome.attempts[-1].latency_s if reply else None,
        "attempts": len(outcome.attempts),
        "asked_at": dt.datetime.fromtimestamp(outcome.asked_at_s, dt.UTC),
    }


def outcome_of(record: Mapping[str, Any]) -> Outcome:
    """The outcome that a journal record tells of.

    Example:
        >>> told = Outcome(Reply("Hello"), (Attempt("ok", 200, None, 0.0, 0.5),), None, 1.7e9)
        >>> outcome_of(record_of(told)) == told
        True
    """
    reply = None
    if "t" in record:
        reply = Reply(
            record["t"],
            record.get("f"),
            record.get("m"),
            record.get("p"),
            record.get("c"),
            record.get("r", {}),
            record.get("s", "ok"),
        )
    attempts = tuple(Attempt(*one) for one in record["a"])
    run_id = record.get("q", {}).get("run_id")
    return Outcome(reply, attempts, record.get("$"), record["at"], run_id)


def outcome_of_rows(
    call: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> Outcome | None:
    """The outcome that rows of ``calls`` and ``attempts`` tell of; nothing if none has a text."""
    if call.get("text") is None:
        return None
    kind = call.get("error_kind")
    reply = Reply(
        call["text"],
        call.get("finish_reason"),
        call.get("model_returned"),
        call.get("prompt_tokens"),
        call.get("completion_tokens"),
        _json(call.get("raw")),
        kind
        if kind in UNUSABLE and kind != "bad_shape"
        else "ok",  # its form is the asker's to judge,
    )
    made = tuple(
        Attempt(
            row["kind"],
            row.get("status_code"),
            row.get("message"),
            row["waited_s"],
            row["latency_s"],
        )
        for row in sorted(attempts, key=lambda row: row["attempt"])
    )
    asked_at_s = _seconds(call["asked_at"])
    return Outcome(reply, made, call.get("cost_usd"), asked_at_s, call.get("run_id"))


def _json(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str | bytes):
        value = orjson.loads(value)
    return value or {}


def _seconds(value: dt.datetime) -> float:
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return aware.timestamp()
