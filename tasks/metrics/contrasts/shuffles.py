"""Shuffles of episodes between two conditions, and what a studentised statistic makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tasks.metrics.statistics.arrays import Floats, Ints

#: Episodes a side below which a statistic is held against its shuffles, and not against Student's t
#: or a normal distribution: of rare or skewed values p would be a half or a third of what it is.
#: Of skewed values it is so many times the square of their skewness: of what one episode in a
#: hundred has, 5,000. Below that, of 60 and 400 episodes that do not differ, p < .05 came out in a
#: third of studies.
FEW = 50
#: Values whose spread is less than this share of the largest have no skewness to speak of.
_LEVEL = 1e-9
DRAWS = 9999
#: Numbers that are held at once.
_AT_ONCE = 4_000_000
SHUFFLED = f"studentised permutation of episodes, {DRAWS} shuffles, the observed one among them"


def are_few(groups: Sequence[Floats]) -> bool:
    """Whether a side has so few values that a statistic is held against its shuffles.

    The skewness is that of all values together, which shuffles leave as it is.

    Example:
        >>> even, rare = np.arange(200.0), (np.arange(200) > 197).astype(float)
        >>> are_few([even, even]), are_few([rare, rare]), are_few([even, even[:49]])
        (False, True, True)
    """
    values = np.concatenate(groups)
    apart = values - values.mean()
    spread = float(np.sqrt((apart**2).mean()))
    flat = spread <= _LEVEL * float(np.abs(values).max())
    skewness = 0.0 if flat else float(((apart / spread) ** 3).mean())
    return min(map(len, groups)) < FEW * max(1.0, skewness**2)


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
