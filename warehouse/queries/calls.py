"""Calls to models."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class CallSize(NamedTuple):
    """Tokens that calls of one kind took; ``prompt`` and ``completion`` hold two deciles."""

    model: str
    purpose: str
    n_calls: int
    n_questions: int
    prompt: list[float]
    completion: list[float]


@dataclass(frozen=True)
class CallSizes(Query[CallSize]):
    """Tokens of earlier calls by model and purpose; a question may have taken several calls."""

    title = "tokens of earlier calls"
    sql = """SELECT model, purpose, count(*) AS n_calls,
    count(*) FILTER (reask_of IS NULL) AS n_questions,
    quantile_cont(prompt_tokens, [0.1, 0.9]) AS prompt,
    quantile_cont(completion_tokens, [0.1, 0.9]) AS completion
FROM calls
WHERE status = 'answered' AND prompt_tokens IS NOT NULL AND completion_tokens IS NOT NULL
GROUP BY model, purpose ORDER BY model, purpose"""


class ComparedCall(NamedTuple):
    """A call with what its key is made of."""

    call_key: str
    unit_key: str
    ordinal: int
    model: str
    api_base: str | None
    params: str
    answer_schema: str | None
    reask_of: str | None
    digests: list[str]
    purpose: str
    subject: str
    status: str
    asked_at: dt.datetime
    cost_usd: float | None
    attempts: int


@dataclass(frozen=True)
class CallsLike(Query[ComparedCall]):
    """A call, then others of its model and purpose, those first that resemble it in place."""

    title = "calls like one"
    sql = """WITH one AS (SELECT * FROM calls WHERE call_key = $key)
SELECT c.call_key, c.unit_key, c.ordinal, c.model, c.api_base, c.params, c.answer_schema,
    c.reask_of, r.digests, c.purpose, c.subject, c.status, c.asked_at, c.cost_usd, c.attempts
FROM calls AS c
JOIN one ON c.model = one.model AND c.purpose = one.purpose
JOIN v_requests AS r ON r.call_key = c.call_key
ORDER BY c.call_key <> one.call_key, c.ordinal <> one.ordinal, c.subject <> one.subject, c.call_key
LIMIT $most"""
    key: str
    most: int
