"""Intervals of effect sizes, by formulas that hold with few episodes and without overlap.

Sign convention as in :mod:`tasks.metrics.statistics.effects`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.effects import common_language, hedges_correction, standardised
from tasks.metrics.statistics.proportions import newcombe_interval

Ends = tuple[float, float]
NONE: Ends = (float("nan"), float("nan"))
#: How a row names the interval of a rank-biserial correlation or a common-language effect.
NEWCOMBE = "interval: Newcombe (2006), method 5"
#: How close to 0 and 1 the bounds of a probability are looked for.
_EDGE = 1e-12


def common_language_interval(a: Floats, b: Floats) -> Ends:
    """Newcombe's score interval of P(b > a) + P(b = a)/2.

    The standard error is taken at the bound and not at the estimate, so the interval has a width
    where the sides do not overlap.

    Source: Newcombe (2006), Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic, part 2, method 5, with the variance of Hanley and McNeil (1982) for
    exponential distributions and sides of mean size.

    Example:
        >>> low, high = common_language_interval(np.arange(5.0), np.arange(5.0, 10.0))
        >>> round(low, 3), high
        (0.643, 1.0)
    """
    from scipy import optimize, stats

    theta, pairs = common_language(a, b), len(a) * len(b)
    more = (len(a) + len(b)) / 2 - 1
    z = float(stats.norm.ppf(0.975))

    def half(t: float) -> float:
        variance = t * (1 - t) * (1 + more * ((1 - t) / (2 - t) + t / (1 + t))) / pairs
        return z * float(np.sqrt(variance))

    def root(of: Callable[[float], float], low: float, high: float) -> float:
        return float(optimize.brentq(of, low, high))

    low, high = 0.0, 1.0
    if theta > _EDGE:
        low = root(lambda t: t - theta + half(t), _EDGE**2, min(theta, 1 - _EDGE))
    if theta < 1 - _EDGE:
        high = 1 - root(lambda t: t - (1 - theta) + half(t), _EDGE**2, min(1 - theta, 1 - _EDGE))
    return low, high


def rank_biserial_interval(a: Floats, b: Floats) -> Ends:
    """Interval of the rank-biserial correlation, which is 2 P(b > a) + P(b = a) - 1."""
    low, high = common_language_interval(a, b)
    return 2 * low - 1, 2 * high - 1


def mean_difference_interval(a: Floats, b: Floats) -> Ends:
    """Welch's interval of the difference of means; Newcombe's where there are two values only.

    Not-a-number where neither side varies.

    Source: Welch (1947); Newcombe (1998), method 10.
    """
    from scipy import stats

    levels = levels_of(np.concatenate([a, b]))
    if levels is not None:
        hits = [int((side == levels[1]).sum()) for side in (a, b)]
        low, high = newcombe_interval(hits[0], len(a), hits[1], len(b))
        return low * (levels[1] - levels[0]), high * (levels[1] - levels[0])
    if a.var() + b.var() == 0:
        return NONE
    errors = np.array([side.var(ddof=1) / len(side) for side in (a, b)])
    df = errors.sum() ** 2 / (errors**2 / np.array([len(a) - 1, len(b) - 1])).sum()
    apart, half = b.mean() - a.mean(), stats.t.ppf(0.975, df) * np.sqrt(errors.sum())
    return float(apart - half), float(apart + half)


def levels_of(values: Floats) -> Ends | None:
    """The two values that a quantity has, where it has no others, so that a mean is a share of one.

    Values other than 0 and 1 must each occur twice: a lone one may be one of many.

    Example:
        >>> levels_of(np.array([0.0, 1.0])), levels_of(np.array([2.0, 5.0, 2.0, 5.0]))
        ((0.0, 1.0), (2.0, 5.0))
        >>> levels_of(np.array([0.0, 0.0])), levels_of(np.array([2.0, 2.0, 5.0]))
        (None, None)
    """
    known, counts = np.unique(values, return_counts=True)
    if len(known) != 2 or not (counts.min() > 1 or known.tolist() == [0.0, 1.0]):
        return None
    return float(known[0]), float(known[1])


def hedges_g_interval(a: Floats, b: Floats) -> Ends:
    """Interval of Hedges' g from the noncentral t distribution.

    The noncentralities under which the observed t is at either end of 95% of its distribution.
    Holds for normal values of equal variance. Not-a-number where neither side varies.

    Source: Steiger and Fouladi (1997); Hedges (1981) for the correction, which both ends get too.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> low, high = hedges_g_interval(rng.normal(0, 1, 9), rng.normal(1, 1, 9))
        >>> low < 1 < high
        True
    """
    from scipy import special

    d = standardised(a, b)
    if not np.isfinite(d):
        return NONE
    df = len(a) + len(b) - 2
    scale = float(np.sqrt(1 / len(a) + 1 / len(b)))
    low, high = (float(special.nctdtrinc(df, share, d / scale)) for share in (0.975, 0.025))
    factor = hedges_correction(df) * scale
    return factor * low, factor * high
