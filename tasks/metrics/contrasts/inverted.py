"""Intervals of differences of means: those that shuffles of episodes do not reject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.metrics.contrasts.shuffles import DRAWS, are_few, orders, studentised_difference
from tasks.metrics.statistics.arrays import Floats, varies
from tasks.metrics.statistics.effect_intervals import (
    NONE,
    Ends,
    levels_of,
    mean_difference_interval,
)

#: Episodes of a side from which on the values show whether they are skewed, and their skewness
#: from which on a row warns.
ENOUGH, SKEWED = 10, 1.0
#: p of a difference from which on it belongs to the interval.
LEVEL = 0.05
#: Standard errors beyond which an end is not looked for, and halvings that find it within them.
FARTHEST, HALVINGS = 2.0**12, 12
INVERTED = "interval: the differences that shuffles do not reject"
WELCHS, NEWCOMBES = "interval: Welch's", "interval: Newcombe (1998), method 10"
#: Relative rounding of a statistic that is made of sums.
_SLACK = 1e-7


@dataclass(frozen=True)
class Difference:
    """The interval of a difference of means.

    Attributes:
        ends: Its ends; not-a-number where neither side varies.
        method: How it was made.
        warning: What a reader must know of it, if anything.
    """

    ends: Ends
    method: str
    warning: str = ""


def difference_of_means(a: Floats, b: Floats, shuffles: Shuffles | None) -> Difference:
    """The interval of the mean of b less that of a, one value per episode.

    Args:
        a: Values of episodes of a.
        b: Values of episodes of b.
        shuffles: Those of the values; ``None`` where there are many or they do not vary.
    """
    if levels_of(np.concatenate([a, b])) is not None:
        return Difference(mean_difference_interval(a, b), NEWCOMBES)
    if shuffles is None:
        return Difference(mean_difference_interval(a, b), WELCHS)
    ends, method = shuffles.interval(), INVERTED
    if not np.isfinite(ends).all():
        ends, method = mean_difference_interval(a, b), WELCHS
    return Difference(ends, method, doubt(a, b))


def are_skewed(a: Floats, b: Floats) -> bool:
    """Whether the values of a side are skewed by one or more, as few from a skewed whole are."""
    from scipy import stats

    sides = [side for side in (a, b) if varies(side) and len(side) > 2]
    return any(abs(float(stats.skew(side, bias=False))) >= SKEWED for side in sides)


def doubt(a: Floats, b: Floats) -> str:
    """What a row says of the interval of a difference of such values, if anything.

    Args:
        a: One value for each episode of a.
        b: One for each of b.
    """
    if min(len(a), len(b)) < ENOUGH:
        return (
            f"the interval rests on {len(a)} and {len(b)} episodes: it holds the truth in 95% of "
            "studies where one condition is the other moved, and in 79 to 95% where values are "
            "skewed and one side spreads twice as much"
        )
    if are_skewed(a, b):
        return (
            "values are skewed: the interval holds the truth in 95% of studies where one condition "
            "is the other moved, and in 85 to 95% where one side spreads twice as much, so that "
            "p < .05 comes out in up to 15% of studies in which means do not differ"
        )
    return ""


@dataclass(frozen=True)
class Shuffles:
    """A difference of means among those of shuffles, whatever is taken off the values of b.

    Attributes:
        effect: The difference.
        error: Its standard error, robust to what episodes have in common.
        sides: Sums over both sides of every shuffle, shape (8, shuffles) each, that give its
            statistic for whatever is taken off: with r what an episode's sum is beyond its side's
            mean, w its number of values and d that number in b only, the sums of r, d, w, r², rd,
            d², rw and w².
        factors: What makes variances unbiased, if anything.
    """

    effect: float
    error: float
    sides: tuple[Floats, Floats]
    factors: tuple[float, float]

    @classmethod
    def of_values(cls, a: Floats, b: Floats, rng: np.random.Generator) -> Shuffles | None:
        """Those of one value per episode, with the statistic of Welch.

        ``None`` where both sides have so many episodes that Student's t takes the place, and where
        neither varies.
        """
        if not are_few([a, b]) or not (varies(a) or varies(b)):
            return None
        return cls.of((a, b), (np.ones(len(a)), np.ones(len(b))), rng, welch=True)

    @classmethod
    def of(
        cls,
        sums: tuple[Floats, Floats],
        sizes: tuple[Floats, Floats],
        rng: np.random.Generator,
        *,
        welch: bool = False,
    ) -> Shuffles:
        """Those of sides of which one varies at least.

        Args:
            sums: Sum of the values of each episode of a, and of b.
            sizes: Number of values of each episode.
            rng: Draws the shuffles.
            welch: Whether variances are those of Welch's t, unbiased.
        """
        n_a, size = len(sums[0]), np.concatenate(sizes)
        means = [float(total.sum() / n.sum()) for total, n in zip(sums, sizes, strict=True)]
        rest = np.concatenate(
            [total - mean * n for total, n, mean in zip(sums, sizes, means, strict=True)]
        )
        in_b = np.where(np.arange(len(size)) < n_a, 0.0, size)
        # The statistic of a difference of 1 is the inverse of the error.
        one = studentised_difference((rest + in_b)[None], size[None], n_a, welch=welch)
        summed = np.stack(
            [rest, in_b, size, rest**2, rest * in_b, in_b**2, rest * size, size**2], axis=1
        )
        first = []
        for order in orders(len(size), DRAWS, rng):
            chosen = np.zeros(order.shape)
            np.put_along_axis(chosen, order[:, :n_a], 1.0, axis=1)
            first.append(chosen @ summed)
        of_a = np.concatenate(first)
        of_b = summed.sum(axis=0) - of_a
        k_a, k_b = ((k / (k - 1) if welch else 1.0) for k in (n_a, len(size) - n_a))
        return cls(means[1] - means[0], 1 / float(one[0]), (of_a.T, of_b.T), (k_a, k_b))

    def p(self, off: float, *, side: int = 0) -> float:
        """Share of shuffles as far apart as the sides, the observed one counted.

        Args:
            off: Difference that is taken off the values of b beforehand.
            side: 1 or -1 where only shuffles count in which b is larger, or smaller.

        Source: Phipson and Smyth (2010) for the count.
        """
        moved = off - self.effect
        means, variances = [], []
        for one, factor in zip(self.sides, self.factors, strict=True):
            rest, in_b, size, rest2, cross, in_b2, weighed, size2 = one
            mean = (rest - moved * in_b) / size
            squares = rest2 - 2 * moved * cross + moved**2 * in_b2
            squares = squares - 2 * mean * (weighed - moved * in_b2) + mean**2 * size2
            means.append(mean)
            variances.append(np.maximum(squares, 0.0) / size**2 * factor)
        apart, observed = means[1] - means[0], -moved / self.error
        apart, observed = (side * apart, side * observed) if side else (abs(apart), abs(observed))
        error = np.sqrt(variances[0] + variances[1])
        least = observed * error - abs(observed) * _SLACK * (error + self.error)
        return (int((apart >= least).sum()) + 1) / (DRAWS + 1)

    def interval(self) -> Ends:
        """Differences that are not rejected once they are taken off the values of b.

        So an interval without 0 and p < .05 say the same. It holds the truth in 95% of studies,
        however few episodes there are and however skewed, rare or tied their values, where b is a
        moved; and for many episodes where the sides differ in other ways too.

        Returns:
            Both ends; not-a-number where so few shuffles are possible that none is rejected.

        Source: Tritchler (1984); Garthwaite (1996); Janssen (1997) for the studentised statistic.
        """
        found = []
        for sign in (-1.0, 1.0):
            inside, outside = 0.0, 1.0
            while self.p(self.effect + sign * outside * self.error) >= LEVEL:
                inside, outside = outside, 2 * outside
                if outside > FARTHEST:
                    return NONE
            for _ in range(HALVINGS):
                middle = (inside + outside) / 2
                if self.p(self.effect + sign * middle * self.error) >= LEVEL:
                    inside = middle
                else:
                    outside = middle
            found.append(self.effect + sign * outside * self.error)
        return found[0], found[1]
