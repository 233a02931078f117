"""Equivalence of two conditions: two one-sided tests."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from tasks.metrics.contrasts.sample import Finding, Side, TestOptions, Untestable, contrast_test
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.effect_intervals import mean_difference_interval


class EquivalenceOptions(TestOptions):
    """Options of ``equivalence``."""

    margin: float = Field(
        gt=0,
        description="Difference of means, in units of the metric, that would still not matter.",
    )


@contrast_test(
    title="whether b and a differ by less than a declared margin (small p: they do)",
    effect="mean_difference",
    source="Schuirmann (1987).",
    avoid="The margin must be set before looking. Its p means the opposite of other tests', so "
    "do not put both kinds into one family.",
    options=EquivalenceOptions,
    of_means=True,
)
def equivalence(
    sides: tuple[Side, ...], options: EquivalenceOptions, rng: np.random.Generator
) -> Finding:
    """Two one-sided Welch tests; a small p says that the means differ by less than the margin."""
    from scipy import stats

    a, b = sides[0].values, sides[1].values
    if a.var() + b.var() == 0:
        raise Untestable("neither side varies, so there is no test of equivalence")
    above = stats.ttest_ind(b + options.margin, a, equal_var=False, alternative="greater")
    below = stats.ttest_ind(b - options.margin, a, equal_var=False, alternative="less")
    worse = above if above.pvalue > below.pvalue else below
    return Finding(
        statistic=float(worse.statistic),
        p=float(worse.pvalue),
        effect=effects.mean_difference(a, b),
        effect_name="mean_difference",
        interval=mean_difference_interval(a, b),
        method=f"two one-sided Welch tests against ±{options.margin:g}: small p means equivalent "
        "within the margin; positive: b has the larger mean",
    )
