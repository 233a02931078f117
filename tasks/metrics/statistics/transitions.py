"""What follows what in sequences of two kinds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tasks.metrics.statistics.arrays import Bools, Floats


@dataclass(frozen=True)
class Orders:
    """Numbers of some sequences, such as several orders of the same answers.

    Attributes:
        numbers: Share of switches, dependence, chi-squared and standardised runs, shape
            (4, orders); not-a-number where the sequences are too short or of one kind.
    """

    numbers: Floats

    @classmethod
    def of(cls, sequences: Iterable[Bools]) -> Orders:
        """The numbers of sequences.

        Args:
            sequences: Each of shape (orders, length); numbers are over the sequences together,
                order by order.

        Example:
            >>> Orders.of([np.array([[True, False, True, False, True]])]).numbers[:, 0].round(3)
            array([ 1.   , -1.   ,  4.   ,  1.746])
        """
        parts = [_of_one(one) for one in sequences if one.shape[1] > 1]
        if not parts:
            return cls(np.full((4, 1), np.nan))
        switches, dependence, chi2, mean, variance, pairs = map(np.array, zip(*parts, strict=True))
        known = np.isfinite(dependence)
        held = known.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            runs = (switches - mean).sum(axis=0) / np.sqrt(variance.sum(axis=0))
            depends = np.where(known, dependence, 0).sum(axis=0) / held
        total = np.where(held > 0, chi2.sum(axis=0), np.nan)
        runs = np.where(np.isfinite(runs), runs, np.nan)
        return cls(np.stack([switches.sum(axis=0) / pairs.sum(), depends, total, runs]))


def _of_one(orders: Bools) -> tuple[Floats, Floats, Floats, Floats, Floats, int]:
    """Of one sequence: switches, dependence, chi-squared; mean and variance of switches; pairs."""
    before, now = orders[:, :-1], orders[:, 1:]
    pairs = before.shape[1]
    first, second = before.sum(axis=1), now.sum(axis=1)
    both = (before & now).sum(axis=1)
    kept = pairs - first
    with np.errstate(invalid="ignore", divide="ignore"):
        dependence = both / first - (second - both) / kept
        spread = first * kept * second * (pairs - second)
        off = both * (pairs - first - second + both) - (first - both) * (second - both)
        chi2 = np.where(spread > 0, pairs * off.astype(np.float64) ** 2 / spread, 0.0)
    n, k = pairs + 1, orders.sum(axis=1)
    twice = 2 * k * (n - k)
    mean, variance = twice / n, twice * (twice - n) / (n**2 * (n - 1))
    switches = (before != now).sum(axis=1).astype(np.float64)
    return (
        switches,
        np.where(np.isfinite(dependence), dependence, np.nan),
        chi2,
        mean,
        variance,
        pairs,
    )
