"""How far a version of a study is: units by stage and condition, why units failed, what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.gateway import NO_CREDIT
from schemas.unit import STAGES
from warehouse.queries.query import Query
from warehouse.sql import literal

#: A unit once, with all conditions that it is of, as ``v_costs_all`` counts calls.
_MEMBERS = """member AS (
    SELECT stage, step, unit_key,
        string_agg(DISTINCT condition, ' | ' ORDER BY condition) AS condition
    FROM study_units WHERE study_version = $version GROUP BY ALL
)"""


class ConditionStatus(NamedTuple):
    """What became of the units of a stage and condition; ``quarantined`` counts rows."""

    stage: str
    condition: str
    units: int
    done: int
    failed: int
    missing: int
    quarantined: int
    calls: int
    usd: float | None
    unknown_price_calls: int


@dataclass(frozen=True)
class StatusByCondition(Query[ConditionStatus]):
    """Units of a version by stage and condition, with what the version paid for them."""

    title = "status by stage and condition"
    sql = f"""WITH {_MEMBERS},
refused AS (SELECT unit_key, count(*) AS n FROM quarantine GROUP BY unit_key),
counted AS (
    SELECT m.stage, m.condition,
        count(*) AS units,
        count(*) FILTER (u.status = 'done') AS done,
        count(*) FILTER (u.status = 'failed') AS failed,
        count(*) FILTER (u.unit_key IS NULL) AS missing,
        coalesce(sum(r.n), 0)::BIGINT AS quarantined
    FROM member AS m
    LEFT JOIN units AS u USING (unit_key)
    LEFT JOIN refused AS r USING (unit_key)
    GROUP BY ALL
),
paid AS (
    SELECT stage, condition, sum(calls)::BIGINT AS calls, sum(usd) AS usd,
        sum(unknown_price_calls)::BIGINT AS unknown_price_calls
    FROM v_costs_all WHERE study_version = $version GROUP BY ALL
)
SELECT stage, condition,
    coalesce(units, 0) AS units,
    coalesce(done, 0) AS done,
    coalesce(failed, 0) AS failed,
    coalesce(missing, 0) AS missing,
    coalesce(quarantined, 0) AS quarantined,
    coalesce(calls, 0) AS calls,
    usd,
    coalesce(unknown_price_calls, 0) AS unknown_price_calls
FROM counted FULL JOIN paid USING (stage, condition)
ORDER BY list_position({literal(STAGES)}, stage), condition"""
    version: str


class FailedUnits(NamedTuple):
    """Units of a step and condition that failed in the same way; what one of them says.

    Those whose accounts had no credit left are told apart by account.
    """

    stage: str
    step: str
    condition: str
    kind: str | None
    units: int
    example: str | None


@dataclass(frozen=True)
class FailuresByCondition(Query[FailedUnits]):
    """Why units of a version failed, by stage, step and condition."""

    title = "why units failed, by condition"
    sql = f"""WITH {_MEMBERS}
SELECT m.stage, m.step, m.condition, u.failure_kind AS kind, count(*) AS units,
    min(u.failure) AS example
FROM member AS m JOIN units AS u USING (unit_key)
WHERE u.status = 'failed'
GROUP BY m.stage, m.step, m.condition, u.failure_kind,
    CASE WHEN u.failure_kind = {literal(NO_CREDIT)} THEN u.failure END
ORDER BY list_position({literal(STAGES)}, m.stage), m.step, m.condition, units DESC, kind"""
    version: str
