"""Rates, and what an imperfect judge makes of them."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from tasks.metrics.statistics.arrays import Floats

#: What 95% of a normal variable lie within, in standard deviations.
Z = NormalDist().inv_cdf(0.975)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a proportion; not-a-number for no trials.

    Source: Wilson (1927).

    Example:
        >>> [round(end, 4) for end in wilson_interval(8, 10)]
        [0.4902, 0.9433]
    """
    if n <= 0:
        return math.nan, math.nan
    share = successes / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    # At the ends the formula is exact but for rounding.
    low = 0.0 if successes == 0 else centre - half
    return low, 1.0 if successes == n else centre + half


def newcombe_interval(hits_a: int, n_a: int, hits_b: int, n_b: int) -> tuple[float, float]:
    """Newcombe's 95% interval of the difference of two proportions, b less a.

    Source: Newcombe (1998), method 10: both Wilson intervals put together.

    Example:
        >>> [round(end, 4) for end in newcombe_interval(48, 80, 56, 70)]
        [0.0524, 0.3339]
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        hits_b, n_b, hits_a, n_a, method="newcomb", compare="diff"
    )
    return float(low), float(high)


def rogan_gladen(rate: Floats, sensitivity: Floats, specificity: Floats) -> Floats:
    """Prevalence behind an apparent rate: (q + sp - 1) / (se + sp - 1), cut to [0, 1].

    Not-a-number where the judge is no better than chance (se + sp <= 1).

    Source: Rogan and Gladen (1978).

    Example:
        >>> round(float(rogan_gladen(np.array(0.26), np.array(0.8), np.array(0.9))), 6)
        0.228571
    """
    youden = np.asarray(sensitivity) + np.asarray(specificity) - 1
    good = youden > 1e-9
    found = (np.asarray(rate) + np.asarray(specificity) - 1) / np.where(good, youden, 1)
    return np.where(good, np.clip(found, 0, 1), np.nan)


def prediction_powered(rate: Floats, rectifier: Floats) -> Floats:
    """Prediction-powered mean: the judge's rate on all items plus its mean error on the sample.

    Args:
        rate: Mean label over all items.
        rectifier: Mean of gold less label over the gold sample.

    Source: Angelopoulos et al. (2023), Prediction-powered inference, Science 382.
    """
    return np.asarray(np.asarray(rate) + np.asarray(rectifier))
