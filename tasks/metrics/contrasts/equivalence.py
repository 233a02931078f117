"""Equivalence of two conditions: two one-sided tests."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from tasks.metrics.contrasts.sample import NO_VARIANCE, Finding, Side, TestOptions, contrast_test
from tasks.metrics.statistics import effects


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
)
def equivalence(
    sides: tuple[Side, ...], options: EquivalenceOptions, rng: np.random.Generator
) -> Finding:
    """Two one-sided Welch tests; a small p says that the means differ by less than the margin."""
    from scipy import stats

    a, b = sides[0].values, sides[1].values
    statistic, p, warning = float("nan"), float("nan"), ""
    if a.var() + b.var() > 0:
        above = stats.ttest_ind(b + options.margin, a, equal_var=False, alternative="greater")
        below = stats.ttest_ind(b - options.margin, a, equal_var=False, alternative="less")
        worse = above if above.pvalue > below.pvalue else below
        statistic, p = float(worse.statistic), float(worse.pvalue)
    else:
        warning = NO_VARIANCE
    draws = effects.mean_difference_draws(a, b, options.resamples)
    return Finding(
        statistic=statistic,
        p=float(p),
        effect=effects.mean_difference(a, b),
        effect_name="mean_difference",
        interval=effects.effect_interval(draws, len(a), len(b)),
        method=f"two one-sided Welch tests against ±{options.margin:g}: small p means equivalent "
        "within the margin; positive: b has the larger mean",
        warning=warning,
    )
