"""Tests of contrasts against their oracles."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from tasks.metrics.contrasts import shuffles
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.inverted import Difference, Shuffles, difference_of_means
from tasks.metrics.contrasts.sample import Finding, Side
from tasks.metrics.contrasts.shuffles import studentised_difference
from tasks.metrics.statistics import effect_intervals, effects
from tasks.metrics.statistics.proportions import newcombe_p

RNG = np.random.default_rng(5)
A, B = RNG.normal(0, 1, 21), RNG.normal(0.8, 1.4, 19)
floats = hnp.arrays(float, st.integers(2, 12), elements=st.integers(-3, 3).map(float))


def side(name: str, values: np.ndarray, seats: int = 1) -> Side:
    n = len(values) // seats
    return Side(
        condition=name,
        values=values,
        replicates=np.repeat(np.arange(n), seats),
        episodes=tuple(f"{name}{r}" for r in np.repeat(np.arange(n), seats)),
        subjects=tuple(str(s) for s in np.tile(np.arange(seats), n)),
    )


def episode(test: str, *values: np.ndarray, seats: int = 1, **options: object) -> Finding:
    declared = TESTS[test]
    sides = tuple(side("abcd"[i], one, seats) for i, one in enumerate(values))
    return declared.compute(sides, declared.options(**options), np.random.default_rng(0))


def test_mann_whitney_is_that_of_scipy() -> None:
    found = episode("mann_whitney", A, B)
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


def test_effect_of_mann_whitney_is_not_z_over_root_n() -> None:
    found = episode("mann_whitney", A, A + 1.7)
    z = stats.norm.isf(found.p / 2)
    assert found.effect - z / np.sqrt(2 * len(A)) > 0.05


def test_brunner_munzel_is_that_of_scipy() -> None:
    a, b = RNG.normal(0, 1, 50), RNG.normal(0.3, 2, 60)
    found, theirs = episode("brunner_munzel", a, b), stats.brunnermunzel(a, b)
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert found.effect == pytest.approx((effects.rank_biserial(a, b) + 1) / 2)


def _every_arrangement(a: np.ndarray, b: np.ndarray) -> float:
    """The p of the Brunner-Munzel statistic over all arrangements, one by one with scipy."""
    values = np.concatenate([a, b])

    def statistic(first: tuple[int, ...]) -> float:
        rest = [i for i in range(len(values)) if i not in first]
        x, y = values[list(first)], values[rest]
        if x.max() < y.min() or y.max() < x.min():
            return np.inf
        with np.errstate(all="ignore"):
            return abs(float(stats.brunnermunzel(x, y).statistic))

    arrangements = list(itertools.combinations(range(len(values)), len(a)))
    observed = statistic(tuple(range(len(a))))
    return float(np.mean([statistic(one) >= observed - 1e-9 for one in arrangements]))


@pytest.mark.parametrize("seed", range(4))
def test_brunner_munzel_of_few_episodes_is_a_studentised_permutation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 1, 5), rng.normal(0.7, 2, 6)
    found = episode("brunner_munzel", a, b, draws=40_000)
    assert found.statistic == pytest.approx(stats.brunnermunzel(a, b).statistic, abs=1e-9)
    assert found.p == pytest.approx(_every_arrangement(a, b), abs=0.01)
    assert "studentised permutation" in found.method


@pytest.mark.parametrize(("n_a", "n_b"), [(4, 5), (12, 12)])
def test_sides_without_overlap_have_the_p_of_a_permutation(n_a: int, n_b: int) -> None:
    a, b = np.arange(float(n_a)), np.arange(100.0, 100.0 + n_b)
    found = episode("brunner_munzel", a, b)
    assert found.p == pytest.approx(2 / math.comb(n_a + n_b, n_a))
    assert found.p == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue)
    assert "do not overlap" in found.method
    if n_a < 6:
        assert found.p == pytest.approx(_every_arrangement(a, b))


def test_sides_that_do_not_vary_but_differ_have_the_p_of_a_permutation() -> None:
    a, b = np.zeros(6), np.ones(6)
    found = episode("welch", a, b)
    assert found.p == pytest.approx(2 / math.comb(12, 6))
    assert "no episode differs from another of its side" in found.method
    shares = [np.tile(one, 6) for one in ([0.2, 0.4], [0.5, 0.9])]
    for test in ("cluster_robust", "gee", "mixed_model"):
        found = episode(test, *shares, seats=2)
        assert found.p == pytest.approx(2 / math.comb(12, 6))
        assert found.effect == pytest.approx(0.4)


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 30), st.integers(3, 30), st.floats(-4, 4), st.integers(0, 99))
def test_ends_of_hedges_g_are_noncentralities_of_the_observed_t(
    n_a: int, n_b: int, shift: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 1, n_a), rng.normal(shift, 1, n_b)
    scale, df = np.sqrt(1 / n_a + 1 / n_b), n_a + n_b - 2
    low, high = effect_intervals.hedges_g_interval(a, b)
    t = stats.ttest_ind(b, a).statistic
    factor = scale * effects.hedges_correction(df)
    assert stats.nct.cdf(t, df, low / factor) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(t, df, high / factor) == pytest.approx(0.025, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(floats, floats)
def test_bounds_of_rank_biserial_are_where_its_score_is_a_normal_quantile(
    a: np.ndarray, b: np.ndarray
) -> None:
    theta = effects.common_language(a, b)
    ends = effect_intervals.common_language_interval(a, b)
    assert 0 <= ends[0] <= theta + 1e-9
    assert theta - 1e-9 <= ends[1] <= 1
    assert ends[1] - ends[0] > 0.1
    mirrored = effect_intervals.common_language_interval(b, a)
    assert mirrored == pytest.approx((1 - ends[1], 1 - ends[0]), abs=1e-9)
    m, n = len(a), len(b)
    for end in ends:
        if 0 < end < 1:
            # Newcombe (2006), part 2, method 5, written out.
            n_star = (m + n) / 2 - 1
            q1, q2 = end / (2 - end), 2 * end**2 / (1 + end)
            hanley = (end * (1 - end) + n_star * (q1 + q2 - 2 * end**2)) / (m * n)
            assert abs(theta - end) == pytest.approx(1.959964 * np.sqrt(hanley), abs=1e-5)


def test_the_interval_of_a_difference_of_shares_is_newcombes() -> None:
    # Newcombe (1998), example (a): 56 of 70 and 48 of 80.
    a, b = np.repeat([1.0, 0.0], [48, 32]), np.repeat([1.0, 0.0], [56, 14])
    assert episode("permutation", a, b, draws=99).interval == pytest.approx(
        (0.0524, 0.3339), abs=1e-4
    )


def test_the_smallest_possible_p_is_known() -> None:
    a, b = np.arange(3.0), np.arange(3.0, 6.0)
    assert episode("mann_whitney", a, b).p_least == pytest.approx(0.1)
    assert episode("mann_whitney", a, b).p == pytest.approx(0.1)
    assert episode("permutation", a, b).p_least == pytest.approx(0.1)
    assert episode("permutation", a, b, block="replicate").p_least == pytest.approx(2 / 8)
    assert episode("permutation", np.arange(40.0), np.arange(40.0), draws=99).p_least == 0.01
    assert episode("wilcoxon", a, b).p_least == pytest.approx(0.25)
    assert episode("wilcoxon", a, b).p == pytest.approx(0.25)


def test_kruskal_wallis_is_that_of_scipy() -> None:
    c = RNG.normal(0, 1, 15)
    found, theirs = episode("kruskal_wallis", A, B, c), stats.kruskal(A, B, c)
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    # Of ranks, H is (n - 1) times the share of their variance between groups.
    n, k = len(A) + len(B) + len(c), 3
    share = theirs.statistic / (n - 1)
    assert found.effect == pytest.approx(1 - (1 - share) * (n - 1) / (n - k), abs=1e-12)


@pytest.mark.parametrize("test", ["mann_whitney", "kruskal_wallis"])
def test_tied_ranks_have_the_p_of_all_arrangements(test: str) -> None:
    a, b = np.array([0.0, 0, 0, 1, 2]), np.array([0.0, 1, 1, 2, 2, 3])
    ranks = stats.rankdata(np.r_[a, b])
    sums = [ranks[list(one)].sum() for one in itertools.combinations(range(11), 5)]
    far = abs(ranks[:5].sum() - 30)
    exact = np.mean([abs(one - 30) >= far - 1e-9 for one in sums])
    found = episode(test, a, b)
    assert found.p == pytest.approx(exact, abs=0.015)
    assert "as values are tied" in found.method


@pytest.mark.parametrize("test", ["mann_whitney", "kruskal_wallis", "brunner_munzel"])
def test_one_rare_value_on_the_smaller_side_is_no_evidence(test: str) -> None:
    a, b = np.zeros(30), np.r_[np.zeros(4), 1.0]
    # In 5 of 35 arrangements the one lies on the smaller side.
    assert episode(test, a, b).p > 0.1


@pytest.mark.parametrize("test", ["welch", "permutation", "brunner_munzel", "cluster_robust"])
def test_a_rare_value_among_many_episodes_is_no_evidence(test: str) -> None:
    a, b = np.zeros(60), np.r_[np.ones(5), np.zeros(400)]
    # In half of all arrangements the five are all in b.
    assert episode(test, a, b).p > 0.4


@pytest.mark.parametrize("statistic", ["mean_difference", "rank_biserial"])
def test_a_spread_that_differs_is_no_difference_of_a_permutation(statistic: str) -> None:
    rng, found = np.random.default_rng(4), []
    for _ in range(60):
        a, b = rng.normal(0, 3, 6), rng.normal(0, 1, 36)
        found.append(episode("permutation", a, b, statistic=statistic, draws=199).p)
    assert np.mean(np.array(found) < 0.05) < 0.15


def test_mann_whitney_warns_where_spreads_may_be_all_that_differs() -> None:
    rng = np.random.default_rng(3)
    warned = []
    for _ in range(40):
        found = episode("mann_whitney", rng.normal(0, 5, 12), rng.normal(0, 1, 72))
        if found.p < 0.05:
            warned.append("lets the spreads differ" in found.warning)
    assert len(warned) > 2
    assert np.mean(warned) > 0.5
    assert not episode("mann_whitney", A, B + 1).warning


def test_wilcoxon_pairs_by_replicate() -> None:
    found, theirs = episode("wilcoxon", A[:15], B[:15]), stats.wilcoxon(B[:15] - A[:15])
    assert found.p == pytest.approx(theirs.pvalue, abs=1e-12)
    assert "5 episodes" not in found.warning
    assert "6 episodes" in episode("wilcoxon", A, B[:15]).warning


def test_permutation_is_that_of_scipy_within_its_noise() -> None:
    found = episode("permutation", A, B, draws=20_000)
    theirs = stats.permutation_test(
        (A, B),
        lambda x, y, axis: stats.ttest_ind(y, x, equal_var=False, axis=axis).statistic,
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert found.p == pytest.approx(theirs.pvalue, abs=0.015)
    assert found.effect == pytest.approx(B.mean() - A.mean(), abs=1e-12)


def test_a_restricted_shuffle_uses_the_pairing() -> None:
    level = np.random.default_rng(2).normal(0, 10, 12)
    a, b = level, level + 0.5 + np.random.default_rng(3).normal(0, 0.1, 12)
    assert episode("permutation", a, b).p > 0.5
    blocked = episode("permutation", a, b, block="replicate").p
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y: y.mean() - x.mean(),
        permutation_type="samples",
        n_resamples=9999,
        rng=np.random.default_rng(1),
    )
    assert blocked == pytest.approx(theirs.pvalue, abs=0.002)


def test_welch_is_that_of_scipy_and_of_its_permutation_where_episodes_are_few() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(0, 1, 60), rng.normal(0.3, 2, 80)
    many, theirs = episode("welch", a, b), stats.ttest_ind(b, a, equal_var=False)
    assert (many.statistic, many.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    few = episode("welch", A, B)
    exact = stats.permutation_test(
        (B, A),
        lambda b, a, axis: stats.ttest_ind(b, a, equal_var=False, axis=axis).statistic,
        vectorized=True,
        n_resamples=99_999,
        rng=rng,
    )
    assert few.statistic == pytest.approx(exact.statistic)
    assert few.p == pytest.approx(exact.pvalue, abs=0.01)
    assert few.effect_name == "hedges_g"


@pytest.mark.parametrize(("test", "seats"), [("welch", 1), ("cluster_robust", 4), ("gee", 4)])
@pytest.mark.parametrize("values", ["rare", "skewed"])
def test_few_episodes_against_many_are_told_apart_no_more_often_than_p_allows(
    test: str, seats: int, values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shuffles, "DRAWS", 299)
    rng, studies, rejected = np.random.default_rng(9), 60, 0
    for _ in range(studies):
        sides = [
            rng.binomial(1, 0.15, n * seats).astype(float)
            if values == "rare"
            else np.repeat(np.exp(rng.normal(size=n)), seats) + rng.random(n * seats)
            for n in (5, 30)
        ]
        rejected += episode(test, *sides, seats=seats).p <= 0.05
    assert rejected <= stats.binom.ppf(1 - 1e-4, studies, 0.05)


def test_equivalence_at_the_margin_is_found_no_more_often_than_p_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shuffles, "DRAWS", 299)
    rng, studies, found = np.random.default_rng(9), 100, np.zeros(2)
    for _ in range(studies):
        for which, (n_a, n_b) in enumerate(((30, 5), (5, 30))):
            a, b = np.exp(rng.normal(size=n_a)), np.exp(rng.normal(size=n_b)) + 2
            # With Student's t one of these is found in a fifth of studies, the other in none.
            found[which] += episode("equivalence", a, b, margin=2).p <= 0.05
    assert (found <= stats.binom.ppf(1 - 1e-4, studies, 0.06)).all()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("n", [12, 20])
def test_equivalence_of_shares_holds_at_the_margin(share: float, n: int) -> None:
    margin, hits = 0.3, np.arange(n + 1)
    chance = np.outer(stats.binom.pmf(hits, n, share), stats.binom.pmf(hits, n, share + margin))
    p = [[newcombe_p(x, n, y, n, margin) for y in hits.tolist()] for x in hits.tolist()]
    assert chance[np.array(p) <= 0.05].sum() <= 0.072
    few, many = np.repeat([1.0, 0.0], [2, n - 2]), np.repeat([3.0, 1.0], [4, n - 4])
    assert episode("equivalence", few, few, margin=0.9).p < 0.001
    # In units of the values: 2 apart, of which shares are a half.
    ends = [newcombe_p(4, n, 4, n, 0.5), episode("equivalence", many, many, margin=1).p]
    assert ends[0] == pytest.approx(ends[1])


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(int, st.integers(2, 9), elements=st.integers(-3, 3)))
def test_wilcoxon_of_few_pairs_counts_all_signs_tied_or_not(differences: np.ndarray) -> None:
    there = differences[differences != 0]
    if not len(there):
        return
    # Tenths, whose differences from .7 are not those of whole numbers.
    found = episode("wilcoxon", np.full(len(differences), 0.7), 0.7 + differences / 10)
    ranks = stats.rankdata(np.abs(there))
    sums = [ranks[list(up)] @ np.ones(len(up)) if up else 0.0 for up in _subsets(len(there))]
    whole = ranks.sum()
    least = min(ranks[there > 0].sum(), ranks[there < 0].sum())
    assert found.statistic == least
    assert found.p == pytest.approx(np.mean([min(one, whole - one) <= least for one in sums]))


def _subsets(n: int) -> list[tuple[int, ...]]:
    return [one for size in range(n + 1) for one in itertools.combinations(range(n), size)]


def shuffled(a: np.ndarray, b: np.ndarray) -> Difference:
    return difference_of_means(a, b, Shuffles.of_values(a, b, np.random.default_rng(0)))


def test_the_interval_of_a_difference_holds_what_all_shuffles_do_not_reject() -> None:
    a, b = np.array([0.3, 1.1, 9.0, 2.0, 0.7]), np.array([4.0, 2.5, 12.0, 3.1, 5.0])
    low, high = shuffled(a, b).ends

    def p(apart: float) -> float:
        return float(
            stats.permutation_test(
                (a, b - apart),
                lambda a, b, axis: stats.ttest_ind(b, a, equal_var=False, axis=axis).statistic,
                vectorized=True,
            ).pvalue
        )

    width = high - low
    assert p(low + 0.03 * width) >= 0.05 > p(low - 0.03 * width)
    assert p(high - 0.03 * width) >= 0.05 > p(high + 0.03 * width)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_an_interval_without_zero_and_a_small_p_say_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(size=(2, 9, 2)) + np.array([0.0, 1.0])[:, None, None]
    found = episode("cluster_robust", a.ravel(), b.ravel(), seats=2)
    low, high = found.interval
    assert (found.p < 0.05) == (not low < 0 < high)
    assert low < found.effect < high


def test_intervals_of_few_or_skewed_episodes_say_so() -> None:
    few, even = np.array([0.1, 0.5, 0.3, 0.4]), np.linspace(0, 1, 12)
    assert "rests on 4 and 12 episodes" in shuffled(few, even).warning
    assert shuffled(even, even + 1).warning == ""
    assert "values are skewed" in shuffled(even, np.exp(4 * even)).warning


@pytest.mark.parametrize("test", ["cluster_robust", "mixed_model", "gee"])
def test_models_over_seats_find_the_difference_of_means(test: str) -> None:
    rng = np.random.default_rng(8)
    level = np.repeat(rng.normal(0, 1, 40), 4)
    a = level + rng.normal(0, 1, 160)
    b = np.repeat(rng.normal(1.5, 1, 40), 4) + rng.normal(0, 1, 160)
    found = episode(test, a, b, seats=4)
    assert found.effect == pytest.approx(b.mean() - a.mean(), abs=1e-6)
    assert found.interval[0] < 1.5 < found.interval[1]
    assert found.p < 0.001


def test_cluster_robust_is_that_of_the_formula_interface() -> None:
    import pandas as pd

    rng = np.random.default_rng(8)
    a, b = rng.normal(0, 1, 240), rng.normal(0.1, 1, 240)
    frame = pd.DataFrame(
        {"y": np.r_[a, b], "x": np.repeat([0, 1], 240), "episode": np.repeat(np.arange(120), 4)}
    )
    theirs = smf.ols("y ~ x", frame).fit(
        cov_type="cluster", cov_kwds={"groups": frame["episode"]}, use_t=True
    )
    found = episode("cluster_robust", a, b, seats=4)
    assert found.statistic == pytest.approx(theirs.tvalues["x"], abs=1e-9)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(theirs.tvalues["x"]), 118), abs=1e-12)


def test_shuffles_of_few_episodes_are_ranked_as_cluster_robust_ranks_them() -> None:
    rng = np.random.default_rng(8)
    sums, sizes = rng.normal(0, 2, (6, 9)), np.array([[3.0, 1, 4, 1, 5, 2, 6, 5, 3]] * 6)
    mine = studentised_difference(sums, sizes, 4, welch=False)
    theirs = []
    for total, size in zip(sums, sizes.astype(int), strict=True):
        # Whatever the values of an episode are, their sum and number decide.
        y = np.repeat(total / size, size)
        in_b = np.repeat(np.arange(9) >= 4, size)
        clusters = {"groups": np.repeat(np.arange(9), size)}
        fitted = sm.OLS(y, sm.add_constant(in_b.astype(float))).fit(
            cov_type="cluster", cov_kwds=clusters
        )
        theirs.append(float(fitted.tvalues[1]))
    assert mine / theirs == pytest.approx(np.full(6, mine[0] / theirs[0]))


def test_models_over_seats_are_those_of_their_formula_interfaces() -> None:
    import pandas as pd
    import statsmodels.api as sm

    rng = np.random.default_rng(9)
    a = np.repeat(rng.normal(0, 1, 12), 4) + rng.normal(0, 1, 48)
    b = np.repeat(rng.normal(0.4, 1, 12), 4) + rng.normal(0, 1, 48)
    frame = pd.DataFrame(
        {"y": np.r_[a, b], "x": np.repeat([0, 1], 48), "episode": np.repeat(np.arange(24), 4)}
    )
    mixed = smf.mixedlm("y ~ x", frame, groups=frame["episode"]).fit(reml=True, method=["bfgs"])
    alike = sm.cov_struct.Exchangeable()
    equations = smf.gee("y ~ x", "episode", frame, cov_struct=alike).fit(cov_type="bias_reduced")
    means = [one.reshape(12, 4).mean(axis=1) for one in (a, b)]
    exact = stats.permutation_test(
        means,
        lambda a, b, axis: stats.ttest_ind(b, a, equal_var=False, axis=axis).statistic,
        vectorized=True,
        n_resamples=9999,
        rng=rng,
    )
    for test, theirs in (("mixed_model", mixed), ("gee", equations)):
        found = episode(test, a, b, seats=4)
        assert found.effect == pytest.approx(theirs.params["x"], abs=1e-6)
        assert found.statistic == pytest.approx(theirs.tvalues["x"], abs=1e-3)
        # Of equal seats, every weighting of episodes is the same.
        assert found.p == pytest.approx(exact.pvalue, abs=0.01)


def test_a_mixed_model_of_equal_seats_is_students_t_of_episode_means() -> None:
    rng = np.random.default_rng(10)
    levels = rng.normal(0, 1, 24)
    seats = np.repeat(levels, 4) + np.tile([-0.1, 0.1, 0.2, -0.2], 24)
    found = episode("mixed_model", seats[:48], seats[48:], seats=4)
    theirs = stats.ttest_ind(levels[12:], levels[:12])
    assert found.statistic == pytest.approx(theirs.statistic, abs=1e-3)
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval()), abs=0.05)


def test_what_an_optimiser_says_is_no_warning() -> None:
    rng = np.random.default_rng(11)
    alike = [rng.permuted(np.tile([1.0, 2.0, 3.0, 4.0], (12, 1)), axis=1) for _ in range(2)]
    alike[1][0, 0] += 0.01
    found = episode("mixed_model", *(one.ravel() for one in alike), seats=4)
    assert "converge" not in found.warning
    assert "episodes do not differ beyond what their seats do" in found.method


@pytest.mark.parametrize("seed", range(12))
def test_a_mixed_model_is_that_of_its_closed_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = rng.normal(0, 0.4 * (seed % 3), (24, 1))
    seats = levels + rng.normal(0, 1, (24, 4))
    found = episode("mixed_model", seats[:12].ravel(), seats[12:].ravel(), seats=4)
    means = seats.mean(axis=1)
    sides = means[:12] - means[:12].mean(), means[12:] - means[12:].mean()
    between = 4 * sum((side**2).sum() for side in sides) / 22
    within = ((seats - means[:, None]) ** 2).sum() / 72
    if between < within:  # The variance of episodes is estimated as 0, and all seats are pooled.
        between = (22 * between + 72 * within) / 94
        assert "episodes do not differ beyond what their seats do" in found.method
    t = (means[12:].mean() - means[:12].mean()) / np.sqrt(between / 4 / 6)
    assert found.statistic == pytest.approx(t, abs=1e-3)
    assert "converge" not in found.warning


def test_equivalence_is_shown_within_the_margin_only() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, 60), rng.normal(0, 1, 60)
    assert episode("equivalence", a, b, margin=1.0).p < 0.01
    assert episode("equivalence", a, b, margin=0.05).p > 0.05
    lower = stats.ttest_ind(b + 1, a, equal_var=False, alternative="greater").pvalue
    upper = stats.ttest_ind(b - 1, a, equal_var=False, alternative="less").pvalue
    assert episode("equivalence", a, b, margin=1.0).p == pytest.approx(max(lower, upper), abs=1e-12)
