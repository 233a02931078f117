"""Pearson correlations and their intervals."""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Floats, varies

#: One sentence for ``method``.
FISHER = "interval: Fisher's z"
#: Pairs below which a correlation has no interval.
LEAST_PAIRS = 4


def pearson(a: Floats, b: Floats) -> float | None:
    """The correlation of two columns; ``None`` where either does not vary beyond rounding.

    Example:
        >>> round(pearson(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0])), 4)
        0.9286
        >>> pearson(np.array([1.0, 2.0]), np.array([3.0, 3.0])) is None
        True
    """
    if len(a) < 2 or not varies(a) or not varies(b):
        return None
    return float(np.corrcoef(a, b)[0, 1])


def pearson_interval(a: Floats, b: Floats) -> dict[str, float | None]:
    """Ends of the 95% interval of a correlation as ``ci_low`` and ``ci_high``.

    They are missing with fewer than four pairs, and where the correlation is undefined or 1.

    Source: Fisher (1921): atanh(r) is about normal with variance 1 / (n - 3).

    Example:
        >>> grid = np.arange(20.0)
        >>> ends = pearson_interval(grid, grid + 6 * np.sin(grid))
        >>> round(ends["ci_low"], 3), round(ends["ci_high"], 3)
        (0.501, 0.905)
    """
    r = pearson(a, b)
    if r is None or len(a) < LEAST_PAIRS or abs(r) >= 1:
        return {"ci_low": None, "ci_high": None}
    half = 1.959963984540054 / np.sqrt(len(a) - 3)
    low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    return {"ci_low": float(low), "ci_high": float(high)}
