"""What a version of a study found, as the few rows that a person wants to see first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import polars as pl

METRICS_SQL = """
select metric, subject, coalesce(rule, '') as rule, condition, value, ci_low, ci_high, null_mean,
       n_units, n_excluded
from v_metrics
where study_version = ? and scope in ('condition', 'study') and value is not null
order by metric, rule, subject, condition
"""
CONTRASTS_SQL = """
select contrast, metric, subject, condition_a, condition_b, effect_name, effect, ci_low, ci_high,
       p_adjusted, n_a, n_b, n_excluded, warning
from v_contrasts
where study_version = ? and specification = ''
order by contrast, subject
"""


class Shelf(Protocol):
    """Whatever answers queries."""

    def frame_sql(self, sql: str, params: Sequence[object] = ()) -> pl.DataFrame:
        """Rows that a query selects."""
        ...


@dataclass(frozen=True)
class Findings:
    """Numbers by condition, and comparisons."""

    metrics: list[dict[str, Any]]
    contrasts: list[dict[str, Any]]


def findings(shelf: Shelf, version: str) -> Findings:
    """The numbers of each condition and the contrasts of a version of a study."""
    return Findings(
        metrics=shelf.frame_sql(METRICS_SQL, [version]).to_dicts(),
        contrasts=shelf.frame_sql(CONTRASTS_SQL, [version]).to_dicts(),
    )
