"""What a statistic looks like when labels mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.metrics.statistics.arrays import Floats

#: Fewer draws than this make no p-value.
LEAST_DRAWS = 3


@dataclass(frozen=True)
class NullSummary:
    """A null distribution in three numbers per statistic.

    Attributes:
        mean: Mean of the null draws.
        sd: Their standard deviation.
        p: Share of draws at least as far from the null mean as the observed value, the observed
            one counted among them (Phipson and Smyth 2010), so it is never 0; none for baselines
            that are an expectation rather than draws.
        p_least: The smallest p that so many draws can give; none where there is no p.
    """

    mean: Floats
    sd: Floats
    p: Floats
    p_least: Floats


def null_summary(observed: Floats, draws: Floats) -> NullSummary:
    """Mean, spread and two-sided p of null draws.

    Args:
        observed: Shape (n,).
        draws: Shape (n, draws); not-a-number where a draw has no value.

    Example:
        >>> s = null_summary(np.array([3.0]), np.array([[-1.0, 0.0, 1.0]]))
        >>> float(s.mean[0]), float(s.p[0])
        (0.0, 0.25)
    """
    good = np.isfinite(draws)
    n = good.sum(axis=1)
    some = n > 0
    filled = np.where(good, draws, 0.0)
    mean = np.where(some, filled.sum(axis=1) / np.maximum(n, 1), np.nan)
    deviations = np.where(good, draws - mean[:, None], 0.0)
    sd = np.where(n > 1, np.sqrt((deviations**2).sum(axis=1) / np.maximum(n - 1, 1)), np.nan)
    distance = np.abs(observed - mean)[:, None]
    far = (good & (np.abs(deviations) >= distance - 1e-12)).sum(axis=1)
    p = np.where((n >= LEAST_DRAWS) & np.isfinite(observed), (far + 1) / (n + 1), np.nan)
    p_least = np.where(np.isfinite(p), 1 / (n + 1), np.nan)
    return NullSummary(mean=mean, sd=sd, p=p, p_least=p_least)
