"""Metrics and contrasts of a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class HeadlineMetric(NamedTuple):
    """A metric of a condition, or of the study where the condition is empty."""

    metric: str
    options: str
    subject: str
    condition: str
    value: float
    ci_low: float | None
    ci_high: float | None
    null_mean: float | None
    n_measured: int
    n_excluded: int
    warning: str | None


@dataclass(frozen=True)
class HeadlineMetrics(Query[HeadlineMetric]):
    """Some metrics of a version that have a value; of those made of labels, under one rule."""

    title = "headline metrics"
    sql = """SELECT metric, options, subject, condition, value, ci_low, ci_high, null_mean,
    n_measured, n_excluded, warning
FROM v_metrics_all
WHERE study_version = $version AND scope IN ('condition', 'study') AND value IS NOT NULL
    AND list_contains($metrics, metric) AND (rule IS NULL OR rule = $rule)
ORDER BY list_position($metrics, metric), subject, condition"""
    version: str
    metrics: tuple[str, ...]
    rule: str | None


class ContrastFound(NamedTuple):
    """A comparison of two conditions; those of a curve name their specification."""

    family: str
    contrast: str
    specification: str
    metric: str
    subject: str
    rule: str | None
    condition_a: str
    condition_b: str
    test: str
    statistic: float | None
    effect: float | None
    effect_name: str
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_adjusted: float | None
    correction: str
    family_size: int | None
    p_least: float | None
    n_a: int
    n_b: int
    n_excluded: int
    factors: list[str]
    warning: str | None
    method: str


CONTRAST_COLUMNS = """family, contrast, specification, metric, subject, rule, condition_a,
    condition_b, test, statistic, effect, effect_name, ci_low, ci_high, p, p_adjusted, correction,
    family_size, p_least, n_a, n_b, n_excluded, factors, warning, method"""


@dataclass(frozen=True)
class Contrasts(Query[ContrastFound]):
    """The contrasts of a version."""

    title = "contrasts"
    sql = f"""SELECT {CONTRAST_COLUMNS}
FROM v_contrasts_all WHERE study_version = $version AND specification = ''
ORDER BY family, contrast, subject, condition_b"""
    version: str


@dataclass(frozen=True)
class Curves(Query[ContrastFound]):
    """The specification curves of a version, a row per specification."""

    title = "specification curves"
    sql = f"""SELECT {CONTRAST_COLUMNS}
FROM v_contrasts_all WHERE study_version = $version AND specification <> ''
ORDER BY family, effect, specification"""
    version: str


class MetricFound(NamedTuple):
    """A metric of a condition, or of the study where the condition is empty."""

    metric: str
    options: str
    rule: str | None
    scope: str
    condition: str
    subject: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null_mean: float | None
    null_sd: float | None
    p_null: float | None
    n_measured: int
    n_excluded: int
    warning: str | None
    method: str


@dataclass(frozen=True)
class Metrics(Query[MetricFound]):
    """The metrics of a version by condition, agreement of coders left out."""

    title = "metrics with intervals and nulls"
    sql = """SELECT metric, options, rule, scope, condition, subject, value, ci_low, ci_high,
    null_mean, null_sd, p_null, n_measured, n_excluded, warning, method
FROM v_metrics_all
WHERE study_version = $version AND scope IN ('condition', 'study')
    AND metric NOT LIKE 'agreement.%'
ORDER BY metric, rule, subject, condition"""
    version: str


class MetricOfEpisode(NamedTuple):
    """A metric of one episode, or of one persona."""

    metric: str
    options: str
    rule: str | None
    condition: str
    subject: str
    value: float | None
    null_mean: float | None


@dataclass(frozen=True)
class MetricsByEpisode(Query[MetricOfEpisode]):
    """Metrics of single episodes or personas, where there are not too many for a plot."""

    title = "metrics of single episodes and personas"
    sql = """SELECT metric, options, rule, condition, subject, value, null_mean
FROM v_metrics_all
WHERE study_version = $version AND scope IN ('episode', 'persona')
    AND (rule IS NULL OR rule = $rule)
QUALIFY count(*) OVER (PARTITION BY unit_key, metric, rule, condition, subject) <= 40
ORDER BY metric, condition, value"""
    version: str
    rule: str | None


class AgreementFound(NamedTuple):
    """Agreement of coders on a flag."""

    metric: str
    rule: str | None
    subject: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_measured: int
    n_excluded: int
    method: str


@dataclass(frozen=True)
class Agreement(Query[AgreementFound]):
    """Agreement of the coders of a version with each other."""

    title = "agreement of coders"
    sql = """SELECT metric, rule, subject, value, ci_low, ci_high, n_measured, n_excluded, method
FROM v_metrics_all
WHERE study_version = $version AND metric LIKE 'agreement.%' AND rule IS NULL
ORDER BY subject, metric"""
    version: str


@dataclass(frozen=True)
class AgreementOfRules(Query[AgreementFound]):
    """Agreement of the labels of a version with its gold coder, by adjudication rule."""

    title = "adjudication rules against gold"
    sql = """SELECT metric, rule, subject, value, ci_low, ci_high, n_measured, n_excluded, method
FROM v_metrics_all
WHERE study_version = $version AND metric LIKE 'agreement.%' AND rule IS NOT NULL
ORDER BY subject, rule, metric"""
    version: str
