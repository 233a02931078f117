"""Agreement statistics against their oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as sm_fleiss

from tasks.metrics.statistics import icc
from tasks.metrics.statistics import many_raters as many
from tasks.metrics.statistics import two_raters as two

NAN = float("nan")
#: Krippendorff (2011), p. 1 of the general case: four observers, twelve units.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T
#: Shrout and Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=5, max_size=60))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = map(list, zip(*pairs, strict=True))
    table = two.cross_tables(first, second, [0] * len(pairs), 3)[0]
    for power, weights in ((0, None), (1, "linear"), (2, "quadratic")):
        mine = float(two.cohen_kappa(table, power))
        if len({*first, *second}) == 1:
            assert np.isnan(mine)
            continue
        theirs = sk.cohen_kappa_score(first, second, weights=weights, labels=[0, 1, 2])
        assert mine == pytest.approx(theirs, abs=1e-9)


def test_kappa_and_its_oracle_in_statsmodels() -> None:
    table = np.array([[22, 7, 3], [4, 31, 5], [1, 2, 25]], float)
    assert float(two.cohen_kappa(table)) == pytest.approx(cohens_kappa(table).kappa, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60))
def test_scores_against_gold_are_those_of_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    gold, found = map(list, zip(*pairs, strict=True))
    table = two.cross_tables(gold, found, [0] * len(pairs), 2)[0]
    for mine, theirs in (
        (two.precision, sk.precision_score),
        (two.recall, sk.recall_score),
        (two.f1, sk.f1_score),
        (two.matthews, sk.matthews_corrcoef),
    ):
        value = float(mine(table))
        if np.isfinite(value):
            expected = (
                theirs(gold, found)
                if theirs is sk.matthews_corrcoef
                else theirs(gold, found, zero_division=0)
            )
            assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_is_that_of_krippendorffs_example(level: many.Level, expected: float) -> None:
    counts = many.category_counts(KRIPPENDORFF)
    matrix = many.coincidences(counts.counts).sum(axis=0)
    alpha = float(many.krippendorff_alpha(matrix, counts.values, level))
    assert alpha == pytest.approx(expected, abs=5e-4)


def test_fleiss_kappa_is_that_of_statsmodels() -> None:
    ratings = np.random.default_rng(3).integers(0, 3, size=(40, 5)).astype(float)
    sums = many.agreement_sums(many.category_counts(ratings).counts).sum(axis=0)
    expected = sm_fleiss(aggregate_raters(ratings.astype(int))[0])
    assert float(many.fleiss_kappa(sums)) == pytest.approx(expected, abs=1e-12)


def test_ac1_of_two_raters_is_the_same_by_both_roads() -> None:
    table = np.array([[118, 5], [2, 0]], float)
    ratings = np.array([[0, 0]] * 118 + [[0, 1]] * 5 + [[1, 0]] * 2, float)
    sums = many.agreement_sums(many.category_counts(ratings).counts).sum(axis=0)
    assert float(many.gwet_ac1_many(sums)) == pytest.approx(float(two.gwet_ac1(table)), abs=1e-12)


def test_ac1_does_not_fall_with_prevalence_as_kappa_does() -> None:
    # Gwet (2008), table 2 after Feinstein and Cicchetti: 118, 5, 2, 0.
    table = np.array([[118, 5], [2, 0]], float)
    assert float(two.cohen_kappa(table)) == pytest.approx(-0.0234, abs=1e-4)
    assert float(two.gwet_ac1(table)) == pytest.approx(0.9408, abs=1e-4)


def test_icc_is_that_of_shrout_and_fleiss() -> None:
    found = dict(
        zip(icc.FORMS, icc.intraclass(icc.icc_sums(SHROUT_FLEISS).sum(axis=0)), strict=True)
    )
    assert {name: round(float(value), 2) for name, value in found.items()} == {
        "icc_1_1": 0.17,
        "icc_1_k": 0.44,
        "icc_a_1": 0.29,
        "icc_a_k": 0.62,
        "icc_c_1": 0.71,
        "icc_c_k": 0.91,
    }


def test_statistics_are_vectorised_over_resamples() -> None:
    tables = np.random.default_rng(1).integers(1, 9, size=(7, 2, 2)).astype(float)
    for statistic in (two.cohen_kappa, two.gwet_ac1, two.pabak, two.matthews, two.specificity):
        one_by_one = [float(statistic(table)) for table in tables]
        assert statistic(tables) == pytest.approx(one_by_one)
