"""Intraclass correlations of complete ratings, from sums over items.

Names follow McGraw and Wong (1996): 1 one-way, A two-way absolute agreement, C two-way consistency;
1 for a single rater, k for the mean of k. ICC(A,1) is Shrout and Fleiss' (2,1), ICC(C,1) their
(3,1).
"""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Floats

FORMS = ("icc_1_1", "icc_1_k", "icc_a_1", "icc_a_k", "icc_c_1", "icc_c_k")


def icc_sums(ratings: Floats) -> Floats:
    """What the correlations need of each item, shape (items, k + 3).

    Args:
        ratings: Shape (items, raters), complete. Subtract a constant first if values are large.
    """
    total = ratings.sum(axis=1)
    return np.column_stack([np.ones(len(ratings)), (ratings**2).sum(axis=1), total**2, ratings])


def intraclass(sums: Floats) -> Floats:
    """The six correlations from sums of :func:`icc_sums`, shape (..., 6) in the order of FORMS.

    Source: Shrout and Fleiss (1979); McGraw and Wong (1996), table 4.
    """
    sums = np.asarray(sums, dtype=np.float64)
    n, squares, row_squares = sums[..., 0], sums[..., 1], sums[..., 2]
    columns = sums[..., 3:]
    k = columns.shape[-1]
    correction = columns.sum(axis=-1) ** 2 / (n * k)
    between = row_squares / k - correction
    raters = (columns**2).sum(axis=-1) / n - correction
    within = squares - row_squares / k
    with np.errstate(divide="ignore", invalid="ignore"):
        msr = between / (n - 1)
        msw = within / (n * (k - 1))
        msc = raters / (k - 1)
        mse = (within - raters) / ((n - 1) * (k - 1))
        found = np.stack(
            [
                (msr - msw) / (msr + (k - 1) * msw),
                (msr - msw) / msr,
                (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n),
                (msr - mse) / (msr + (msc - mse) / n),
                (msr - mse) / (msr + (k - 1) * mse),
                (msr - mse) / msr,
            ],
            axis=-1,
        )
    return np.where(np.isfinite(found), found, np.nan)
