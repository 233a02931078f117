"""How unevenly amounts are shared, vectorised over groups.

Every function takes amounts of all members and ``starts``, the first member of each group; groups
are adjacent. Not-a-number stands for groups whose amounts sum to zero.
"""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Floats, Ints


def _sizes(amounts: Floats, starts: Ints) -> Ints:
    return np.diff(np.append(starts, len(amounts)))


def shares(amounts: Floats, starts: Ints) -> Floats:
    """Each member's share of its group."""
    totals = np.add.reduceat(amounts, starts)
    totals = np.where(totals > 0, totals, np.nan)
    return np.asarray(amounts / np.repeat(totals, _sizes(amounts, starts)))


def gini(amounts: Floats, starts: Ints) -> Floats:
    """Gini coefficient, Σ_i Σ_j |s_i - s_j| / (2 n Σ s).

    Example:
        >>> gini(np.array([1.0, 1.0, 0.0, 2.0]), np.array([0, 2])).tolist()
        [0.0, 0.5]
    """
    sizes = _sizes(amounts, starts)
    group = np.repeat(np.arange(len(starts)), sizes)
    ordered = amounts[np.lexsort((amounts, group))]
    rank = np.arange(len(amounts)) - np.repeat(starts, sizes) + 1
    totals = np.add.reduceat(ordered, starts)
    weighted = np.add.reduceat((2 * rank - np.repeat(sizes, sizes) - 1) * ordered, starts)
    return np.where(totals > 0, weighted / np.where(totals > 0, sizes * totals, 1.0), np.nan)


def entropy(amounts: Floats, starts: Ints) -> Floats:
    """Entropy of the shares over that of equal shares; undefined for groups of one.

    Example:
        >>> entropy(np.array([1.0, 1.0, 3.0, 0.0]), np.array([0, 2])).tolist()
        [1.0, 0.0]
    """
    s = shares(amounts, starts)
    terms = np.where(s > 0, -s * np.log(np.where(s > 0, s, 1.0)), np.where(np.isnan(s), np.nan, 0))
    sizes = _sizes(amounts, starts)
    most = np.log(np.where(sizes > 1, sizes, np.e))
    return np.where(sizes > 1, np.add.reduceat(terms, starts) / most + 0.0, np.nan)


def herfindahl(amounts: Floats, starts: Ints) -> Floats:
    """Sum of squared shares: 1/n where all are equal, 1 where one has everything."""
    return np.asarray(np.add.reduceat(shares(amounts, starts) ** 2, starts))


def largest_share(amounts: Floats, starts: Ints) -> Floats:
    """The largest member's share."""
    return np.asarray(np.maximum.reduceat(shares(amounts, starts), starts))
