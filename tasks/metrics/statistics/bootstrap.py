"""Intervals that resample episodes.

An episode is the unit that is independent; its messages are not. Every statistic here is a
function of sums over episodes, so a resample is a row of episode weights and all resamples are one
matrix product. Interval ends are expanded percentiles (Hesterberg 2015): at 20 episodes plain
percentiles of a mean are too narrow by the factor sqrt((n-1)/n) and by the normal in place of
Student's t. Means have intervals of their own; see :mod:`tasks.metrics.statistics.means`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.keys import seed_of
from tasks.metrics.statistics.arrays import ROUNDING, Floats

Weights = npt.NDArray[np.float32]

RESAMPLES = 2000
#: Episodes below which there is no interval.
LEAST_EPISODES = 3
#: Episodes below which an interval of resampled statistics is too narrow.
ENOUGH_EPISODES = 5
#: One sentence for ``method``.
INTERVAL = "interval: episodes resampled, expanded percentiles"
#: What a row says of an interval that rests on few episodes.
FEW = "the interval rests on {n} episodes and holds the truth in about 3 of 4 studies, not 95%"
#: Numbers of a matrix that are multiplied at once; bounds memory.
_CHUNK = 4_000_000
#: Numbers of a matrix of weights that is kept; a larger one is drawn again whenever it is wanted.
_KEPT = 8_000_000


def no_interval(n: int) -> str:
    """Why so few episodes have no interval.

    Example:
        >>> no_interval(1), no_interval(2)
        ('one episode, so no interval', 'two episodes, so no interval')
    """
    return f"{('no episode', 'one episode', 'two episodes')[n]}, so no interval"


def interval_words(low: float, high: float, n: int) -> str:
    """How an interval of a resampled statistic was made, or why there is none.

    Args:
        low: Its lower end.
        high: Its upper end.
        n: Episodes that were resampled.
    """
    if n < LEAST_EPISODES:
        return no_interval(n)
    if np.isfinite(low) and np.isfinite(high):
        return INTERVAL
    return "no interval, as every resample gives the same"


def few_episodes(n: int) -> str:
    """What to know of an interval of a resampled statistic of so many episodes, if anything.

    Example:
        >>> few_episodes(2), few_episodes(20)
        ('', '')
    """
    return FEW.format(n=n) if LEAST_EPISODES <= n < ENOUGH_EPISODES else ""


@lru_cache(maxsize=4)
def episode_weights(n: int, resamples: int = RESAMPLES, stream: str = "") -> Weights:
    """How often each of n episodes is drawn in each resample: shape (resamples, n), rows sum to n.

    The same arguments give the same weights in every process.
    """
    weights = np.empty((resamples, n), dtype=np.float32)
    first = 0
    for block in _drawn(n, resamples, stream):
        weights[first : first + len(block)] = block
        first += len(block)
    weights.flags.writeable = False
    return weights


def _drawn(n: int, resamples: int, stream: str) -> Iterator[npt.NDArray[Any]]:
    """The rows of :func:`episode_weights`, some at a time."""
    rng = np.random.default_rng(seed_of("bootstrap", n, resamples, stream))
    step = max(1, _CHUNK // max(n, 1))
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        draws = rng.integers(0, n, size=(rows, n))
        draws += (np.arange(rows) * n)[:, None]
        yield np.bincount(draws.ravel(), minlength=rows * n).reshape(rows, n)


def _blocks(n: int, resamples: int) -> Iterable[npt.NDArray[Any]]:
    """Weights of n episodes, some resamples at a time: those kept, or drawn where they are many."""
    if n * resamples > _KEPT:
        return _drawn(n, resamples, "")
    weights, step = episode_weights(n, resamples), max(1, _CHUNK // max(n, 1))
    return (weights[first : first + step] for first in range(0, resamples, step))


@lru_cache(maxsize=64)
def expanded_tail(n: int, level: float = 0.95, df: int | None = None) -> float:
    """Share of resamples cut off at either end for n episodes.

    Args:
        n: Episodes that were resampled, on the smaller side where there are two.
        level: Coverage aimed at.
        df: Degrees of freedom of Student's t; n - 1 if not given.

    Source: Hesterberg (2015), What Teachers Should Know about the Bootstrap: expanded percentiles.

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
        n: Episodes that were resampled. With fewer than three there is no interval.
        level: Coverage aimed at.
        df: Degrees of freedom; n - 1 if not given.

    Returns:
        Two arrays of the statistics' shape; not-a-number where there is no interval.
    """
    shape = draws.shape[1:]
    if n < LEAST_EPISODES:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    tail = expanded_tail(n, level, df)
    undefined = ~np.isfinite(draws)
    none = undefined.all(axis=0)
    if undefined.any():
        safe = np.where(none, 0.0, np.where(undefined, np.nan, draws))
        low, high = np.nanquantile(safe, [tail, 1 - tail], axis=0)
    else:
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    # Where every resample gives the same, resampling says nothing of how sure the number is.
    relative, least = ROUNDING
    none |= high - low <= np.maximum(relative * np.maximum(np.abs(low), np.abs(high)), least)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def weighted_sums(values: npt.ArrayLike, resamples: int = RESAMPLES) -> Floats:
    """Sums over resampled episodes, in double precision.

    Args:
        values: One summand per episode, shape (episodes, ...).
        resamples: Number of resamples.

    Returns:
        Shape (resamples, ...).
    """
    return sums_of([values], resamples)[0]


def sums_of(summands: Sequence[npt.ArrayLike], resamples: int = RESAMPLES) -> list[Floats]:
    """Sums of several summands over the same resampled episodes; see :func:`weighted_sums`.

    Weights of many episodes are drawn once for all of them, and never held all at once.
    """
    found = [np.asarray(values, dtype=np.float64) for values in summands]
    n = len(found[0])
    flat = [values.reshape(n, -1) for values in found]
    parts: list[list[Floats]] = [[] for _ in found]
    for block in _blocks(n, resamples):
        weights = block.astype(np.float64)
        for part, values in zip(parts, flat, strict=True):
            part.append(weights @ values)
    return [
        np.concatenate(part).reshape(resamples, *values.shape[1:])
        for part, values in zip(parts, found, strict=True)
    ]


def sum_interval(
    statistic: Callable[[Floats], Floats], sums: Floats, resamples: int = RESAMPLES
) -> tuple[Floats, Floats, float]:
    """Interval of a statistic of sums over episodes, such as kappa of a pooled table.

    Args:
        statistic: Maps (..., *cells) to (..., *statistics).
        sums: One summand per episode, shape (episodes, *cells).
        resamples: Number of resamples.

    Returns:
        Lower ends, upper ends, and the share of resamples in which a statistic is undefined.
    """
    n = len(sums)
    if n < LEAST_EPISODES:
        shape = np.shape(statistic(sums.sum(axis=0)))
        return np.full(shape, np.nan), np.full(shape, np.nan), 0.0
    draws = statistic(weighted_sums(sums, resamples))
    low, high = interval(draws, n)
    return low, high, float(np.mean(~np.isfinite(draws)))
