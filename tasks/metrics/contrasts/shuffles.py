"""Shuffles of episodes between two conditions, and what a studentised statistic makes of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tasks.metrics.statistics.arrays import Floats, Ints

#: Episodes a side below which a statistic is held against its shuffles, and not against Student's t
#: or a normal distribution: of rare or skewed values p would be a half or a third of what it is.
FEW = 50
DRAWS = 9999
#: Numbers that are held at once.
_AT_ONCE = 4_000_000
SHUFFLED = f"studentised permutation of episodes, {DRAWS} shuffles, the observed one among them"


def orders(n: int, draws: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Random orders of ``n`` places, shape (some, n) each, ``draws`` in all."""
    step = max(1, _AT_ONCE // n)
    for first in range(0, draws, step):
        yield np.argsort(rng.random((min(step, draws - first), n)), axis=1)


def share_as_far(observed: float, drawn: Iterator[Floats], draws: int) -> float:
    """Share of shuffles as far from 0 as what was observed, which is counted among them.

    Source: Phipson and Smyth (2010).

    Args:
        observed: The statistic.
        drawn: The statistic of shuffles, in parts.
        draws: How many there are.
    """
    found = abs(observed)
    least = found - found * 1e-9 if np.isfinite(found) else found
    return (sum(int((np.abs(part) >= least).sum()) for part in drawn) + 1) / (draws + 1)


def studentised_difference(sums: Floats, sizes: Floats, n_a: int, *, welch: bool) -> Floats:
    """Differences of means over their errors, which are robust to what episodes have in common.

    Infinite, with its sign, where no episode differs from another of its side.

    Args:
        sums: Sums of the values of episodes, those of a first, shape (draws, episodes).
        sizes: Number of their values.
        n_a: Episodes of a.
        welch: Whether variances are unbiased.
    """
    means, variances = [], []
    for side in (slice(n_a), slice(n_a, None)):
        total, size = sums[:, side], sizes[:, side]
        whole = size.sum(axis=1)
        mean = total.sum(axis=1) / whole
        apart = total - size * mean[:, None]
        n = total.shape[1]
        means.append(mean)
        variances.append((apart**2).sum(axis=1) / whole**2 * (n / (n - 1) if welch else 1.0))
    error, effect = np.sqrt(variances[0] + variances[1]), means[1] - means[0]
    scale = np.abs(sums / sizes).max(axis=1)
    flat = error <= 1e-12 * scale
    infinite = np.where(np.abs(effect) <= 1e-12 * scale, 0.0, np.copysign(np.inf, effect))
    return np.asarray(np.where(flat, infinite, effect / np.where(flat, 1.0, error)))
