"""Agreement of any number of raters, as functions of sums over items.

Every statistic is a function of sums, so a resample of episodes is a weighted sum of the episodes'
sums. Ratings are shape (items, raters), not-a-number where a rater did not judge an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tasks.metrics.statistics.arrays import Floats, Ints

Level = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True)
class CategoryCounts:
    """How many raters chose each category of each item.

    Attributes:
        counts: Shape (items, categories).
        values: Value of each category.
    """

    counts: Floats
    values: Floats


def category_counts(ratings: Floats) -> CategoryCounts:
    """Counts of the categories that occur, lowest value first."""
    values = np.unique(ratings[np.isfinite(ratings)])
    counts = np.stack([(ratings == value).sum(axis=1) for value in values], axis=1)
    return CategoryCounts(counts.astype(np.float64), values)


def group_sums(per_item: Floats, groups: Ints) -> Floats:
    """Sums of per-item numbers over groups, such as episodes; groups that occur, in order."""
    _, number = np.unique(groups, return_inverse=True)
    sums = np.zeros((int(number.max()) + 1, *per_item.shape[1:]))
    np.add.at(sums, number, per_item)
    return sums


def coincidences(counts: Floats) -> Floats:
    """Coincidence matrix of each item, shape (items, K, K): pairs of ratings over m_u - 1.

    Items with one rating have none.
    """
    m = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    k = counts.shape[1]
    pairs[:, np.arange(k), np.arange(k)] -= counts
    good = m > 1
    return np.where(good, 1 / np.where(good, m - 1, 1), 0.0)[:, None, None] * pairs


def _ordinal(totals: Floats) -> Floats:
    """Squared distances of ranks that take in how often the values between them occur."""
    up_to = np.cumsum(totals, axis=-1)
    middle = up_to - totals / 2
    return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)


def krippendorff_alpha(matrix: Floats, values: Floats, level: Level = "nominal") -> Floats:
    """Krippendorff's alpha, 1 - D_o / D_e, from coincidence matrices.

    Args:
        matrix: Shape (..., K, K), summed over items.
        values: Value of each category.
        level: Level of measurement, which decides how far two values are apart.

    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    totals = matrix.sum(axis=-1)
    n = totals.sum(axis=-1)
    if level == "nominal":
        distance = 1.0 - np.eye(len(values))
    elif level == "interval":
        distance = np.subtract.outer(values, values) ** 2
    elif level == "ratio":
        total = np.add.outer(values, values)
        distance = (np.subtract.outer(values, values) / np.where(total == 0, 1, total)) ** 2
    else:
        distance = _ordinal(totals)
    observed = (matrix * distance).sum(axis=(-2, -1))
    expected = (totals[..., :, None] * totals[..., None, :] * distance).sum(axis=(-2, -1))
    good = expected > 1e-12
    return np.where(good, 1 - (n - 1) * observed / np.where(good, expected, 1), np.nan)


def agreement_sums(counts: Floats) -> Floats:
    """What Fleiss' kappa and AC1 need of each item.

    Returns:
        Shape (items, K + 3): agreeing share of its pairs of ratings, whether it has any pair, the
        share of its ratings in each category, whether it has any rating.
    """
    m = counts.sum(axis=1)
    paired = (m > 1).astype(np.float64)
    agree = (counts * (counts - 1)).sum(axis=1) / np.where(m > 1, m * (m - 1), 1)
    share = counts / np.where(m > 0, m, 1)[:, None]
    return np.column_stack([agree, paired, share, (m > 0).astype(np.float64)])


def _chance_corrected(observed: Floats, expected: Floats) -> Floats:
    good = 1 - expected > 1e-12
    return np.where(good, (observed - expected) / np.where(good, 1 - expected, 1), np.nan)


def _parts(sums: Floats) -> tuple[Floats, Floats]:
    paired, rated = sums[..., 1], sums[..., -1]
    observed = np.where(paired > 0, sums[..., 0] / np.where(paired > 0, paired, 1), np.nan)
    shares = sums[..., 2:-1] / np.where(rated > 0, rated, 1)[..., None]
    return observed, shares


def fleiss_kappa(sums: Floats) -> Floats:
    """Fleiss' kappa from sums of :func:`agreement_sums`; every item needs the same raters' number.

    Source: Fleiss (1971).
    """
    observed, shares = _parts(np.asarray(sums, dtype=np.float64))
    return _chance_corrected(observed, (shares**2).sum(axis=-1))


def gwet_ac1_many(sums: Floats) -> Floats:
    """Gwet's AC1 for any number of raters, missing judgements allowed.

    Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th edition, chapter 2.
    """
    observed, shares = _parts(np.asarray(sums, dtype=np.float64))
    k = shares.shape[-1]
    if k < 2:
        return np.full(observed.shape, np.nan)
    return _chance_corrected(observed, (shares * (1 - shares)).sum(axis=-1) / (k - 1))
