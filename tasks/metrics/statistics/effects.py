"""Sizes of effects, each under its own name.

Sign convention everywhere: positive means that condition b has the larger values.
"""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Floats, ratio


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


def standardised(a: Floats, b: Floats) -> float:
    """Difference of means over the pooled standard deviation; not-a-number where neither varies."""
    df = len(a) + len(b) - 2
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / df
    return float((b.mean() - a.mean()) / np.sqrt(pooled)) if pooled > 0 else float("nan")


def hedges_correction(df: int) -> float:
    """The factor 1 - 3 / (4 df - 1) that takes the bias of small samples away."""
    return 1 - 3 / (4 * df - 1)


def hedges_g(a: Floats, b: Floats) -> float:
    """Difference of means over the pooled standard deviation, corrected for small samples.

    Source: Hedges (1981). Not-a-number where neither side varies.
    """
    return standardised(a, b) * hedges_correction(len(a) + len(b) - 2)


def matched_rank_biserial(differences: Floats) -> float:
    """Rank sum of positive less negative differences, over the whole; zeros left out.

    Source: Kerby (2014), matched pairs.
    """
    return float(matched_rank_biserials(differences, np.ones((1, len(differences))))[0])


def matched_rank_biserials(differences: Floats, times: Floats) -> Floats:
    """The matched rank-biserial of several resamples, not-a-number where all are zero.

    Args:
        differences: The differences.
        times: How often each of them is in each resample, shape (resamples, differences).

    Example:
        >>> matched_rank_biserials(np.array([1.0, -2.0]), np.array([[1.0, 1.0], [3.0, 0.0]]))
        array([-0.33333333,  1.        ])
    """
    kept = np.flatnonzero(differences)
    if not len(kept):
        return np.full(len(times), np.nan)
    order = kept[np.argsort(np.abs(differences[kept]), kind="stable")]
    sizes = np.abs(differences[order])
    starts = np.flatnonzero(np.append(True, np.diff(sizes) != 0))
    mine = times[:, order]
    tied = np.add.reduceat(mine, starts, axis=1)
    rank = np.cumsum(tied, axis=1) - (tied - 1) / 2
    signed = np.add.reduceat(mine * np.sign(differences[order]), starts, axis=1)
    n = mine.sum(axis=1)
    return ratio((rank * signed).sum(axis=1), n * (n + 1) / 2)


def eta_squared_h(h: float, groups: int, n: int) -> float:
    """Share of the variance of ranks that lies between groups, from Kruskal-Wallis H.

    H less its mean where nothing differs, groups - 1, so that the effect is 0 on average then; it
    can be below 0. H/(n - 1), known as epsilon squared, is above its value for many episodes.

    Source: Cohen (2008), Explaining Psychological Statistics, as given by Tomczak and Tomczak
    (2014).

    Example:
        >>> round(eta_squared_h(7.2, 3, 9), 3)
        0.867
    """
    return (h - groups + 1) / (n - groups)
