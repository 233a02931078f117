"""Conditional logit: which alternative of a set is chosen, by what sets them apart.

The likelihood, its gradient and its second derivative are sums over sets, computed for all sets at
once; Newton's method and the cluster-robust covariance are those of statsmodels. Its own
``ConditionalLogit`` gives the same estimates, without clusters and set by set.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tasks.metrics.statistics.arrays import Bools, Floats, Ints

#: Condition number of the information above which terms cannot be told apart.
INSEPARABLE = 1e10
#: Change of utility with a standard deviation of a term beyond which choices never go against it.
WITHOUT_FAIL = 10.0
FOLLOWED = "choices follow a term without fail"


class Undetermined(Exception):
    """The choices do not determine the coefficients; says why."""


@dataclass(frozen=True)
class ChoiceSets:
    """Sets of alternatives, one row per alternative, rows of a set together.

    Attributes:
        terms: Values of the terms, shape (rows, terms).
        chosen: Whether a row was chosen; one of every set was.
        starts: First row of every set.
        clusters: Cluster of every set, numbered from 0.
    """

    terms: Floats
    chosen: Bools
    starts: Ints
    clusters: Ints

    @cached_property
    def of_row(self) -> Ints:
        """The set of every row."""
        sizes = np.diff(np.append(self.starts, len(self.chosen)))
        return np.repeat(np.arange(len(self.starts)), sizes)

    @cached_property
    def within(self) -> Floats:
        """The terms less their means over the set."""
        sizes = np.bincount(self.of_row)[:, None]
        return np.asarray(self.terms - (self.sums(self.terms) / sizes)[self.of_row])

    @property
    def n(self) -> int:
        """Number of sets."""
        return len(self.starts)

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(np.unique(self.clusters))

    @property
    def effective_clusters(self) -> float:
        """As many clusters of equal size as these are worth: few large ones weigh most.

        Source: Carter, Schnepel and Steigerwald (2017), Asymptotic behavior of a t-test robust to
        cluster heterogeneity, with sets for the weight of a cluster.
        """
        shares = np.bincount(self.clusters) / self.n
        return float(1 / (shares**2).sum())

    def sums(self, values: Floats) -> Floats:
        """Sums over the rows of each set."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0))

    def probabilities(self, beta: Floats) -> Floats:
        """Probability of every row within its set: exp(x'b) over the sum of its set."""
        utility = self.terms @ beta
        utility -= np.maximum.reduceat(utility, self.starts)[self.of_row]
        worth = np.exp(utility)
        return np.asarray(worth / self.sums(worth)[self.of_row])


@dataclass(frozen=True)
class Fit:
    """Coefficients that were estimated.

    Attributes:
        beta: The coefficients.
        covariance: Their covariance, robust to what is alike within clusters.
        pseudo: One-step jackknife values, shape (clusters, terms): their means are the
            coefficients, and the variance of their means is the cluster-robust one.
        loglike: Log-likelihood.
        loglike_null: That of equal probabilities.
        probabilities: Of every row.
    """

    beta: Floats
    covariance: Floats
    pseudo: Floats
    loglike: float
    loglike_null: float
    probabilities: Floats

    @property
    def pseudo_r2(self) -> float:
        """McFadden's: 1 less the log-likelihood over that of equal probabilities."""
        return 1 - self.loglike / self.loglike_null

    @property
    def errors(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def fitted(sets: ChoiceSets) -> Fit:
    """Maximum-likelihood coefficients with cluster-robust errors.

    Raises:
        Undetermined: Terms cannot be told apart, or the choices follow one without fail.

    Source: McFadden (1974); Liang and Zeger (1986) for the errors.
    """
    from statsmodels.base.model import LikelihoodModel
    from statsmodels.stats.sandwich_covariance import cov_cluster

    class Choices(LikelihoodModel):  # type: ignore[misc]
        """The likelihood, as statsmodels maximises it."""

        def loglike(self, params: Floats) -> float:
            return float(np.log(sets.probabilities(params)[sets.chosen]).sum())

        def score(self, params: Floats) -> Floats:
            return np.asarray(scores(sets, sets.probabilities(params)).sum(axis=0))

        def hessian(self, params: Floats) -> Floats:
            return -information(sets, sets.probabilities(params))

    k = sets.terms.shape[1]
    if np.linalg.cond(information(sets, sets.probabilities(np.zeros(k)))) > INSEPARABLE:
        raise Undetermined("terms cannot be told apart")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Choices(sets.chosen.astype(np.float64), sets.terms)
        try:
            found: Any = model.fit(np.zeros(k), method="newton", maxiter=60, disp=0)
        except np.linalg.LinAlgError:
            raise Undetermined(FOLLOWED) from None
    beta = np.asarray(found.params)
    certain = np.abs(beta) * sets.within.std(axis=0) > WITHOUT_FAIL
    if not found.mle_retvals["converged"] or certain.any() or not np.isfinite(beta).all():
        raise Undetermined(FOLLOWED)
    probabilities = sets.probabilities(beta)
    inverse = np.linalg.inv(information(sets, probabilities))
    each = scores(sets, probabilities)
    by_cluster = np.zeros((int(sets.clusters.max()) + 1, k))
    np.add.at(by_cluster, sets.clusters, each)
    there = np.unique(sets.clusters)
    n = len(there)
    covariance = cov_cluster((each, -inverse), sets.clusters) if n > 1 else np.full((k, k), np.nan)
    return Fit(
        beta=beta,
        covariance=np.asarray(covariance),
        pseudo=beta + n * by_cluster[there] @ inverse,
        loglike=float(np.log(probabilities[sets.chosen]).sum()),
        loglike_null=-float(np.log(np.bincount(sets.of_row)).sum()),
        probabilities=probabilities,
    )


def scores(sets: ChoiceSets, probabilities: Floats) -> Floats:
    """Gradient of the log-likelihood of every set, shape (sets, terms)."""
    surprise = sets.chosen - probabilities
    return sets.sums(surprise[:, None] * sets.terms)


def information(sets: ChoiceSets, probabilities: Floats) -> Floats:
    """Minus the second derivative of the log-likelihood."""
    weighted = probabilities[:, None] * sets.terms
    means = sets.sums(weighted)
    return np.asarray(weighted.T @ sets.terms - means.T @ means)
