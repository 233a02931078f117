"""Regression of a metric on the condition, episodes as clusters of their seats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tasks.metrics.contrasts.sample import (
    Finding,
    Side,
    TestOptions,
    arrangements_p,
    contrast_test,
)
from tasks.metrics.contrasts.shuffles import DRAWS, FEW, SHUFFLED, studentised_p
from tasks.metrics.statistics import effects, random_intercept
from tasks.metrics.statistics.arrays import Floats, Ints, varies
from tasks.metrics.statistics.effect_intervals import hedges_g_interval

#: Variance of episodes over that of seats below which runs count as not differing.
NO_LEVEL = 1e-6
#: Episodes in all below which a row warns that the p-value is rough.
FEW_CLUSTERS = 20
_SEATS = (
    "Needs a metric with values by seat. Below ten episodes a side its p-values are rough: use "
    "permutation on episode means."
)
_APART = (
    "no episode differs from another of its side, so p is the exact one of a permutation of "
    "episodes: 2 of all arrangements are as far apart"
)


def _design(sides: tuple[Side, ...]) -> tuple[Floats, Floats, Ints]:
    import statsmodels.api as sm

    a, b = sides[0], sides[1]
    values = np.concatenate([a.values, b.values])
    in_b = np.repeat([0.0, 1.0], [len(a.values), len(b.values)])
    _, groups = np.unique(np.array([*a.episodes, *b.episodes]), return_inverse=True)
    return values, sm.add_constant(in_b), groups


def _few(sides: tuple[Side, ...], rough: str = "p-value") -> str:
    n = sum(side.n_episodes for side in sides)
    return "" if n >= FEW_CLUSTERS else f"{n} episodes in all are few: the {rough} is rough"


def _episode_sums(side: Side) -> tuple[Floats, Floats]:
    """Sum and number of the values of each episode."""
    _, episodes = np.unique(np.array(side.episodes), return_inverse=True)
    sums, sizes = np.bincount(episodes, weights=side.values), np.bincount(episodes)
    return np.asarray(sums), sizes.astype(np.float64)


def _episode_means(side: Side) -> Floats:
    sums, sizes = _episode_sums(side)
    return np.asarray(sums / sizes)


def _are_few(sides: tuple[Side, ...]) -> bool:
    """Whether p is that of shuffles of episodes."""
    return min(side.n_episodes for side in sides) < FEW


def _least_p(sides: tuple[Side, ...]) -> float:
    """The smallest p that shuffles of episodes can give."""
    return max(arrangements_p(*(side.n_episodes for side in sides)), 1 / (DRAWS + 1))


def _without_spread(sides: tuple[Side, ...], effect: float, effect_name: str) -> Finding | None:
    """The finding where the episodes of neither side differ; nothing where those of one do."""
    if any(varies(_episode_means(side)) for side in sides):
        return None
    p = arrangements_p(*(side.n_episodes for side in sides))
    nothing = float("nan")
    return Finding(nothing, p, effect, effect_name, _APART, p_least=p)


def _held_against_t(effect: float, error: float, sides: tuple[Side, ...], method: str) -> Finding:
    """The condition's coefficient, held against Student's t with two episodes fewer."""
    from scipy import stats

    df = sum(side.n_episodes for side in sides) - 2
    half = float(stats.t.ppf(0.975, df)) * error
    return Finding(
        statistic=effect / error,
        p=float(2 * stats.t.sf(abs(effect / error), df)),
        effect=effect,
        effect_name="mean_difference",
        interval=(effect - half, effect + half),
        method=f"{method}; coefficient of b against a, Student's t with {df} degrees of freedom",
        warning=_few(sides),
    )


def _coefficient(result: Any) -> tuple[float, float]:
    """The condition's coefficient and its standard error."""
    return float(result.params[1]), float(result.bse[1])


def _seats_difference(sides: tuple[Side, ...]) -> float:
    return effects.mean_difference(sides[0].values, sides[1].values)


