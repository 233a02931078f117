"""Intervals of means over episodes, whatever the number of episodes and the range of a quantity.

Every interval starts from a score interval. It holds the means from which the one found is no more
than Student's t of standard errors away, where the variance of a quantity shrinks as its mean nears
an end of its range: m (1 - m) times a factor for shares, m times a factor for what is 0 or more. So
it never leaves the range, and it leans away from the nearer end, as the values do. Without a range
it is Student's interval, and of zeros and ones it is Wilson's up to Student's t.

From five episodes on, the studentised bootstrap widens it where values are skewed. Alone that is
too narrow for symmetric values with heavy tails (92% at 12 episodes) and hundreds of times too wide
for a few values in two clusters, so no end is nearer than that of the score interval or more than
three times as far. Where most episodes share their value with another, resamples without any spread
make the bootstrap useless, and the score interval stands alone.

What a row warns of rests on ties and on the number of episodes, not on the skewness of the values:
of log-normal values the samples that look skewed have the wide intervals, of which 96% hold the
truth, and those that happen to look even have the narrow ones that miss it (73 to 83% of them).

Quantities with two values get Wilson's interval of the share of episodes. Two episodes get none: an
interval of two values holds the mean about half the time or is too wide to say anything.
``python bench/interval_coverage.py`` gives the coverage of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.metrics.statistics.arrays import ROUNDING, Floats, varies
from tasks.metrics.statistics.bootstrap import LEAST_EPISODES, RESAMPLES, no_interval, sums_of
from tasks.metrics.statistics.proportions import wilson_interval

#: Episodes from which on the studentised bootstrap is used.
LEAST_STUDENTISED = 5
STUDENT = "interval: Student's t over episodes"
SCORE = "interval: score interval over episodes within {range}, with Student's t"
STUDENTISED = "interval: episodes resampled, studentised bootstrap, no narrower than {least}"
#: How many times as far as that of the score interval an end may be.
FARTHEST = 3
WILSON = "interval: Wilson's, of the share of episodes"
CONSTANT = "no interval, as the episodes do not differ beyond rounding"
#: What a row says of an interval that rests on few episodes.
FEW = (
    "the interval rests on {n} episodes: of a skewed quantity it holds the truth in 85 to 94% of "
    "studies, not 95%"
)
#: What a row says where most episodes share their value and the range has not both ends.
TIED = (
    "at least half of the episodes share their value with another: if the others are skewed, the "
    "interval holds the truth in 75 to 95% of studies"
)
#: Smallest and largest value that a quantity can have; infinite where there is none.
Bounds = tuple[float, float]
UNBOUNDED: Bounds = (float("-inf"), float("inf"))


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
    values: Floats,
    resamples: int = RESAMPLES,
    levels: tuple[float, float] | None = None,
    bounds: Bounds = UNBOUNDED,
) -> list[MeanInterval]:
    """95% intervals of the means of several columns.

    Args:
        values: Shape (episodes, columns); not-a-number where an episode has no value.
        resamples: Number of resamples.
        levels: The two values that there are, the lower first: 0 and 1 for what an episode has or
            has not.
        bounds: Smallest and largest value that there can be. No interval leaves them.

    Source: Wilson (1927); Wedderburn (1974) for variances that are known up to a factor; Efron and
    Tibshirani (1993), An Introduction to the Bootstrap, 12.5, for the studentised bootstrap.

    Raises:
        ValueError: A value is out of bounds.

    Example:
        >>> values = np.array([[0.0], [0.0], [1.0], [0.0], [0.0]])
        >>> (one,) = mean_intervals(values, levels=(0, 1))
        >>> round(one.low, 3), round(one.high, 3)
        (0.036, 0.624)
        >>> values = np.array([[1.0], [1.0], [0.75], [1.0], [1.0]])
        >>> (one,) = mean_intervals(values, bounds=(0, 1))
        >>> round(one.low, 3), round(one.high, 3)
        (0.645, 0.995)
    """
    if levels is not None:
        return [_wilson(column[np.isfinite(column)], levels) for column in values.T]
    found: dict[int, MeanInterval] = {}
    defined = np.isfinite(values)
    slack = ROUNDING[0] * max(1.0, *(abs(end) for end in bounds if np.isfinite(end)), 0.0)
    there = values[defined]
    if len(there) and not bounds[0] - slack <= there.min() <= there.max() <= bounds[1] + slack:
        raise ValueError(f"values from {there.min()} to {there.max()} are declared to lie {bounds}")
    patterns, which = np.unique(defined.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(which.ravel() == number)
        part = values[np.ix_(np.flatnonzero(pattern), columns)]
        found |= dict(zip(columns.tolist(), _of_complete(part, resamples, bounds), strict=True))
    return [found[column] for column in range(values.shape[1])]


def _none(why: str) -> MeanInterval:
    return MeanInterval(float("nan"), float("nan"), why)


def _wilson(values: Floats, levels: tuple[float, float]) -> MeanInterval:
    if len(values) < LEAST_EPISODES:
        return _none(no_interval(len(values)))
    below, above = levels
    ends = wilson_interval(int((values > (below + above) / 2).sum()), len(values))
    low, high = (below + (above - below) * end for end in ends)
    return MeanInterval(low, high, WILSON)


def _of_complete(values: Floats, resamples: int, bounds: Bounds) -> list[MeanInterval]:
    """Intervals of columns in which every episode has a value."""
    n = len(values)
    if n < LEAST_EPISODES:
        return [_none(no_interval(n))] * values.shape[1]
    from scipy import stats

    varied = np.array([varies(column) for column in values.T], dtype=bool)
    centre = values.mean(axis=0)
    error = np.where(varied, values.std(axis=0, ddof=1) / np.sqrt(n), 1.0)
    half = float(stats.t.ppf(0.975, n - 1)) * error
    reach = _score_reach(np.where(varied, centre, np.nan), half, bounds)
    resampled = np.zeros_like(varied)
    if n >= LEAST_STUDENTISED:
        resampled = varied & ~_mostly_shared(values)
        low, high = _studentised(values[:, resampled] - centre[resampled], resamples)
        wider = np.array([high, -low]) * error[resampled]
        reach[:, resampled] = np.clip(wider, reach[:, resampled], FARTHEST * reach[:, resampled])
    ends = np.clip(centre + np.array([[-1], [1]]) * reach, *bounds)
    alone, widened = _methods(bounds)
    few = "" if n >= LEAST_STUDENTISED else FEW.format(n=n)
    tied = TIED if n >= LEAST_STUDENTISED and not np.isfinite(bounds).all() else ""
    return [
        MeanInterval(
            float(low),
            float(high),
            widened if more else alone,
            few if more else "; ".join(filter(None, [few, tied])),
        )
        if differs
        else _none(CONSTANT)
        for low, high, more, differs in zip(*ends, resampled, varied, strict=True)
    ]


def _methods(bounds: Bounds) -> tuple[str, str]:
    """What ``method`` says of a score interval, and of one that resamples widen."""
    if bounds == UNBOUNDED:
        return STUDENT, STUDENTISED.format(least="Student's t")
    low, high = bounds
    inside = (
        f"[{low:g}, {high:g}]"
        if np.isfinite([low, high]).all()
        else (f"{low:g} and more" if np.isfinite(low) else f"{high:g} and less")
    )
    return SCORE.format(range=inside), (
        STUDENTISED.format(least="the score interval") + f", within {inside}"
    )


def _score_reach(centre: Floats, half: Floats, bounds: Bounds) -> Floats:
    """How far the score interval reaches below and above each mean, shape (2, columns).

    A mean c belongs to it where (m - c)² <= h² V(c) / V(m), with V the product of the distances to
    the ends that there are. Both sides are polynomials of c - m.

    Args:
        centre: Means m, strictly between the bounds.
        half: What h would be without bounds: half the width of Student's interval.
        bounds: Smallest and largest value that there can be.
    """
    below, above = (
        np.abs(centre - end) if np.isfinite(end) else np.ones_like(centre) for end in bounds
    )
    both = all(np.isfinite(end) for end in bounds)
    slope = np.zeros_like(centre)
    slope = slope + (above if np.isfinite(bounds[0]) else 0.0)
    slope = slope - (below if np.isfinite(bounds[1]) else 0.0)
    factor = half**2 / (below * above)
    top, bottom = factor * slope, 1 + factor * both
    root = np.sqrt(top**2 + 4 * bottom * half**2)
    return np.array([root - top, root + top]) / (2 * bottom)


def _mostly_shared(values: Floats) -> npt.NDArray[np.bool_]:
    """Columns in which at least half of the values occur again, rounding aside.

    Example:
        >>> columns = np.array([[1.0, 1.0], [1.0, 0.4], [0.5, 0.3], [0.1 + 0.2, 0.1]])
        >>> _mostly_shared(columns).tolist()
        [True, False]
    """
    relative, least = ROUNDING
    ordered = np.sort(values, axis=0)
    same = np.diff(ordered, axis=0) <= np.maximum(relative * np.abs(values).max(axis=0), least)
    edge = np.zeros((1, values.shape[1]), dtype=bool)
    shared = np.concatenate([same, edge]) | np.concatenate([edge, same])
    return np.asarray(2 * shared.sum(axis=0) >= len(values))


def _studentised(deviations: Floats, resamples: int) -> Floats:
    """Ends of the resampled t of each column, shape (2, columns).

    Infinite where more than one resample in forty has no spread, as where most episodes have the
    same value: the statistic has no distribution then.
    """
    n = len(deviations)
    sums, squares = sums_of([deviations, deviations**2], resamples)
    means = sums / n
    spread = squares / n - means**2
    least = 1e-12 * (deviations**2).mean(axis=0)
    flat = spread <= least
    error = np.sqrt(np.where(flat, 1.0, spread) / (n - 1))
    t = np.where(flat, np.copysign(np.inf, means), means / error)
    return np.asarray(np.quantile(t, [0.025, 0.975], axis=0, method="nearest"))
