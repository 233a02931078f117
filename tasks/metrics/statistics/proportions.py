"""Rates, and what an imperfect judge makes of them."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from tasks.metrics.statistics.arrays import Floats

#: What 95% of a normal variable lie within, in standard deviations.
Z = NormalDist().inv_cdf(0.975)


#: Normal quantile beyond which a p-value is 0 in floating point.
_MOST = 37.0


def design_effect(successes: Floats, sizes: Floats) -> float:
    """How many times as many trials as independent ones those of clusters must be, 1 at least.

    Args:
        successes: Successes of each cluster.
        sizes: Trials of each cluster.

    Where it is above 1 it is times the square of Student's over the normal quantile, as few
    clusters say little of how alike their trials are.

    Source: Rao and Scott (1992), A simple method for the analysis of clustered binary data; Korn
    and Graubard (1998), Confidence intervals for proportions with small expected number of
    positive counts, for the quantiles.

    Example:
        >>> round(design_effect(np.array([5, 0, 5, 0]), np.array([5, 5, 5, 5])), 2)
        17.58
        >>> design_effect(np.array([1, 1]), np.array([2, 2]))
        1.0
    """
    from scipy import stats

    share, n = successes.sum() / sizes.sum(), len(sizes)
    binomial = share * (1 - share) * sizes.sum()
    if n < 2 or binomial <= 0:
        return 1.0
    found = float(((successes - sizes * share) ** 2).sum()) * n / (n - 1) / binomial
    return float(found * (stats.t.ppf(0.975, n - 1) / Z) ** 2) if found > 1 else 1.0


def wilson_interval(successes: float, n: float) -> tuple[float, float]:
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


def newcombe_p(hits_a: int, n_a: int, hits_b: int, n_b: int, bound: float) -> float:
    """One-sided p of a difference of proportions, b less a, below a bound: small if it is.

    The level at which Newcombe's interval ends at the bound. At the bound p < .05 comes out in at
    most 8% of studies of 5 a side, 7.1% of 12 and 6.4% of 20, whatever the proportions.

    Source: Newcombe (1998), method 10, inverted.

    Example:
        >>> [round(newcombe_p(48, 80, 56, 70, end), 3) for end in (0.3339, 0.0524)]
        [0.025, 0.975]
    """
    from scipy import optimize, stats

    shares, sizes = (hits_a / n_a, hits_b / n_b), (n_a, n_b)
    apart = shares[1] - shares[0]
    below = apart < bound

    def beyond(z: float) -> float:
        """How far the interval's end on the bound's side lies beyond the bound."""
        moves = []
        for share, n, up in zip(shares, sizes, (not below, below), strict=True):
            half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
            moves.append((share + z**2 / (2 * n) + (half if up else -half)) / (1 + z**2 / n))
        return math.hypot(moves[0] - shares[0], moves[1] - shares[1]) - abs(bound - apart)

    z = float(optimize.brentq(beyond, 0.0, _MOST)) if beyond(_MOST) > 0 else _MOST
    return float(stats.norm.sf(z) if below else stats.norm.cdf(z))


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
