"""Outcomes of calls as they stand in a journal, and as rows of the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from schemas.gateway import UNUSABLE
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
    return Outcome(reply, attempts, record.get("$"), record["at"])


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
    return Outcome(reply, made, call.get("cost_usd"), _seconds(call["asked_at"]))


def _json(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str | bytes):
        value = orjson.loads(value)
    return value or {}


def _seconds(value: dt.datetime) -> float:
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return aware.timestamp()
