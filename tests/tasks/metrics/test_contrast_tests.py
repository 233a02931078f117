"""Tests of contrasts against their oracles."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.sample import Finding, Side
from tasks.metrics.statistics import effects

RNG = np.random.default_rng(5)
A, B = RNG.normal(0, 1, 21), RNG.normal(0.8, 1.4, 19)
floats = hnp.arrays(float, st.integers(2, 12), elements=st.integers(-3, 3).map(float))


def side(name: str, values: np.ndarray, seats: int = 1) -> Side:
    n = len(values) // seats
    return Side(
        condition=name,
        values=values,
        replicates=np.repeat(np.arange(n), seats),
        runs=tuple(f"{name}{r}" for r in np.repeat(np.arange(n), seats)),
        subjects=tuple(str(s) for s in np.tile(np.arange(seats), n)),
    )


def run(test: str, *values: np.ndarray, seats: int = 1, **options: object) -> Finding:
    declared = TESTS[test]
    sides = tuple(side("abcd"[i], one, seats) for i, one in enumerate(values))
    return declared.compute(sides, declared.options(**options), np.random.default_rng(0))


def test_mann_whitney_is_that_of_scipy() -> None:
    found = run("mann_whitney", A, B)
    theirs = stats.mannwhitneyu(A, B, method="exact")
    assert found.p == pytest.approx(theirs.pvalue, abs=1e-12)
    assert found.effect == pytest.approx(1 - 2 * theirs.statistic / (len(A) * len(B)), abs=1e-12)
    assert found.effect > 0
    assert found.interval[0] < found.effect < found.interval[1]


@settings(deadline=None, max_examples=60)
@given(floats, floats)
def test_rank_biserial_is_one_less_twice_u_also_with_ties(a: np.ndarray, b: np.ndarray) -> None:
    u = stats.mannwhitneyu(a, b, method="asymptotic").statistic
    assert effects.rank_biserial(a, b) == pytest.approx(1 - 2 * u / (len(a) * len(b)), abs=1e-12)
    assert effects.rank_biserial(a, b) == pytest.approx(-effects.rank_biserial(b, a), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(floats, floats)
def test_resampled_effects_are_the_effects_of_resamples(a: np.ndarray, b: np.ndarray) -> None:
    from tasks.metrics.statistics.bootstrap import run_weights

    wa, wb = run_weights(len(a), 100, "a"), run_weights(len(b), 100, "b")
    ranks = effects.rank_biserial_draws(a, b, 100)
    means = effects.mean_difference_draws(a, b, 100)
    g = effects.hedges_g_draws(a, b, 100)
    for i in range(0, 100, 33):
        x, y = np.repeat(a, wa[i].astype(int)), np.repeat(b, wb[i].astype(int))
        assert ranks[i] == pytest.approx(effects.rank_biserial(x, y), abs=1e-9)
        assert means[i] == pytest.approx(effects.mean_difference(x, y), abs=1e-9)
        assert g[i] == pytest.approx(effects.hedges_g(x, y), abs=1e-6, nan_ok=True)


def test_effect_of_mann_whitney_is_not_z_over_root_n() -> None:
    found = run("mann_whitney", A, A + 1.7)
    z = stats.norm.isf(found.p / 2)
    assert found.effect - z / np.sqrt(2 * len(A)) > 0.05


def test_brunner_munzel_is_that_of_scipy() -> None:
    found, theirs = run("brunner_munzel", A, B), stats.brunnermunzel(A, B)
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert found.effect == pytest.approx((effects.rank_biserial(A, B) + 1) / 2)


def test_sides_without_overlap_have_no_brunner_munzel_p_and_say_so() -> None:
    found = run("brunner_munzel", np.arange(5.0), np.arange(10.0, 15.0))
    assert np.isnan(found.p)
    assert "do not overlap" in found.warning


def test_kruskal_wallis_is_that_of_scipy() -> None:
    c = RNG.normal(0, 1, 15)
    found, theirs = run("kruskal_wallis", A, B, c), stats.kruskal(A, B, c)
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert found.effect == pytest.approx(theirs.statistic / (len(A) + len(B) + len(c) - 1))


def test_wilcoxon_pairs_by_replicate() -> None:
    found, theirs = run("wilcoxon", A[:15], B[:15]), stats.wilcoxon(B[:15] - A[:15])
    assert found.p == pytest.approx(theirs.pvalue, abs=1e-12)
    assert "5 runs" not in found.warning
    assert "6 runs" in run("wilcoxon", A, B[:15]).warning


def test_permutation_is_that_of_scipy_within_its_noise() -> None:
    found = run("permutation", A, B, draws=20_000)
    theirs = stats.permutation_test(
        (A, B), lambda x, y: y.mean() - x.mean(), n_resamples=20_000, rng=np.random.default_rng(1)
    )
    assert found.p == pytest.approx(theirs.pvalue, abs=0.015)
    assert found.effect == pytest.approx(B.mean() - A.mean(), abs=1e-12)


def test_a_restricted_shuffle_uses_the_pairing() -> None:
    level = np.random.default_rng(2).normal(0, 10, 12)
    a, b = level, level + 0.5 + np.random.default_rng(3).normal(0, 0.1, 12)
    assert run("permutation", a, b).p > 0.5
    blocked = run("permutation", a, b, block="replicate").p
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y: y.mean() - x.mean(),
        permutation_type="samples",
        n_resamples=9999,
        rng=np.random.default_rng(1),
    )
    assert blocked == pytest.approx(theirs.pvalue, abs=0.002)


def test_welch_is_that_of_scipy() -> None:
    found, theirs = run("welch", A, B), stats.ttest_ind(B, A, equal_var=False)
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert found.effect_name == "hedges_g"


@pytest.mark.parametrize("test", ["cluster_robust", "mixed_model", "gee"])
def test_models_over_seats_find_the_difference_of_means(test: str) -> None:
    rng = np.random.default_rng(8)
    level = np.repeat(rng.normal(0, 1, 40), 4)
    a = level + rng.normal(0, 1, 160)
    b = np.repeat(rng.normal(1.5, 1, 40), 4) + rng.normal(0, 1, 160)
    found = run(test, a, b, seats=4)
    assert found.effect == pytest.approx(b.mean() - a.mean(), abs=1e-6)
    assert found.interval[0] < 1.5 < found.interval[1]
    assert found.p < 0.001


def test_cluster_robust_is_that_of_the_formula_interface() -> None:
    import pandas as pd

    rng = np.random.default_rng(8)
    a, b = rng.normal(0, 1, 40), rng.normal(0.4, 1, 40)
    frame = pd.DataFrame(
        {"y": np.r_[a, b], "x": np.repeat([0, 1], 40), "run": np.repeat(np.arange(20), 4)}
    )
    theirs = smf.ols("y ~ x", frame).fit(
        cov_type="cluster", cov_kwds={"groups": frame["run"]}, use_t=True
    )
    assert run("cluster_robust", a, b, seats=4).p == pytest.approx(theirs.pvalues["x"], abs=1e-9)


def test_equivalence_is_shown_within_the_margin_only() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, 60), rng.normal(0, 1, 60)
    assert run("equivalence", a, b, margin=1.0).p < 0.01
    assert run("equivalence", a, b, margin=0.05).p > 0.05
    lower = stats.ttest_ind(b + 1, a, equal_var=False, alternative="greater").pvalue
    upper = stats.ttest_ind(b - 1, a, equal_var=False, alternative="less").pvalue
    assert run("equivalence", a, b, margin=1.0).p == pytest.approx(max(lower, upper), abs=1e-12)
