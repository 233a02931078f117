"""Sizes of effects, each under its own name, with resamples of runs in one go.

Sign convention everywhere: positive means that condition b has the larger values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.statistics.bootstrap import RESAMPLES, interval, run_weights


def rank_biserial(a: Floats, b: Floats) -> float:
    """P(b > a) - P(b < a), that is 1 - 2U/(n_a n_b) with U the Mann-Whitney statistic of a.

    The same number as Cliff's delta. Not Z/√N, which is smaller and depends on the split of N.

    Source: Kerby (2014); Cliff (1993).

    Example:
        >>> rank_biserial(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        1.0
    """
    ordered = np.sort(a)
    below = np.searchsorted(ordered, b, side="left")
    above = len(a) - np.searchsorted(ordered, b, side="right")
    return float((below - above).sum() / (len(a) * len(b)))


def common_language(a: Floats, b: Floats) -> float:
    """P(b > a) + P(b = a)/2, the common-language effect size (Vargha-Delaney A).

    Source: McGraw and Wong (1992); Vargha and Delaney (2000).
    """
    return (rank_biserial(a, b) + 1) / 2


def mean_difference(a: Floats, b: Floats) -> float:
    """Mean of b less mean of a."""
    return float(b.mean() - a.mean())


def hedges_g(a: Floats, b: Floats) -> float:
    """Difference of means over the pooled standard deviation, corrected for small samples.

    Source: Hedges (1981), with J = 1 - 3 / (4 df - 1). Not-a-number where neither side varies.
    """
    df = len(a) + len(b) - 2
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / df
    if pooled <= 0:
        return float("nan")
    return float((b.mean() - a.mean()) / np.sqrt(pooled) * (1 - 3 / (4 * df - 1)))


def matched_rank_biserial(differences: Floats) -> float:
    """Rank sum of positive less negative differences, over the whole; zeros left out.

    Source: Kerby (2014), matched pairs.
    """
    kept = differences[differences != 0]
    if not len(kept):
        return float("nan")
    ranks = _ranks(np.abs(kept))
    return float((ranks * np.sign(kept)).sum() / ranks.sum())


def _ranks(values: Floats) -> Floats:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray((last - (sizes - 1) / 2)[group], dtype=np.float64)


def epsilon_squared(h: float, n: int) -> float:
    """Kruskal-Wallis H over n - 1: share of the rank variance between groups.

    Source: Kelley (1935) as given by Tomczak and Tomczak (2014).
    """
    return h / (n - 1)


#: Weights of runs that are looked at at once; bounds memory.
CHUNK = 2_000_000


def _drawn(
    a: Floats, b: Floats, resamples: int, effect: Callable[[Floats, Floats], Floats]
) -> Floats:
    """An effect with the runs of both sides resampled, given the weights of some resamples."""
    wa, wb = run_weights(len(a), resamples, "a"), run_weights(len(b), resamples, "b")
    step = max(1, CHUNK // (len(a) + len(b)))
    parts = [
        effect(*(side[first : first + step].astype(np.float64) for side in (wa, wb)))
        for first in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def rank_biserial_draws(a: Floats, b: Floats, resamples: int = RESAMPLES) -> Floats:
    """Rank-biserial correlations with the runs of both sides resampled."""
    levels, place = np.unique(np.concatenate([a, b]), return_inverse=True)

    def effect(wa: Floats, wb: Floats) -> Floats:
        by_level_a = _summed(wa, place[: len(a)], len(levels))
        by_level_b = _summed(wb, place[len(a) :], len(levels))
        balance = 2 * np.cumsum(by_level_a, axis=1) - by_level_a - len(a)
        return np.asarray((by_level_b * balance).sum(axis=1) / (len(a) * len(b)))

    return _drawn(a, b, resamples, effect)


def _summed(weights: Floats, place: Ints, n: int) -> Floats:
    order = np.argsort(place, kind="stable")
    found, starts = np.unique(place[order], return_index=True)
    sums = np.zeros((len(weights), n))
    sums[:, found] = np.add.reduceat(weights[:, order], starts, axis=1)
    return sums


def mean_difference_draws(a: Floats, b: Floats, resamples: int = RESAMPLES) -> Floats:
    """Differences of means with the runs of both sides resampled."""

    def effect(wa: Floats, wb: Floats) -> Floats:
        return np.asarray(wb @ b / len(b) - wa @ a / len(a))

    return _drawn(a, b, resamples, effect)


def hedges_g_draws(a: Floats, b: Floats, resamples: int = RESAMPLES) -> Floats:
    """Hedges' g with the runs of both sides resampled."""
    first, second = a - a.mean(), b - a.mean()
    df = len(a) + len(b) - 2

    def effect(wa: Floats, wb: Floats) -> Floats:
        ma, mb = wa @ first / len(a), wb @ second / len(b)
        squares = wa @ first**2 - len(a) * ma**2 + wb @ second**2 - len(b) * mb**2
        sd = np.sqrt(np.maximum(squares, 0) / df)
        good = squares > 1e-12 * (first @ first + second @ second)
        return np.where(good, (mb - ma) / np.where(good, sd, 1) * (1 - 3 / (4 * df - 1)), np.nan)

    return _drawn(a, b, resamples, effect)


def effect_interval(draws: Floats, *sizes: int) -> tuple[float, float]:
    """Ends of the interval of an effect; not-a-number where there is none.

    Args:
        draws: Resampled effects.
        sizes: Runs of each side, which decide how far the percentiles are expanded.
    """
    low, high = interval(draws, min(sizes), df=sum(sizes) - len(sizes))
    return float(low), float(high)
