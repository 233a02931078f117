"""What coefficients of a conditional logit mean for probabilities: marginal effects and shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.statistics.conditional_logit import ChoiceSets, Fit


@dataclass(frozen=True)
class Effects:
    """Numbers that follow from coefficients.

    Attributes:
        values: The numbers.
        slopes: How they change with the coefficients, shape (numbers, coefficients).
    """

    values: Floats
    slopes: Floats

    def errors(self, fit: Fit) -> Floats:
        """Standard errors by the delta method."""
        variance = np.einsum("ij,jk,ik->i", self.slopes, fit.covariance, self.slopes)
        return np.asarray(np.sqrt(variance))

    def pseudo(self, fit: Fit) -> Floats:
        """One-step jackknife values, shape (clusters, numbers)."""
        return np.asarray(self.values + (fit.pseudo - fit.beta) @ self.slopes.T)


def coefficients(fit: Fit) -> Effects:
    """The coefficients themselves."""
    return Effects(fit.beta, np.eye(len(fit.beta)))


def shares(sets: ChoiceSets, fit: Fit, groups: Ints, n_groups: int) -> Effects:
    """Mean probability that one of a group of alternatives is chosen; sums to one over groups.

    Args:
        sets: The sets.
        fit: Coefficients.
        groups: Group of every row, from 0.
        n_groups: Number of groups.
    """
    values = np.bincount(groups, weights=fit.probabilities, minlength=n_groups) / sets.n
    slopes = np.zeros((n_groups, sets.terms.shape[1]))
    np.add.at(slopes, groups, _slopes(sets, fit.probabilities))
    return Effects(values, slopes / sets.n)


def marginal_effects(sets: ChoiceSets, fit: Fit, yes_or_no: Bools) -> Effects:
    """How the probability of an alternative changes with its own terms, averaged over all.

    Of a number x it is the derivative, b p (1 - p). Of a term that is there or not it is the
    probability with it less that without it, everything else as it was.

    Args:
        sets: The sets.
        fit: Coefficients.
        yes_or_no: Which terms are there (1) or not (0).

    Source: Greene (2018), Econometric Analysis, 18.2; standard errors by the delta method.
    """
    p, beta = fit.probabilities, fit.beta
    spread, rest = p * (1 - p), np.maximum(1 - p, 1e-300)
    of_p = _slopes(sets, p)
    of_logit = of_p / np.maximum(spread, 1e-300)[:, None]
    values, slopes = np.empty(len(beta)), np.empty((len(beta), len(beta)))
    n = len(p)
    for term, coefficient in enumerate(beta):
        if not yes_or_no[term]:
            values[term] = coefficient * spread.mean()
            slopes[term] = coefficient * ((1 - 2 * p) @ of_p) / n
            slopes[term, term] += spread.mean()
            continue
        slopes[term] = values[term] = 0.0
        for value, sign in ((1.0, 1), (0.0, -1)):
            # The odds of an alternative are multiplied by exp(b change); the others stay.
            change = value - sets.terms[:, term]
            odds = np.exp(coefficient * change) * p / rest
            moved = odds / (1 + odds)
            slope = moved * (1 - moved)
            values[term] += sign * moved.mean()
            slopes[term] += sign * (slope @ of_logit) / n
            slopes[term, term] += sign * float(slope @ change) / n
    return Effects(values, slopes)


def _slopes(sets: ChoiceSets, p: Floats) -> Floats:
    """How the probability of every row changes with the coefficients: p (x - mean of the set)."""
    means = sets.sums(p[:, None] * sets.terms)
    return np.asarray(p[:, None] * (sets.terms - means[sets.of_row]))