@contrast_test(
    title="whether seats of b differ from seats of a, episodes as clusters",
    effect="mean_difference",
    source="Liang and Zeger (1986); Cameron and Miller (2015); Chung and Romano (2013) for the "
    "studentised permutation, which takes the place of Student's t below fifty episodes a side.",
    avoid="Needs a metric with values by seat. With 3 episodes a side no p below .1 can come out; "
    "the interval is Student's, and rough there.",
    scope="seat",
)
def cluster_robust(
    sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator
) -> Finding:
    """Least squares over seats with errors clustered by episode."""
    import statsmodels.api as sm

    if found := _without_spread(sides, _seats_difference(sides), "mean_difference"):
        return found
    values, design, groups = _design(sides)
    result = sm.OLS(values, design).fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = _held_against_t(
        *_coefficient(result),
        sides,
        "least squares over seats, standard errors clustered by episode",
    )
    if not _are_few(sides):
        return found
    a, b = (_episode_sums(side) for side in sides)
    return replace(
        found,
        p=studentised_p((a[0], b[0]), (a[1], b[1]), rng),
        p_least=_least_p(sides),
        method=f"{found.method} for the interval; p: {SHUFFLED}",
        warning=_few(sides, rough="interval"),
    )


@contrast_test(
    title="whether seats of b differ from seats of a, each episode with its own level",
    effect="mean_difference",
    source="Laird and Ware (1982).",
    avoid=_SEATS + " Assumes normal episode levels.",
    scope="seat",
    of_means=True,
)
def mixed_model(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Mixed model over seats with a random intercept per episode."""
    if found := _without_spread(sides, _seats_difference(sides), "mean_difference"):
        return found
    values, design, groups = _design(sides)
    fitted = random_intercept.difference(values, design[:, 1] > 0, groups)
    method = "linear mixed model over seats, random intercept per episode, REML"
    if fitted.ratio <= NO_LEVEL:
        method += "; episodes do not differ beyond what their seats do"
    return _held_against_t(fitted.size, fitted.error, sides, method)


@contrast_test(
    title="whether seats of b differ from seats of a, seats of an episode alike",
    effect="mean_difference",
    source="Liang and Zeger (1986); Mancl and DeRouen (2001).",
    avoid=_SEATS,
    scope="seat",
    of_means=True,
)
def gee(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Generalised estimating equations over seats, exchangeable within episodes."""
    import statsmodels.api as sm

    if found := _without_spread(sides, _seats_difference(sides), "mean_difference"):
        return found
    values, design, groups = _design(sides)
    result = sm.GEE(values, design, groups=groups, cov_struct=sm.cov_struct.Exchangeable()).fit(
        cov_type="bias_reduced"
    )
    return _held_against_t(
        *_coefficient(result),
        sides,
        "GEE over seats, exchangeable within episodes, bias-reduced errors (Mancl and DeRouen "
        "2001)",
    )


@contrast_test(
    title="whether the means of episodes differ, variances allowed to differ",
    effect="hedges_g",
    source="Welch (1947); Janssen (1997) for the studentised permutation, which takes the place of "
    "the t distribution below fifty episodes a side; Hedges (1981); Steiger and Fouladi (1997) for "
    "the interval.",
    avoid="With 3 episodes a side no p below .1 can come out. The interval of g takes values to be "
    "normal and the sides to spread alike.",
)
def welch(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Welch's t test of episodes with Hedges' g."""
    from scipy import stats

    if found := _without_spread(sides, float("nan"), "hedges_g"):
        return found
    a, b = sides[0].values, sides[1].values
    # From the moments, since those of a side without spread are no reason to warn.
    moments = (part for one in (b, a) for part in (one.mean(), one.std(ddof=1), len(one)))
    test = stats.ttest_ind_from_stats(*moments, equal_var=False)
    p, least, kind = float(test.pvalue), float("nan"), "two-sided"
    if _are_few(sides):
        ones = (np.ones(len(a)), np.ones(len(b)))
        p, least, kind = studentised_p((a, b), ones, rng, welch=True), _least_p(sides), SHUFFLED
    return Finding(
        statistic=float(test.statistic),
        p=p,
        effect=effects.hedges_g(a, b),
        effect_name="hedges_g",
        interval=hedges_g_interval(a, b),
        method=f"Welch's t of episode means, {kind}; Hedges' g, positive: b has the larger mean; "
        "interval: noncentral t",
        p_least=least,
    )
