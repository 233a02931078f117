"""Equivalence of two conditions: two one-sided tests."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from tasks.metrics.contrasts.inverted import Shuffles, are_skewed, difference_of_means
from tasks.metrics.contrasts.sample import (
    Finding,
    Side,
    TestOptions,
    Untestable,
    arrangements_p,
    contrast_test,
)
from tasks.metrics.contrasts.shuffles import DRAWS, SHUFFLED
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.arrays import Bools, Floats
from tasks.metrics.statistics.effect_intervals import levels_of
from tasks.metrics.statistics.proportions import newcombe_p

#: Episodes of a side below which the p of shares is rough.
FEW_OF_SHARES = 10
ROUGH = (
    "p of shares of so few episodes is rough: at exactly the margin it was below .05 in 0 to 8% of "
    "studies"
)


class EquivalenceOptions(TestOptions):
    """Options of ``equivalence``."""

    margin: float = Field(
        gt=0,
        description="Difference of means, in units of the metric, that would still not matter.",
    )


@contrast_test(
    title="whether b and a differ by less than a declared margin (small p: they do)",
    effect="mean_difference",
    source="Schuirmann (1987); Janssen (1997) for the studentised permutation, which takes the "
    "place of the t distribution below fifty episodes a side; Newcombe (1998) where "
    "there are two values only.",
    avoid="The margin must be set before looking. Its p means the opposite of other tests', so "
    "do not put both kinds into one family. Below fifty episodes p takes one side to be the other, "
    "moved; of skewed values that spread more on one side it is too small, and the row warns.",
    options=EquivalenceOptions,
)
def equivalence(
    sides: tuple[Side, ...], options: EquivalenceOptions, rng: np.random.Generator
) -> Finding:
    """Two one-sided tests; a small p says that the means differ by less than the margin."""
    a, b, margin = sides[0].values, sides[1].values, options.margin
    if a.var() + b.var() == 0:
        raise Untestable("neither side varies, so there is no test of equivalence")
    shuffles = Shuffles.of_values(a, b, rng)
    shown = difference_of_means(a, b, shuffles)
    statistic, p, kind = _by_t(a, b, margin)
    warning, least, levels = "", float("nan"), levels_of(np.concatenate([a, b]))
    if levels is not None and margin < levels[1] - levels[0]:
        p, kind = _by_shares(a == levels[1], b == levels[1], margin / (levels[1] - levels[0]))
        warning = ROUGH if min(len(a), len(b)) < FEW_OF_SHARES else ""
    elif shuffles is not None:
        p = max(shuffles.p(-margin, side=1), shuffles.p(margin, side=-1))
        kind = f"{kind}; p: {SHUFFLED}, one side moved by the margin"
        least = max(arrangements_p(len(a), len(b)) / 2, 1 / (DRAWS + 1))
        warning = _skewed(a, b)
    return Finding(
        statistic=statistic,
        p=p,
        effect=effects.mean_difference(a, b),
        effect_name="mean_difference",
        interval=shown.ends,
        method=f"two one-sided {kind}; against ±{margin:g}: small p means equivalent within the "
        f"margin; positive: b has the larger mean; {shown.method}",
        warning="; ".join(filter(None, [warning, shown.warning])),
        p_least=least,
    )


def _by_t(a: Floats, b: Floats, margin: float) -> tuple[float, float, str]:
    """Welch's t of the end that is nearer, its p, and how."""
    from scipy import stats

    # From the moments, since those of a side without spread are no reason to warn.
    spread = (a.std(ddof=1), len(a))
    found = []
    for moved, alternative in ((margin, "greater"), (-margin, "less")):
        one = (b.mean() + moved, b.std(ddof=1), len(b), a.mean(), *spread)
        found.append(stats.ttest_ind_from_stats(*one, equal_var=False, alternative=alternative))
    worse = max(found, key=lambda one: float(one.pvalue))
    return float(worse.statistic), float(worse.pvalue), "Welch tests"


def _by_shares(a: Bools, b: Bools, margin: float) -> tuple[float, str]:
    """The p of two shares, and how."""
    hits_a, hits_b = int(a.sum()), int(b.sum())
    p = max(
        newcombe_p(hits_a, len(a), hits_b, len(b), margin),
        newcombe_p(hits_b, len(b), hits_a, len(a), margin),
    )
    return p, "tests of two shares (Newcombe 1998, method 10)"


def _skewed(a: Floats, b: Floats) -> str:
    """That p is too small if one side of skewed values spreads more; nothing where neither is."""
    if not are_skewed(a, b):
        return ""
    return (
        "values are skewed: where one side also spreads twice as much, at exactly the margin "
        "p < .05 came out in 9% of studies of 12 episodes a side, 11% of 20, and up to 18% of 5 "
        "against 30"
    )
