"""Scores of traits: standardised, as quantiles, and in five levels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from schemas.inventories import LEVELS, Level
from tasks.personas.structure import Column, Floats, Whole

#: Standardised scores at which a level ends, from very_low to high.
CUTS = (-1.5, -0.5, 0.5, 1.5)
_NORMAL = NormalDist()
_EDGES = (0.0, *(_NORMAL.cdf(cut) for cut in CUTS), 1.0)
#: The score that stands for a level: the median of the reference population within it.
_CENTRES = {
    level: _NORMAL.inv_cdf((low + high) / 2)
    for level, low, high in zip(LEVELS, _EDGES, _EDGES[1:], strict=False)
}


def levels_of(scores: Floats) -> Whole:
    """Number of the level of each standardised score, cut at -1.5, -0.5, 0.5 and 1.5.

    Example:
        >>> [LEVELS[level] for level in levels_of(np.array([-2, -0.5, 0, 1.5]))]
        ['very_low', 'average', 'average', 'very_high']
    """
    return np.digitize(scores, CUTS)


def level_of_score(score: float) -> Level:
    """Level of a standardised score.

    Example:
        >>> level_of_score(-0.6)
        'low'
    """
    return LEVELS[int(levels_of(np.array([score]))[0])]


def quantiles_of(scores: Floats) -> Floats:
    """Share of the reference population below each standardised score: the normal CDF."""
    from scipy.special import ndtr  # a second of start-up, which a plan need not wait for

    return np.asarray(ndtr(scores))


def scores_of_quantiles(quantiles: Floats) -> Floats:
    """Standardised scores of shares of the reference population; those of 0 and 1 are finite.

    Example:
        >>> scores_of_quantiles(np.array([0.5, 0.8413447460685429, 1.0])).round(2).tolist()
        [0.0, 1.0, 6.0]
    """
    from scipy.special import ndtri  # a second of start-up, which a plan need not wait for

    return np.asarray(ndtri(np.clip(quantiles, _NORMAL.cdf(-6), _NORMAL.cdf(6))))


def score_of_level(levels: Sequence[Level | str]) -> Floats:
    """The standardised score that stands for each level: the median within it.

    Example:
        >>> score_of_level(["average", "high"]).round(2).tolist()
        [0.0, 0.89]
    """
    return np.array([_CENTRES[level] for level in levels])  # type: ignore[index]


#: Scores further out than this have the quantile 1 or 0 of a double.
FURTHEST = 8.2


def score_of_quantile(quantiles: Floats) -> Floats:
    """The standardised score of each quantile, to twelve digits: the inverse of the normal CDF.

    Example:
        >>> score_of_quantile(np.array([0.5, 0.6914624612740131, 1.0])).tolist()
        [0.0, 0.5, 8.2]
    """
    from scipy.special import ndtri  # a second of start-up, which a plan need not wait for

    return np.asarray(ndtri(quantiles)).clip(-FURTHEST, FURTHEST).round(12) + 0.0


def type_column(letters: Sequence[str], scores: Sequence[Floats]) -> Column:
    """The type of each persona: for every trait the letter of the pole that it is nearer to.

    Args:
        letters: Letters of the two poles of each trait.
        scores: Quantiles of each trait; from 1/2 on, the second pole is nearer.

    Example:
        >>> type_column(("EI", "SN"), [np.array([0.2, 0.5]), np.array([0.7, 0.1])]).values()
        ['EN', 'IS']
    """
    codes = np.zeros(len(scores[0]), dtype=np.int64)
    for one in scores:
        codes = codes * 2 + (one >= 0.5)
    return Column(tuple("".join(each) for each in itertools.product(*letters)), codes)
