"""What a version of a study found, as the few rows that a person wants to see first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.study import Study

if TYPE_CHECKING:
    from flows.planning import Shelf

METRICS_SQL = """
select metric, subject, condition, value, ci_low, ci_high, null_mean, n_units, n_excluded
from v_metrics
where study_version = ? and scope in ('condition', 'study') and value is not null
  and list_contains(?, metric) and (rule is null or rule = ?)
order by list_position(?, metric), subject, condition
"""
CONTRASTS_SQL = """
select contrast, metric, subject, condition_a, condition_b, effect_name, effect, ci_low, ci_high,
       p_adjusted, n_a, n_b, n_excluded, warning
from v_contrasts
where study_version = ? and specification = ''
order by contrast, subject
"""


@dataclass(frozen=True)
class Findings:
    """Numbers by condition, and comparisons."""

    metrics: list[dict[str, Any]]
    contrasts: list[dict[str, Any]]


def findings(shelf: Shelf, version: str, study: Study) -> Findings:
    """The headline number of each metric by condition, and the contrasts.

    Of metrics that are made of labels, the numbers under the rule that the study uses are taken.
    """
    rule = study.coding.adjudication.use.title if study.coding else ""
    names = headlines(study)
    return Findings(
        metrics=shelf.frame_sql(METRICS_SQL, [version, names, rule, names]).to_dicts(),
        contrasts=shelf.frame_sql(CONTRASTS_SQL, [version]).to_dicts(),
    )


def headlines(study: Study) -> list[str]:
    """Full name of the first quantity of each of a study's metrics."""
    from tasks.metrics.catalogue import METRICS

    names = []
    for spec in study.metrics:
        metric = METRICS[spec.name]
        names.append(metric.full_name(next(iter(metric.quantities))))
    return list(dict.fromkeys(names))
