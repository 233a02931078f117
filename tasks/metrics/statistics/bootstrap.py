"""Intervals that resample runs.

A run (episode) is the unit that is independent; its messages are not. Every statistic here is a
function of sums over runs, so a resample is a row of run weights and all resamples are one matrix
product. Interval ends are expanded percentiles (Hesterberg 2015): at 20 runs plain percentiles of
a mean are too narrow by the factor sqrt((n-1)/n) and by the normal in place of Student's t.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from schemas.keys import seed_of
from tasks.metrics.statistics.arrays import Floats

Weights = npt.NDArray[np.float32]

RESAMPLES = 2000
#: One sentence for ``method``.
INTERVAL = "interval: runs resampled, expanded percentiles"


@lru_cache(maxsize=4)
def run_weights(n: int, resamples: int = RESAMPLES, stream: str = "") -> Weights:
    """How often each of n runs is drawn in each resample: shape (resamples, n), rows sum to n.

    The same arguments give the same weights in every process.
    """
    rng = np.random.default_rng(seed_of("bootstrap", n, resamples, stream))
    weights = np.empty((resamples, n), dtype=np.float32)
    step = max(1, 2_000_000 // max(n, 1))
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        draws = rng.integers(0, n, size=(rows, n))
        draws += (np.arange(rows) * n)[:, None]
        counts = np.bincount(draws.ravel(), minlength=rows * n)
        weights[first : first + rows] = counts.reshape(rows, n)
    weights.flags.writeable = False
    return weights


def expanded_tail(n: int, level: float = 0.95, df: int | None = None) -> float:
    """Share of resamples cut off at either end for n runs.

    Args:
        n: Runs that were resampled, on the smaller side where there are two.
        level: Coverage aimed at.
        df: Degrees of freedom of Student's t; n - 1 if not given.

    Source: Hesterberg (2015), What Teachers Should Know about the Bootstrap, 3.3.

    Example:
        >>> round(expanded_tail(20), 4), round(expanded_tail(100_000), 4)
        (0.0159, 0.025)
    """
    from scipy import stats

    tail = (1 - level) / 2
    return float(stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf(tail, df or n - 1)))


def interval(
    draws: Floats, n: int, level: float = 0.95, df: int | None = None
) -> tuple[Floats, Floats]:
    """Lower and upper ends of intervals from resampled statistics.

    Args:
        draws: Statistics, resamples first; not-a-number where a resample has none.
        n: Runs that were resampled. With fewer than two there is no interval.
        level: Coverage aimed at.
        df: Degrees of freedom; n - 1 if not given.

    Returns:
        Two arrays of the statistics' shape; not-a-number where there is no interval.
    """
    shape = draws.shape[1:]
    if n < 2:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    tail = expanded_tail(n, level, df)
    undefined = ~np.isfinite(draws)
    if not undefined.any():
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        return low, high
    none = undefined.all(axis=0)
    safe = np.where(none, 0.0, np.where(undefined, np.nan, draws))
    low, high = np.nanquantile(safe, [tail, 1 - tail], axis=0)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def mean_interval(values: Floats, resamples: int = RESAMPLES) -> tuple[Floats, Floats]:
    """Intervals of means over runs.

    Args:
        values: Shape (runs, statistics); not-a-number where a run has no value.
        resamples: Number of resamples.

    Example:
        >>> low, high = mean_interval(np.arange(20.0)[:, None])
        >>> bool(low[0] < 9.5 < high[0])
        True
    """
    low = np.full(values.shape[1], np.nan)
    high = np.full(values.shape[1], np.nan)
    defined = np.isfinite(values)
    patterns, which = np.unique(defined.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(which.ravel() == number)
        part = values[np.ix_(np.flatnonzero(pattern), columns)]
        if len(part) < 2:
            continue
        centre = part.mean(axis=0)
        draws = run_weights(len(part), resamples) @ (part - centre).astype(np.float32)
        ends = interval(draws.astype(np.float64) / len(part), len(part))
        low[columns], high[columns] = ends[0] + centre, ends[1] + centre
    return low, high


def sum_interval(
    statistic: Callable[[Floats], Floats], sums: Floats, resamples: int = RESAMPLES
) -> tuple[Floats, Floats, float]:
    """Interval of a statistic of sums over runs, such as kappa of a pooled table.

    Args:
        statistic: Maps (..., *cells) to (..., *statistics).
        sums: One summand per run, shape (runs, *cells).
        resamples: Number of resamples.

    Returns:
        Lower ends, upper ends, and the share of resamples in which a statistic is undefined.
    """
    n = len(sums)
    if n < 2:
        shape = np.shape(statistic(sums.sum(axis=0)))
        return np.full(shape, np.nan), np.full(shape, np.nan), 0.0
    flat = sums.reshape(n, -1).astype(np.float32)
    totals = (run_weights(n, resamples) @ flat).astype(np.float64)
    draws = statistic(totals.reshape(resamples, *sums.shape[1:]))
    low, high = interval(draws, n)
    return low, high, float(np.mean(~np.isfinite(draws)))
