"""Whether coders agree less than blind ones do, or have too little in common to tell.

Where a flag is rare, two coders who give it seldom meet on no item. Every resample of episodes then
has a kappa a little below 0, and its interval does not hold the 0 of coders who are blind to each
other: of a flag with prevalence .04, 12 episodes, 41% of intervals did.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemas.keys import seed_of
from tasks.metrics.statistics.arrays import Floats

#: Shuffles of the codes, and share of them that agree as little from which on 0 is held.
SHUFFLES, LEVEL = 99, 0.025
REACHES = "reaching to 0, as shuffled codes agree as little"
Statistic = Callable[[Floats], Floats]


def as_of_blind_coders(statistic: Statistic, table: Floats) -> bool:
    """Whether two coders' codes, shuffled among the items, agree as little often enough.

    Args:
        statistic: Maps tables (..., K, K) to agreement beyond chance.
        table: Items by the code of either.

    Example:
        >>> from tasks.metrics.statistics.two_raters import cohen_kappa
        >>> as_of_blind_coders(cohen_kappa, np.array([[90.0, 5.0], [5.0, 0.0]]))
        True
        >>> as_of_blind_coders(cohen_kappa, np.array([[0.0, 50.0], [50.0, 0.0]]))
        False
    """
    from scipy import stats

    margins = (table.sum(axis=axis).astype(np.int64) for axis in (1, 0))
    rng = np.random.default_rng(seed_of("blind coders", int(table.sum())))
    shuffled = stats.random_table(*margins, seed=rng).rvs(SHUFFLES)
    return _as_little(statistic(shuffled), float(statistic(table)))


def as_of_blind_raters(statistic: Statistic, ratings: Floats) -> bool:
    """The same of several coders, each of whose codes are shuffled among the items with one.

    Args:
        statistic: Maps ratings to agreement beyond chance.
        ratings: Items by coder, not-a-number where a coder gave none.
    """
    rng = np.random.default_rng(seed_of("blind raters", len(ratings)))
    found = np.empty(SHUFFLES)
    for draw in range(SHUFFLES):
        shuffled = ratings.copy()
        for column in shuffled.T:
            there = np.isfinite(column)
            column[there] = rng.permutation(column[there])
        found[draw] = statistic(shuffled)
    return _as_little(found, float(statistic(ratings)))


def _as_little(shuffled: Floats, found: float) -> bool:
    return bool((np.sum(shuffled <= found + 1e-9) + 1) / (SHUFFLES + 1) > LEVEL)
