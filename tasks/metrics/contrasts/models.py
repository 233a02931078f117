"""Regression of a metric on the condition, episodes as clusters of their seats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tasks.metrics.contrasts.inverted import INVERTED, Shuffles, doubt
from tasks.metrics.contrasts.sample import (
    Finding,
    Side,
    TestOptions,
    arrangements_p,
    contrast_test,
)
from tasks.metrics.contrasts.shuffles import DRAWS, SHUFFLED, are_few
from tasks.metrics.statistics import effects, random_intercept
from tasks.metrics.statistics.arrays import Floats, Ints, varies
from tasks.metrics.statistics.effect_intervals import hedges_g_interval, mean_difference_interval

#: Variance of episodes over that of seats below which runs count as not differing.
NO_LEVEL = 1e-6
STUDENTS = "interval: Student's"
_SEATS = (
    "Needs a metric with values by seat. With 3 episodes a side no p below .1 can come out, and "
    "the interval is Student's."
)
_STUDENTISED = (
    "Chung and Romano (2013) for the studentised permutation, which takes the place of Student's t "
    "below fifty episodes a side, and of skewed values below many more."
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


def _episode_sums(side: Side) -> tuple[Floats, Floats]:
    """Sum and number of the values of each episode."""
    _, episodes = np.unique(np.array(side.episodes), return_inverse=True)
    sums, sizes = np.bincount(episodes, weights=side.values), np.bincount(episodes)
    return np.asarray(sums), sizes.astype(np.float64)


def _episode_means(side: Side) -> Floats:
    sums, sizes = _episode_sums(side)
    return np.asarray(sums / sizes)


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
    )


def _held_against_shuffles(
    found: Finding, sides: tuple[Side, ...], rng: np.random.Generator, *, alike: bool
) -> Finding:
    """The finding with the p of shuffles of episodes, where a side has few.

    Args:
        found: The finding with the p of Student's t.
        sides: The two sides.
        rng: Generator of the shuffles.
        alike: Whether the model weights an episode by how alike its seats are, so that one with
            many seats does not weigh as much as all of them.
    """
    if not are_few([_episode_means(side) for side in sides]):
        return found
    a, b = (_episode_sums(side) for side in sides)
    weights, weighted = (a[1], b[1]), ""
    if alike:
        weights = _weights(sides)
        weighted = ", weighted as seats are alike within episodes, sides pooled"
    sums = (a[0] / a[1] * weights[0], b[0] / b[1] * weights[1])
    shuffles = Shuffles.of(sums, weights, rng)
    low, high = shuffles.interval()
    warning = doubt(*(_episode_means(side) for side in sides))
    found = replace(found, p=shuffles.p(0.0), p_least=_least_p(sides), warning=warning)
    method = f"{found.method}; p: {SHUFFLED}{weighted}"
    if not np.isfinite([low, high]).all():
        return replace(found, method=f"{method}; {STUDENTS}")
    moved = found.effect - shuffles.effect
    return replace(found, interval=(low + moved, high + moved), method=f"{method}; {INVERTED}")


def _weights(sides: tuple[Side, ...]) -> tuple[Floats, Floats]:
    """Weights of episodes' means in a model whose seats are exchangeable within episodes.

    The likeness of seats is estimated with the sides pooled, so that shuffles do not change it.

    Source: Searle, Casella and McCulloch (1992), 3.6, for the variances of unequal groups.
    """
    a, b = (_episode_sums(side) for side in sides)
    sums, sizes = np.concatenate([a[0], b[0]]), np.concatenate([a[1], b[1]])
    values = np.concatenate([side.values for side in sides])
    n, episodes = sizes.sum(), len(sizes)
    between = float((sizes * (sums / sizes - values.mean()) ** 2).sum())
    rest = max(float(((values - values.mean()) ** 2).sum()) - between, 0.0)
    within = rest / (n - episodes) if n > episodes else 0.0
    level = between / (episodes - 1) - within
    level = max(level / ((n - (sizes**2).sum() / n) / (episodes - 1)), 0.0)
    alike = level / (level + within) if level + within > 0 else 0.0
    return a[1] / (1 + (a[1] - 1) * alike), b[1] / (1 + (b[1] - 1) * alike)


def _coefficient(result: Any) -> tuple[float, float]:
    """The condition's coefficient and its standard error."""
    return float(result.params[1]), float(result.bse[1])


def _seats_difference(sides: tuple[Side, ...]) -> float:
    return effects.mean_difference(sides[0].values, sides[1].values)


@contrast_test(
    title="whether seats of b differ from seats of a, episodes as clusters",
    effect="mean_difference",
    source=f"Liang and Zeger (1986); Cameron and Miller (2015). {_STUDENTISED}",
    avoid=_SEATS,
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
    return _held_against_shuffles(found, sides, rng, alike=False)


@contrast_test(
    title="whether seats of b differ from seats of a, each episode with its own level",
    effect="mean_difference",
    source=f"Laird and Ware (1982). {_STUDENTISED}",
    avoid=_SEATS,
    scope="seat",
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
    found = _held_against_t(fitted.size, fitted.error, sides, method)
    return _held_against_shuffles(found, sides, rng, alike=True)


@contrast_test(
    title="whether seats of b differ from seats of a, seats of an episode alike",
    effect="mean_difference",
    source=f"Liang and Zeger (1986); Mancl and DeRouen (2001). {_STUDENTISED}",
    avoid=_SEATS,
    scope="seat",
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
    found = _held_against_t(
        *_coefficient(result),
        sides,
        "GEE over seats, exchangeable within episodes, bias-reduced errors (Mancl and DeRouen "
        "2001)",
    )
    return _held_against_shuffles(found, sides, rng, alike=True)


@contrast_test(
    title="whether the means of episodes differ, variances allowed to differ",
    effect="hedges_g",
    source="Welch (1947); Janssen (1997) for the studentised permutation, which takes the place of "
    "the t distribution below fifty episodes a side, and of skewed values below many more; Hedges "
    "(1981); Steiger and Fouladi (1997) for the interval.",
    avoid="With 3 episodes a side no p below .1 can come out. The interval of g takes values to be "
    "normal and the sides to spread alike, and is no narrower than that of the difference.",
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
    p, least, kind, warning = float(test.pvalue), float("nan"), "two-sided", ""
    ends, wider = hedges_g_interval(a, b), ""
    apart, of = mean_difference_interval(a, b), "Welch's of the difference"
    shuffles = Shuffles.of_values(a, b, rng)
    if shuffles is not None:
        apart, of = shuffles.interval(), "the differences that shuffles do not reject"
        p, least, kind, warning = shuffles.p(0.0), _least_p(sides), SHUFFLED, doubt(a, b)
    if np.isfinite(apart).all():
        per_one = effects.hedges_g(a - a.mean(), b - b.mean() + 1)
        ends = min(ends[0], apart[0] * per_one), max(ends[1], apart[1] * per_one)
        wider = f", no narrower than {of}"
    return Finding(
        statistic=float(test.statistic),
        p=p,
        effect=effects.hedges_g(a, b),
        effect_name="hedges_g",
        interval=ends,
        method=f"Welch's t of episode means, {kind}; Hedges' g, positive: b has the larger mean; "
        f"interval: noncentral t{wider}",
        warning=warning,
        p_least=least,
    )
