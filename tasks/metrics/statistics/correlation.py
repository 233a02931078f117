"""Pearson correlations and their intervals."""

from __future__ import annotations

import numpy as np

from schemas.keys import seed_of
from tasks.metrics.statistics.arrays import Floats, varies

#: One sentence for ``method``.
FISHER = "interval: Fisher's z over a distribution-free error, held against shuffles of personas"
#: Pairs below which a correlation has no interval.
LEAST_PAIRS = 4
#: Shuffles, and pairs from which on a normal distribution takes their place.
SHUFFLES, MANY = 1999, 500
_Z = 1.959963984540054
#: How close a correlation comes to 1, and an error to 0.
_EDGE = 1e-12


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

    Fisher's z over an error that takes no distribution for granted, held against the same of
    shuffled pairs. Fisher's own error takes two columns that do not go together to have nothing to
    do with each other; where some answer more extremely than others throughout, both columns are
    far from their middle for the same personas, and his interval held 0 in 65 to 84% of studies.

    They are missing with fewer than four pairs, and where the correlation is undefined or 1.

    Source: Steiger and Hakstian (1982) for the error; DiCiccio and Romano (2017), Robust
    permutation tests for correlation and regression coefficients, for the shuffles.

    Example:
        >>> grid = np.arange(20.0)
        >>> ends = pearson_interval(grid, grid + 6 * np.sin(grid))
        >>> round(ends["ci_low"], 2), round(ends["ci_high"], 2)
        (0.59, 0.88)
    """
    r, n = pearson(a, b), len(a)
    if r is None or n < LEAST_PAIRS or abs(r) >= 1:
        return {"ci_low": None, "ci_high": None}
    x, y = ((one - one.mean()) / one.std() for one in (a, b))
    z, error = _z(x, y)
    reach = _Z
    if n < MANY:
        rng = np.random.default_rng(seed_of("correlation", n))
        shuffled = y[np.argsort(rng.random((SHUFFLES, n)), axis=1)]
        shown, errors = _z(x, shuffled)
        reach = float(np.quantile(np.abs(shown) / errors, 0.95, method="higher"))
    low, high = np.tanh(z - reach * error), np.tanh(z + reach * error)
    return {"ci_low": float(low), "ci_high": float(high)}


def _z(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Fisher's z of standardised columns and its standard error, pairs last."""
    r = np.clip((x * y).mean(axis=-1), -1 + _EDGE, 1 - _EDGE)
    moved = x * y - r[..., None] * (x**2 + y**2) / 2
    error = np.sqrt((moved**2).sum(axis=-1)) / x.shape[-1] / (1 - r**2)
    return np.arctanh(r), np.maximum(error, _EDGE)
