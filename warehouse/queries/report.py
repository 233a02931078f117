"""What the report lists of designs, units, episodes and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.unit import STAGES
from warehouse.queries.query import Query
from warehouse.sql import literal


class StepCount(NamedTuple):
    """Units of a step by status."""

    stage: str
    step: str
    units: int
    done: int
    failed: int
    planned: int
    cached: int


@dataclass(frozen=True)
class UnitsByStep(Query[StepCount]):
    """Units of a version by step and status."""

    title = "units by stage and status"
    sql = f"""SELECT stage, step,
    count(DISTINCT unit_key) AS units,
    count(DISTINCT unit_key) FILTER (status = 'done') AS done,
    count(DISTINCT unit_key) FILTER (status = 'failed') AS failed,
    count(DISTINCT unit_key) FILTER (status = 'planned') AS planned,
    count(DISTINCT unit_key) FILTER (cached) AS cached
FROM v_units_all WHERE study_version = $version
GROUP BY stage, step
ORDER BY list_position({literal(STAGES)}, stage),
    min(committed_at), step"""
    version: str


class FailureCount(NamedTuple):
    """Units of a step that failed in the same way; ``failure`` is what one of them says."""

    step: str
    failure_kind: str | None
    units: int
    failure: str | None


@dataclass(frozen=True)
class Failures(Query[FailureCount]):
    """Why units of a version failed."""

    title = "why units failed"
    sql = """SELECT step, failure_kind, count(DISTINCT unit_key) AS units, min(failure) AS failure
FROM v_units_all WHERE study_version = $version AND status = 'failed'
GROUP BY step, failure_kind ORDER BY units DESC, step, failure_kind LIMIT 20"""
    version: str


class EpisodeCount(NamedTuple):
    """Episodes of a condition that ended in the same way."""

    condition: str
    status: str
    exclusion: str
    episodes: int
    mean_rounds: float
    fewest_rounds: int


@dataclass(frozen=True)
class EpisodeRounds(Query[EpisodeCount]):
    """Episodes of a version by status, and how far they came."""

    title = "episodes by status"
    sql = """SELECT condition, status, coalesce(x.why, '') AS exclusion,
    count(*) AS episodes, avg(completed_rounds) AS mean_rounds,
    min(completed_rounds) AS fewest_rounds
FROM v_episodes_all JOIN episodes USING (episode_key)
LEFT JOIN (
    SELECT episode_key, string_agg(DISTINCT coalesce(rule, reason), ', ') AS why
    FROM v_exclusions_all WHERE study_version = $version GROUP BY episode_key
) AS x USING (episode_key)
WHERE study_version = $version
GROUP BY ALL ORDER BY condition, episodes DESC, status, exclusion"""
    version: str


class SeatCount(NamedTuple):
    """Seats of a condition with the same role and model."""

    condition: str
    role: str
    model: str
    model_id: str
    seats: int
    runs: int


@dataclass(frozen=True)
class SeatsByModel(Query[SeatCount]):
    """Seats of a version by role and model."""

    title = "seats by role and model"
    sql = """SELECT condition, role, model, model_id, count(*) AS seats,
    count(DISTINCT episode_key) AS runs
FROM v_episodes_all JOIN seats USING (episode_key)
WHERE study_version = $version
GROUP BY ALL ORDER BY condition, min(position), role, model, model_id"""
    version: str


class SeatPlace(NamedTuple):
    """Seats of a condition at the same position, under the same name, with the same model."""

    condition: str
    position: int
    name: str
    model: str
    seats: int


@dataclass(frozen=True)
class SeatPlaces(Query[SeatPlace]):
    """Seats of a version by position, shown name and model."""

    title = "seats by position, name and model"
    sql = """SELECT condition, position, name, model, count(*) AS seats
FROM v_episodes_all JOIN seats USING (episode_key)
WHERE study_version = $version
GROUP BY ALL ORDER BY ALL"""
    version: str


class InterventionDose(NamedTuple):
    """Interventions of a kind in the episodes of a condition."""

    condition: str
    kind: str
    episodes: int
    mean_dose: float
    most: int
    seats: float
    prompts: float


@dataclass(frozen=True)
class InterventionDoses(Query[InterventionDose]):
    """How often was intervened in episodes of a version, and whom it reached."""

    title = "interventions and their doses"
    sql = """SELECT condition, kind, count(DISTINCT episode_key) AS episodes,
    count(*) / count(DISTINCT episode_key) AS mean_dose, max(dose) AS most,
    avg(len(seats_exposed)) AS seats, avg(prompts) AS prompts
FROM v_interventions_all
WHERE study_version = $version
GROUP BY ALL ORDER BY condition, kind"""
    version: str


class QualityFound(NamedTuple):
    """How well the actions, calls and codes of a condition went."""

    condition: str
    actions: int
    valid_share: float | None
    fallback_share: float | None
    absent_share: float | None
    attempts_per_action: float | None
    calls: int
    failed_call_share: float | None
    codes: int
    unusable_code_share: float | None


@dataclass(frozen=True)
class Quality(Query[QualityFound]):
    """Quality of a version by condition."""

    title = "valid, fallback and attempt rates"
    sql = """SELECT condition, actions, valid_share, fallback_share, absent_share,
    attempts_per_action, calls, failed_call_share, codes, unusable_code_share
FROM v_quality_all
WHERE study_version = $version AND condition <> '' AND actions + calls + codes > 0
ORDER BY condition"""
    version: str


class CostOfModel(NamedTuple):
    """What a model was asked in a stage, and what that cost."""

    stage: str
    model: str
    calls: int
    cached_calls: int
    failed_calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    unknown_price_calls: int


@dataclass(frozen=True)
class Costs(Query[CostOfModel]):
    """Calls, tokens and dollars of a version."""

    title = "calls, tokens and dollars"
    sql = """SELECT stage, model,
    sum(calls)::BIGINT AS calls, sum(cached_calls)::BIGINT AS cached_calls,
    sum(failed_calls)::BIGINT AS failed_calls, sum(prompt_tokens)::BIGINT AS prompt_tokens,
    sum(completion_tokens)::BIGINT AS completion_tokens, sum(usd) AS usd,
    sum(unknown_price_calls)::BIGINT AS unknown_price_calls
FROM v_costs_all WHERE study_version = $version
GROUP BY stage, model ORDER BY stage DESC, calls DESC, model"""
    version: str


class CodeVersionCount(NamedTuple):
    """Units that one version of the code worked."""

    code_version: str
    units: int


@dataclass(frozen=True)
class CodeVersions(Query[CodeVersionCount]):
    """Versions of the code that worked the units of a version."""

    title = "versions of the code that worked the units"
    sql = """SELECT code_version, count(DISTINCT unit_key) AS units
FROM study_units JOIN units USING (unit_key)
WHERE study_version = $version
GROUP BY code_version ORDER BY units DESC, code_version"""
    version: str
