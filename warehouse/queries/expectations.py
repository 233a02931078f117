"""What checks of a version's data sets found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.unit import STAGES
from warehouse.queries.query import Query
from warehouse.sql import literal


class CheckFound(NamedTuple):
    """A check of a data set; the fields are those of :class:`schemas.checks.Checked`."""

    source: str
    view: str
    check: str
    condition: str
    severity: str
    declared_by: str
    expected: str
    observed: str
    passed: bool
    n_rows: int
    n_failed: int


_COLUMNS = """source, table_name AS view, check_name AS "check", condition, severity, declared_by,
    expected, observed, passed, n_rows, n_failed"""


@dataclass(frozen=True)
class ChecksOfBatch(Query[CheckFound]):
    """What was found when the same rows were held against the same expectations before."""

    title = "checks of one data set"
    sql = f"""SELECT {_COLUMNS}
FROM validations WHERE batch = $batch AND study_version IS NOT NULL
ORDER BY (detail ->> 'place')::BIGINT"""
    batch: str


@dataclass(frozen=True)
class Checks(Query[CheckFound]):
    """What the expectations of every stage found of a version."""

    title = "expectations of data sets"
    sql = f"""SELECT {_COLUMNS}
FROM validations WHERE study_version = $version
ORDER BY list_position({literal(STAGES)}, stage),
    (detail ->> 'place')::BIGINT"""
    version: str


class NumberFound(NamedTuple):
    """A number of a condition, or of the study where the condition is empty."""

    metric: str
    rule: str | None
    scope: str
    condition: str
    subject: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_measured: int


@dataclass(frozen=True)
class Numbers(Query[NumberFound]):
    """Some quantities of a version, whatever adjudication rule they rest on."""

    title = "numbers that were published or expected"
    sql = """SELECT metric, rule, scope, condition, subject, value, ci_low, ci_high, n_measured
FROM v_metrics_all
WHERE study_version = $version AND scope IN ('condition', 'study')
    AND list_contains($metrics, metric)
ORDER BY list_position($metrics, metric), condition, subject, rule"""
    version: str
    metrics: tuple[str, ...]
