"""Rank tests of two or more conditions whose episodes are independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from tasks.metrics.contrasts.sample import (
    Finding,
    Side,
    TestOptions,
    arrangements_p,
    contrast_test,
)
from tasks.metrics.contrasts.shuffles import DRAWS, FEW, are_few, orders, share_as_far
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.statistics.effect_intervals import (
    NEWCOMBE,
    common_language_interval,
    rank_biserial_interval,
)

SIGN = "positive: b has the larger values"
#: Level of p, and shuffles behind one that is no number of a row.
ALPHA, CHECKED = 0.05, 1999
SHUFFLED = f"shuffled ranks, as values are tied ({DRAWS} shuffles, the observed one among them)"


def _tied(groups: Sequence[Floats]) -> bool:
    """Whether values are tied and a side is too small for an approximation to bear it."""
    values = np.concatenate(groups)
    return min(map(len, groups)) < FEW and len(np.unique(values)) < len(values)


def _tied_p(groups: Sequence[Floats], rng: np.random.Generator) -> float:
    """Share of shuffles whose mean ranks are as far apart, the observed one counted.

    Source: the permutation distribution of H (of two sides: of U, both tails) given the ties, in
    Lehmann (1975), Nonparametrics, 1.4 and 5.2; Phipson and Smyth (2010) for the count.
    """
    from scipy import stats

    ranks = stats.rankdata(np.concatenate(groups))
    starts = np.cumsum([0, *map(len, groups[:-1])])
    sizes = np.array([len(group) for group in groups])

    def apart(ordered: Floats) -> Floats:
        return np.asarray((np.add.reduceat(ordered, starts, axis=-1) ** 2 / sizes).sum(axis=-1))

    drawn = (apart(ranks[order]) for order in orders(len(ranks), DRAWS, rng))
    return share_as_far(float(apart(ranks)), drawn, DRAWS)


@contrast_test(
    title="whether values of b tend to be larger or smaller than those of a",
    effect="rank_biserial",
    source="Mann and Whitney (1947); Kerby (2014) for the effect size.",
    avoid="Not a test of medians or means where the shapes differ; use brunner_munzel where "
    "the spreads do: the row warns where that has no p < .05. With 3 episodes a side no p below .1 "
    "can come out.",
)
def mann_whitney(
    sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator
) -> Finding:
    """Mann-Whitney U with the rank-biserial correlation."""
    from scipy import stats

    a, b = sides[0].values, sides[1].values
    exact = min(len(a), len(b)) <= 50 and len(np.unique(np.r_[a, b])) == len(a) + len(b)
    found = stats.mannwhitneyu(
        a, b, alternative="two-sided", method="exact" if exact else "asymptotic"
    )
    kind, p = "exact" if exact else "normal approximation with tie correction", found.pvalue
    if _tied((a, b)):
        kind, p = SHUFFLED, _tied_p((a, b), rng)
    return Finding(
        statistic=float(found.statistic),
        p=float(p),
        effect=effects.rank_biserial(a, b),
        effect_name="rank_biserial",
        warning=_spreads_alone(a, b, float(p), rng),
        interval=rank_biserial_interval(a, b),
        method=f"Mann-Whitney U of a, two-sided, {kind}; rank-biserial 1 - 2U/(n_a n_b), {SIGN}; "
        f"{NEWCOMBE}",
        p_least=arrangements_p(len(a), len(b)),
    )


def _spreads_alone(a: Floats, b: Floats, p: float, rng: np.random.Generator) -> str:
    """That spreads that differ may be all that was found; nothing where they are not."""
    if not p < ALPHA:
        return ""
    other = _brunner_munzel_p(a, b, CHECKED, rng)
    if other < ALPHA:
        return ""
    return (
        f"brunner_munzel, which lets the spreads differ, has p = {other:.2g}: with other spreads "
        "and unequal numbers of episodes, p < .05 comes out here in up to half of studies though "
        "neither side has the larger values"
    )


class BrunnerMunzelOptions(TestOptions):
    """Options of ``brunner_munzel``."""

    draws: int = Field(
        9999, ge=99, le=1_000_000, description="Shuffles where a side has few episodes."
    )


@contrast_test(
    title="whether P(b > a) + P(b = a)/2 is one half, spreads allowed to differ",
    effect="cles",
    source="Brunner and Munzel (2000); Neubert and Brunner (2007) for the studentised "
    "permutation, which takes the place of the t approximation below fifty episodes a side, and "
    "of tied values below many more.",
    avoid="Where the sides do not overlap it has no statistic; p is then that of the two "
    "arrangements that are as far apart. The interval takes the sides to spread alike: of 12 "
    "episodes with three times the spread of 72 others it holds the truth in 87% of studies. p "
    "does not.",
    options=BrunnerMunzelOptions,
)
def brunner_munzel(
    sides: tuple[Side, ...], options: BrunnerMunzelOptions, rng: np.random.Generator
) -> Finding:
    """Brunner-Munzel test with the common-language effect size."""
    from scipy import stats

    a, b = sides[0].values, sides[1].values
    least = arrangements_p(len(a), len(b))
    if a.max() < b.min() or b.max() < a.min():
        statistic, p = float("nan"), least
        kind = "the sides do not overlap, so p is the exact one of a permutation"
    elif _few_ranks(a, b):
        statistic, p = studentised_permutation(a, b, options.draws, rng)
        least = max(least, 1 / (options.draws + 1))
        kind = f"studentised permutation, {options.draws} shuffles, the observed one among them"
    else:
        found = stats.brunnermunzel(a, b)
        statistic, p = float(found.statistic), float(found.pvalue)
        kind, least = "t approximation", float("nan")
    return Finding(
        statistic=statistic,
        p=p,
        effect=effects.common_language(a, b),
        effect_name="cles",
        interval=common_language_interval(a, b),
        method=f"Brunner-Munzel, two-sided, {kind}; effect P(b > a) + P(b = a)/2; {NEWCOMBE}",
        p_least=least,
    )


def _brunner_munzel_p(a: Floats, b: Floats, draws: int, rng: np.random.Generator) -> float:
    """The p of ``brunner_munzel``."""
    from scipy import stats

    if _few_ranks(a, b):
        return studentised_permutation(a, b, draws, rng)[1]
    return float(stats.brunnermunzel(a, b).pvalue)


def _few_ranks(a: Floats, b: Floats) -> bool:
    from scipy import stats

    ranks = stats.rankdata(np.concatenate([a, b]))
    return are_few([ranks[: len(a)], ranks[len(a) :]])


def studentised_permutation(
    a: Floats, b: Floats, draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The Brunner-Munzel statistic, and the share of shuffles with one as large, it included."""
    values = np.concatenate([a, b])
    observed = float(studentised(values, len(a), np.arange(len(a))[None])[0])
    drawn = (
        studentised(values, len(a), order[:, : len(a)]) for order in orders(len(values), draws, rng)
    )
    return observed, share_as_far(observed, drawn, draws)


