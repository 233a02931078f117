"""Intervals of means over episodes, whatever the number of episodes.

Three or four episodes get Student's t; from five on the studentised bootstrap, which follows the
skew of the values. Alone it is too narrow for symmetric values with heavy tails (92% at 12
episodes) and hundreds of times too wide for a few values in two clusters, so neither end is nearer
than Student's or more than three times as far. Quantities with two values get Wilson's interval of
the share of episodes. Two episodes get none: an interval of two values holds the mean about half
the time or is too wide to say anything. ``python bench/interval_coverage.py`` gives the coverage
of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.metrics.statistics.arrays import Floats, varies
from tasks.metrics.statistics.bootstrap import LEAST_EPISODES, RESAMPLES, no_interval, weighted_sums
from tasks.metrics.statistics.proportions import wilson_interval

#: Episodes from which on the studentised bootstrap is used.
LEAST_STUDENTISED = 5
STUDENT = "interval: Student's t over episodes"
STUDENTISED = "interval: episodes resampled, studentised bootstrap, no narrower than Student's t"
#: How many times as far as Student's an end may be.
FARTHEST = 3
WILSON = "interval: Wilson's, of the share of episodes"
CONSTANT = "no interval, as the episodes do not differ beyond rounding"
#: What a row says of an interval that rests on few episodes.
FEW = (
    "the interval rests on {n} episodes: of a skewed quantity it holds the truth in 85 to 90% of "
    "studies, not 95%"
)


@dataclass(frozen=True)
class MeanInterval:
    """The interval of a mean.

    Attributes:
        low: Lower end; not-a-number where there is no interval.
        high: Upper end.
        method: How it was made, or why there is none.
        warning: What a reader must know of it, if anything.
    """

    low: float
    high: float
    method: str
    warning: str = ""


def mean_intervals(
    values: Floats, resamples: int = RESAMPLES, levels: tuple[float, float] | None = None
) -> list[MeanInterval]:
    """95% intervals of the means of several columns.

    Args:
        values: Shape (episodes, columns); not-a-number where an episode has no value.
        resamples: Number of resamples.
        levels: The two values that there are, the lower first: 0 and 1 for what an episode has or
            has not.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, 12.5, for the studentised
    bootstrap; Wilson (1927).

    Example:
        >>> values = np.array([[0.0], [0.0], [1.0], [0.0], [0.0]])
        >>> (one,) = mean_intervals(values, levels=(0, 1))
        >>> round(one.low, 3), round(one.high, 3)
        (0.036, 0.624)
    """
    if levels is not None:
        return [_wilson(column[np.isfinite(column)], levels) for column in values.T]
    found: dict[int, MeanInterval] = {}
    defined = np.isfinite(values)
    patterns, which = np.unique(defined.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(which.ravel() == number)
        part = values[np.ix_(np.flatnonzero(pattern), columns)]
        found |= dict(zip(columns.tolist(), _of_complete(part, resamples), strict=True))
    return [found[column] for column in range(values.shape[1])]


def _none(why: str) -> MeanInterval:
    return MeanInterval(float("nan"), float("nan"), why)


def _wilson(values: Floats, levels: tuple[float, float]) -> MeanInterval:
    if len(values) < LEAST_EPISODES:
        return _none(no_interval(len(values)))
    below, above = levels
    ends = wilson_interval(int((values == above).sum()), len(values))
    low, high = (below + (above - below) * end for end in ends)
    return MeanInterval(low, high, WILSON)


def _of_complete(values: Floats, resamples: int) -> list[MeanInterval]:
    """Intervals of columns in which every episode has a value."""
    n = len(values)
    if n < LEAST_EPISODES:
        return [_none(no_interval(n))] * values.shape[1]
    from scipy import stats

    centre = values.mean(axis=0)
    error = values.std(axis=0, ddof=1) / np.sqrt(n)
    student = float(stats.t.ppf(0.975, n - 1))
    times = np.full((2, len(centre)), student)
    method, warning = STUDENT, FEW.format(n=n)
    if n >= LEAST_STUDENTISED:
        low, high = _studentised(values - centre, resamples)
        times = np.clip([high, -low], student, FARTHEST * student)
        method, warning = STUDENTISED, ""
    ends = centre + np.array([[-1], [1]]) * times * error
    return [
        MeanInterval(float(low), float(high), method, warning)
        if varies(column)
        else _none(CONSTANT)
        for column, low, high in zip(values.T, *ends, strict=True)
    ]


def _studentised(deviations: Floats, resamples: int) -> Floats:
    """Ends of the resampled t of each column, shape (2, columns).

    Infinite where more than one resample in forty has no spread, as where most episodes have the
    same value: the statistic has no distribution then.
    """
    n = len(deviations)
    means = weighted_sums(deviations, resamples) / n
    spread = weighted_sums(deviations**2, resamples) / n - means**2
    least = 1e-12 * (deviations**2).mean(axis=0)
    flat = spread <= least
    error = np.sqrt(np.where(flat, 1.0, spread) / (n - 1))
    t = np.where(flat, np.copysign(np.inf, means), means / error)
    return np.asarray(np.quantile(t, [0.025, 0.975], axis=0, method="nearest"))
