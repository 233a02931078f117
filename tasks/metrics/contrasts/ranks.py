"""Rank tests of two or more conditions."""

from __future__ import annotations

import numpy as np

from tasks.metrics.contrasts.sample import Finding, Side, TestOptions, TooFewRuns, contrast_test
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.arrays import Floats

SIGN = "positive: b has the larger values"


@contrast_test(
    title="whether values of b tend to be larger or smaller than those of a",
    effect="rank_biserial",
    source="Mann and Whitney (1947); Kerby (2014) for the effect size.",
    avoid="Not a test of medians or means where the shapes differ; use brunner_munzel where "
    "the spreads do. With 3 runs a side no p below .1 can come out.",
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
    draws = effects.rank_biserial_draws(a, b, options.resamples)
    kind = "exact" if exact else "normal approximation with tie correction"
    return Finding(
        statistic=float(found.statistic),
        p=float(found.pvalue),
        effect=effects.rank_biserial(a, b),
        effect_name="rank_biserial",
        interval=effects.effect_interval(draws, len(a), len(b)),
        method=f"Mann-Whitney U of a, two-sided, {kind}; rank-biserial 1 - 2U/(n_a n_b), {SIGN}",
    )


@contrast_test(
    title="whether P(b > a) + P(b = a)/2 is one half, spreads allowed to differ",
    effect="cles",
    source="Brunner and Munzel (2000).",
    avoid="Below ten runs a side its t approximation is rough; without overlap it has no p.",
)
def brunner_munzel(
    sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator
) -> Finding:
    """Brunner-Munzel test with the common-language effect size."""
    from scipy import stats

    a, b = sides[0].values, sides[1].values
    draws = (effects.rank_biserial_draws(a, b, options.resamples) + 1) / 2
    apart = a.max() < b.min() or b.max() < a.min()
    statistic, p, warning = float("nan"), float("nan"), ""
    if apart:
        warning = "the sides do not overlap, so the statistic has no variance and there is no p"
    else:
        found = stats.brunnermunzel(a, b)
        statistic, p = float(found.statistic), float(found.pvalue)
    return Finding(
        statistic=statistic,
        p=p,
        effect=effects.common_language(a, b),
        effect_name="cles",
        interval=effects.effect_interval(draws, len(a), len(b)),
        method="Brunner-Munzel, two-sided, t approximation; effect P(b > a) + P(b = a)/2",
        warning=warning,
    )


@contrast_test(
    title="whether any of several conditions tends to other values than the rest",
    effect="epsilon_squared",
    source="Kruskal and Wallis (1952).",
    avoid="Says that some condition differs, not which.",
    many=True,
)
def kruskal_wallis(
    sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator
) -> Finding:
    """Kruskal-Wallis H over all conditions at once."""
    from scipy import stats

    groups = [side.values for side in sides]
    n = sum(len(group) for group in groups)
    if len(np.unique(np.concatenate(groups))) == 1:
        return Finding(
            float("nan"), float("nan"), 0.0, "epsilon_squared", "undefined: all values are equal"
        )
    h, p = stats.kruskal(*groups)
    return Finding(
        statistic=float(h),
        p=float(p),
        effect=effects.epsilon_squared(float(h), n),
        effect_name="epsilon_squared",
        method=f"Kruskal-Wallis over {len(groups)} conditions, chi-squared approximation; "
        "effect H/(n - 1), which has no sign",
    )


def paired_differences(a: Side, b: Side) -> tuple[Floats, int]:
    """Differences b - a of runs with the same replicate, and how many runs have no partner."""
    left = dict(zip(a.replicates.tolist(), a.values.tolist(), strict=True))
    right = dict(zip(b.replicates.tolist(), b.values.tolist(), strict=True))
    both = sorted(left.keys() & right.keys())
    alone = len(left) + len(right) - 2 * len(both)
    return np.array([right[r] - left[r] for r in both], dtype=np.float64), alone


@contrast_test(
    title="whether runs of b differ from the runs of a with the same replicate",
    effect="matched_rank_biserial",
    source="Wilcoxon (1945); Kerby (2014).",
    avoid="Only where replicates are matched (same seeds, same personas); independent runs "
    "are not pairs.",
)
def wilcoxon(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Wilcoxon signed-rank test of runs paired by replicate."""
    from scipy import stats

    differences, alone = paired_differences(sides[0], sides[1])
    n = len(differences)
    if n < 2:
        raise TooFewRuns(f"wilcoxon needs at least 2 pairs of runs with the same replicate ({n})")
    statistic, p = float("nan"), 1.0
    if np.any(differences != 0):
        found = stats.wilcoxon(differences)
        statistic, p = float(found.statistic), float(found.pvalue)
    picks = rng.integers(0, n, size=(options.resamples, n))
    draws = np.array([effects.matched_rank_biserial(differences[pick]) for pick in picks])
    return Finding(
        statistic=statistic,
        p=p,
        effect=effects.matched_rank_biserial(differences),
        effect_name="matched_rank_biserial",
        interval=effects.effect_interval(draws, n),
        method=f"Wilcoxon signed ranks of {n} pairs with the same replicate, {SIGN}",
        warning=f"{alone} runs without a partner left out" if alone else "",
    )
