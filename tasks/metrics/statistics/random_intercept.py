"""A difference of two sides whose episodes have levels of their own, by REML.

The model has one ratio of variances to find: values of an episode are its side's mean, a level of
the episode and a rest. Given that ratio everything else has a formula, so the restricted likelihood
is a function of one number, and its highest point is found on a grid and then nearby.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.metrics.statistics.arrays import ROUNDING, Bools, Floats, Ints

#: Ratios of variances among which the highest likelihood is looked for first.
_GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 121)])


@dataclass(frozen=True)
class Difference:
    """A difference of two sides.

    Attributes:
        size: Mean of the second side less that of the first.
        error: Its standard error.
        ratio: Variance of the levels of episodes over that of values within them; infinite where
            values within an episode do not differ.
    """

    size: float
    error: float
    ratio: float


@dataclass(frozen=True)
class _Episodes:
    """What the likelihood needs of the values.

    Attributes:
        means: Mean of each episode.
        n: Values of each episode.
        second: Whether each episode is of the second side.
        within: Squared deviations of values from their episode's mean, summed.
    """

    means: Floats
    n: Floats
    second: Bools
    within: float

    def fit(self, ratio: Floats) -> tuple[Floats, Floats, Floats]:
        """Of each ratio: -2 log likelihood but for a constant, difference, its variance."""
        weight = self.n / (1 + ratio[:, None] * self.n)
        sums = np.stack([weight[:, self.second == side].sum(axis=1) for side in (False, True)])
        centres = (
            np.stack(
                [
                    (weight * self.means)[:, self.second == side].sum(axis=1)
                    for side in (False, True)
                ]
            )
            / sums
        )
        rest = self.means - centres[self.second.astype(np.int64)].T
        squares = self.within + (weight * rest**2).sum(axis=1)
        free = self.n.sum() - 2
        fitted = free * np.log(np.maximum(squares, 1e-300)) + np.log(sums).sum(axis=0)
        fitted += np.log1p(ratio[:, None] * self.n).sum(axis=1)
        return fitted, centres[1] - centres[0], squares / free * (1 / sums).sum(axis=0)


def difference(values: Floats, in_second: Bools, episodes: Ints) -> Difference:
    """The difference of two sides, each episode with a level of its own.

    Args:
        values: The values.
        in_second: Whether each belongs to the second side.
        episodes: Number of the episode of each, from 0.

    Source: Laird and Ware (1982); Harville (1977) for the restricted likelihood.

    Example:
        >>> one = difference(np.array([1.0, 3, 2, 4]), np.array([0, 0, 1, 1]) > 0, np.arange(4))
        >>> one.size, round(one.error, 6)
        (1.0, 1.414214)
    """
    from scipy import optimize

    n = np.bincount(episodes).astype(np.float64)
    means = np.bincount(episodes, weights=values) / n
    second = np.bincount(episodes, weights=in_second) > 0
    rest = values - means[episodes]
    if np.abs(rest).max() <= ROUNDING[0] * np.abs(values).max():
        return _of_means(means, second)
    found = _Episodes(means, n, second, float((rest**2).sum()))
    best = int(np.argmin(found.fit(_GRID)[0]))
    low, high = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    near = optimize.minimize_scalar(
        lambda ratio: float(found.fit(np.array([ratio]))[0][0]),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-9 * max(high, 1e-3)},
    )
    ratios = np.array([_GRID[best], near.x])
    fitted, size, variance = found.fit(ratios)
    at = int(np.argmin(fitted))
    return Difference(float(size[at]), float(np.sqrt(variance[at])), float(ratios[at]))


def _of_means(means: Floats, second: Bools) -> Difference:
    """Of episodes whose values do not differ: that of their means."""
    a, b = means[~second], means[second]
    spread = (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / (len(means) - 2)
    error = float(np.sqrt(spread * (1 / len(a) + 1 / len(b))))
    return Difference(float(b.mean() - a.mean()), error, float("inf"))
