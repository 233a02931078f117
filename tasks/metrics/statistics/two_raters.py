"""Agreement of two raters, as functions of their cross-table.

A table has shape (..., K, K): rows are the first rater's categories, columns the second's. Leading
axes are resamples. Not-a-number stands where a statistic is undefined.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.metrics.statistics.arrays import Floats


def _ratio(top: Floats, bottom: Floats) -> Floats:
    good = np.abs(bottom) > 1e-12
    return np.where(good, top / np.where(good, bottom, 1.0), np.nan)


def _shares(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Observed agreement and both raters' marginal shares."""
    table = np.asarray(table, dtype=np.float64)
    n = table.sum(axis=(-2, -1))
    observed = _ratio(np.trace(table, axis1=-2, axis2=-1), n)
    return (
        observed,
        _ratio(table.sum(axis=-1), n[..., None]),
        _ratio(table.sum(axis=-2), n[..., None]),
    )


def percent_agreement(table: Floats) -> Floats:
    """Share of items on which both say the same."""
    return _shares(table)[0]


def cohen_kappa(table: Floats, power: int = 0) -> Floats:
    """Cohen's kappa; undefined where both raters use one category only.

    Args:
        table: Cross-table, shape (..., K, K).
        power: 0 unweighted, 1 linear, 2 quadratic disagreement weights.

    Source: Cohen (1960, 1968).

    Example:
        >>> round(float(cohen_kappa(np.array([[20, 5], [10, 15]]))), 3)
        0.4
    """
    table = np.asarray(table, dtype=np.float64)
    k = table.shape[-1]
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    weights = (distance > 0).astype(np.float64) if power == 0 else distance**power
    _, rows, columns = _shares(table)
    n = table.sum(axis=(-2, -1))
    found = _ratio((table * weights).sum(axis=(-2, -1)), n)
    expected = np.einsum("...i,...j,ij->...", rows, columns, weights)
    return np.asarray(1 - _ratio(found, expected))


def gwet_ac1(table: Floats) -> Floats:
    """Gwet's AC1, which does not collapse where one category is rare.

    Source: Gwet (2008), Computing inter-rater reliability and its variance in the presence of high
    agreement; p_e = sum_k pi_k (1 - pi_k) / (K - 1).

    Example:
        >>> round(float(gwet_ac1(np.array([[118, 5], [2, 0]]))), 3)
        0.941
    """
    observed, rows, columns = _shares(table)
    pi = (rows + columns) / 2
    expected = (pi * (1 - pi)).sum(axis=-1) / (np.asarray(table).shape[-1] - 1)
    return _ratio(observed - expected, 1 - expected)


def pabak(table: Floats) -> Floats:
    """Prevalence- and bias-adjusted kappa, (K p_o - 1) / (K - 1).

    Source: Byrt, Bishop and Carlin (1993).
    """
    k = np.asarray(table).shape[-1]
    return np.asarray((k * percent_agreement(table) - 1) / (k - 1))


def positive_agreement(table: Floats) -> Floats:
    """2a / (2a + b + c) for a two-by-two table; category 1 is positive.

    Source: Cicchetti and Feinstein (1990).
    """
    table = np.asarray(table, dtype=np.float64)
    both = table[..., 1, 1]
    return _ratio(2 * both, 2 * both + table[..., 0, 1] + table[..., 1, 0])


def negative_agreement(table: Floats) -> Floats:
    """2d / (2d + b + c) for a two-by-two table; category 0 is negative."""
    table = np.asarray(table, dtype=np.float64)
    neither = table[..., 0, 0]
    return _ratio(2 * neither, 2 * neither + table[..., 0, 1] + table[..., 1, 0])


def precision(table: Floats) -> Floats:
    """Share of what is said to be present that is: rows are gold, columns the coder."""
    table = np.asarray(table, dtype=np.float64)
    return _ratio(table[..., 1, 1], table[..., :, 1].sum(axis=-1))


def recall(table: Floats) -> Floats:
    """Share of what is present that is found (sensitivity): rows are gold, columns the coder."""
    table = np.asarray(table, dtype=np.float64)
    return _ratio(table[..., 1, 1], table[..., 1, :].sum(axis=-1))


def specificity(table: Floats) -> Floats:
    """Share of what is absent that is said to be: rows are gold, columns the coder."""
    table = np.asarray(table, dtype=np.float64)
    return _ratio(table[..., 0, 0], table[..., 0, :].sum(axis=-1))


def f1(table: Floats) -> Floats:
    """Harmonic mean of precision and recall; the same number as positive agreement."""
    return positive_agreement(table)


def matthews(table: Floats) -> Floats:
    """Matthews correlation coefficient of a two-by-two table; undefined with an empty margin.

    Source: Matthews (1975).
    """
    table = np.asarray(table, dtype=np.float64)
    a, b = table[..., 1, 1], table[..., 1, 0]
    c, d = table[..., 0, 1], table[..., 0, 0]
    return _ratio(a * d - b * c, np.sqrt((a + b) * (a + c) * (b + d) * (c + d)))


def cross_tables(
    first: npt.ArrayLike, second: npt.ArrayLike, groups: npt.ArrayLike, k: int
) -> Floats:
    """Cross-tables of two raters by group, shape (groups that occur, K, K).

    Args:
        first: Categories of the first rater, 0 to K-1.
        second: Categories of the second rater.
        groups: Group of each item, such as its episode.
        k: Number of categories.

    Example:
        >>> cross_tables([0, 1], [1, 1], [7, 7], 2).astype(int).tolist()
        [[[0, 1], [0, 1]]]
    """
    known, number = np.unique(np.asarray(groups), return_inverse=True)
    cell = number * k * k + np.asarray(first, dtype=np.int64) * k
    cell = cell + np.asarray(second, dtype=np.int64)
    return np.bincount(cell, minlength=len(known) * k * k).reshape(-1, k, k).astype(np.float64)