def studentised(values: Floats, n_a: int, first: Ints) -> Floats:
    """The Brunner-Munzel statistic with some values as side a and the others as side b.

    Infinite, with its sign, where the sides do not overlap.

    Args:
        values: All values.
        n_a: Size of side a.
        first: Places of side a, shape (draws, n_a).
    """
    n, n_b = len(values), len(values) - n_a
    place = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    in_a = np.zeros((len(first), n), dtype=bool)
    np.put_along_axis(in_a, place[first], True, axis=1)
    ordered = np.sort(values)
    start, end = (np.searchsorted(ordered, ordered, side=side) for side in ("left", "right"))
    # How many of a lie below each value, those that are tied with it by half.
    of_a = np.concatenate([np.zeros((len(first), 1)), np.cumsum(in_a, axis=1)], axis=1)
    below_a = (of_a[:, start] + of_a[:, end]) / 2
    below_b = (start + end) / 2 - below_a
    # How much of the other side lies below each value.
    other = np.where(in_a, below_b / n_b, below_a / n_a)
    mean_a = (other * in_a).sum(axis=1) / n_a
    mean_b = (other * ~in_a).sum(axis=1) / n_b
    var_a = (np.where(in_a, other - mean_a[:, None], 0.0) ** 2).sum(axis=1) / (n_a - 1)
    var_b = (np.where(in_a, 0.0, other - mean_b[:, None]) ** 2).sum(axis=1) / (n_b - 1)
    error = np.sqrt(var_a / n_a + var_b / n_b)
    effect = mean_b - 0.5
    flat = error < 1e-12
    infinite = np.where(np.abs(effect) < 1e-12, 0.0, np.copysign(np.inf, effect))
    return np.asarray(np.where(flat, infinite, effect / np.where(flat, 1.0, error)))


@contrast_test(
    title="whether any of several conditions tends to other values than the rest",
    effect="eta_squared_h",
    source="Kruskal and Wallis (1952); Tomczak and Tomczak (2014) for the effect size.",
    avoid="Says that some condition differs, not which, and a spread that differs is enough where "
    "conditions have unequal numbers of episodes: look at each two by brunner_munzel.",
    many=True,
)
def kruskal_wallis(
    sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator
) -> Finding:
    """Kruskal-Wallis H over all conditions at once."""
    from scipy import stats

    groups = [side.values for side in sides]
    n = sum(len(group) for group in groups)
    h, p = stats.kruskal(*groups)
    kind = "chi-squared approximation"
    if _tied(groups):
        kind, p = SHUFFLED, _tied_p(groups, rng)
    return Finding(
        statistic=float(h),
        p=float(p),
        effect=effects.eta_squared_h(float(h), len(groups), n),
        effect_name="eta_squared_h",
        method=f"Kruskal-Wallis over {len(groups)} conditions, {kind}; "
        "effect (H - k + 1)/(n - k), which has no direction",
    )
