"""Conditional logit and shares of choices, against oracles and planted coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from tasks.metrics.catalogue import METRICS
from tasks.metrics.choices.terms import terms_of
from tasks.metrics.data import Data
from tasks.metrics.statistics.choice_effects import marginal_effects, shares
from tasks.metrics.statistics.conditional_logit import ChoiceSets, Fit, Undetermined, fitted
from tasks.metrics.worlds.choices import USUAL, shopping


def sets_of(n: int, beta: Any, seed: int, clusters: int = 40, shown: int = 5) -> ChoiceSets:
    """Choices by utility from sets of a size that differs."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, shown + 1, n)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    terms = rng.normal(size=(sizes.sum(), len(beta)))
    terms[:, -1] = rng.random(len(terms)) < 0.3
    noisy = terms @ np.asarray(beta) + rng.gumbel(size=len(terms))
    best = np.maximum.reduceat(noisy, starts)
    of_row = np.repeat(np.arange(n), sizes)
    return ChoiceSets(terms, noisy == best[of_row], starts, np.arange(n) % clusters)


def test_estimates_are_those_of_statsmodels() -> None:
    from statsmodels.discrete.conditional_models import ConditionalLogit

    sets = sets_of(400, [0.8, -1.2, 0.5], 1)
    ours = fitted(sets)
    theirs = ConditionalLogit(sets.chosen.astype(float), sets.terms, groups=sets.of_row).fit(
        disp=False, method="newton"
    )
    assert ours.beta == pytest.approx(theirs.params, abs=1e-6)
    assert ours.loglike == pytest.approx(theirs.llf, abs=1e-6)


def test_clustered_errors_are_those_of_a_stratified_cox_regression() -> None:
    from statsmodels.duration.hazard_regression import PHReg

    # One event in each stratum makes the partial likelihood of Cox that of a conditional logit.
    sets = sets_of(150, [0.8, -0.5], 2, clusters=30)
    cox = PHReg(
        np.ones(len(sets.chosen)),
        sets.terms,
        status=sets.chosen.astype(int),
        strata=sets.of_row,
        ties="breslow",
    ).fit(groups=sets.clusters[sets.of_row])
    correction = 30 / 29 * (sets.n - 1) / (sets.n - 2)
    ours = fitted(sets)
    assert ours.beta == pytest.approx(cox.params, abs=1e-6)
    assert ours.errors / np.sqrt(correction) == pytest.approx(cox.bse, rel=1e-5)


def test_jackknife_values_have_the_mean_and_the_error_of_the_coefficients() -> None:
    sets = sets_of(300, [0.8, -0.5], 3)
    fit = fitted(sets)
    assert fit.pseudo.mean(axis=0) == pytest.approx(fit.beta)
    error = fit.pseudo.std(axis=0, ddof=1) / np.sqrt(len(fit.pseudo))
    assert error == pytest.approx(fit.errors, rel=0.01)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_slopes_of_effects_are_derivatives(seed: int) -> None:
    sets = sets_of(30, [0.8, -1.2, 0.5], seed)
    beta = np.array([0.5, -1.0, 0.7])
    switch = np.array([False, False, True])
    groups = np.arange(len(sets.chosen)) % 3
    nothing = np.zeros((3, 3))

    def fit(at: Any) -> Fit:
        return Fit(at, nothing, nothing, 0.0, -1.0, sets.probabilities(at))

    for one in (
        lambda at: marginal_effects(sets, fit(at), switch),
        lambda at: shares(sets, fit(at), groups, 3),
    ):
        numeric = approx_fprime(beta, lambda at, one=one: one(at).values, 1e-6)
        assert one(beta).slopes == pytest.approx(numeric, abs=1e-4)
    assert shares(sets, fit(beta), groups, 3).values.sum() == pytest.approx(1)


def test_the_effect_of_a_tag_is_the_change_of_the_probability_with_it() -> None:
    sets = sets_of(50, [0.8, 0.5], 4)
    beta = np.array([0.8, 0.5])
    nothing = np.zeros((2, 2))
    fit = Fit(beta, nothing, nothing, 0.0, -1.0, sets.probabilities(beta))
    found = marginal_effects(sets, fit, np.array([False, True])).values[1]
    changes = []
    for row in range(len(sets.chosen)):
        p = []
        for value in (1.0, 0.0):
            terms = sets.terms.copy()
            terms[row, 1] = value
            p.append(ChoiceSets(terms, sets.chosen, sets.starts, sets.clusters).probabilities(beta))
        changes.append(p[0][row] - p[1][row])
    assert found == pytest.approx(np.mean(changes))


def test_4000_choices_give_the_coefficients_back_within_two_standard_errors() -> None:
    beta = [-1.8, 0.8, 0.2, 1.4]
    hits = []
    for seed in range(10):
        fit = fitted(sets_of(4000, beta, seed, clusters=80))
        hits.extend(np.abs(fit.beta - beta) / fit.errors)
    # Two standard errors hold 95.4 %; of 40 all but five do, save once in two thousand times.
    assert sum(hit > 2 for hit in hits) <= 5


def test_95_percent_intervals_hold_the_truth_in_93_to_97_percent_of_studies() -> None:
    """A small one of ``bench/choice_recovery.py``: 60 studies of three coefficients."""
    from scipy import stats

    beta = np.array([0.8, -0.5, 0.6])
    half = stats.t.ppf(0.975, 39)
    held = [
        np.abs(fit.beta - beta) <= half * fit.errors
        for fit in (fitted(sets_of(400, beta, 1000 + seed)) for seed in range(60))
    ]
    assert stats.binom.ppf(1e-3, 180, 0.95) <= np.sum(held) <= stats.binom.ppf(1 - 1e-3, 180, 0.95)


def test_choices_that_follow_a_term_without_fail_have_no_coefficients() -> None:
    sets = sets_of(100, [0.0, 0.0], 5)
    best = np.maximum.reduceat(sets.terms[:, 0], sets.starts)[sets.of_row] == sets.terms[:, 0]
    with pytest.raises(Undetermined, match="without fail"):
        fitted(ChoiceSets(sets.terms[:, :1], best, sets.starts, sets.clusters))
    place = (np.arange(len(best)) - sets.starts[sets.of_row]).astype(float)
    first = np.column_stack([place == 0, place == 1, sets.terms[:, 1]]).astype(float)
    with pytest.raises(Undetermined, match="without fail"):
        fitted(ChoiceSets(first, place == 0, sets.starts, sets.clusters))
    twice = np.column_stack([sets.terms[:, 0], sets.terms[:, 0]])
    with pytest.raises(Undetermined, match="cannot be told apart"):
        fitted(ChoiceSets(twice, sets.chosen, sets.starts, sets.clusters))


@pytest.fixture
def shop() -> Data:
    return shopping({"a": 6, "b": 6}, np.random.default_rng(1), planted=False)


def measured(name: str, data: Data, **options: Any) -> pl.DataFrame:
    metric = METRICS[name]
    return metric.compute(data, metric.options(**options), np.random.default_rng(1))


def numbers(rows: pl.DataFrame, quantity: str, condition: str = "a") -> dict[str, float]:
    mine = rows.filter(quantity=quantity, scope="condition", condition=condition)
    return dict(mine.select("subject", "value").iter_rows())


def test_predicted_and_observed_shares_are_the_same_and_sum_to_one(shop: Data) -> None:
    predicted = numbers(measured("choice_logit", shop, by="nothing"), "share")
    observed = numbers(measured("choice_shares", shop), "product")
    assert sum(observed.values()) == pytest.approx(1)
    # With a term for every product the score says so.
    assert predicted == pytest.approx(observed, abs=1e-6)


def test_models_have_coefficients_of_their_own(shop: Data) -> None:
    two = pl.when(pl.col("turn") % 2 == 0).then(pl.lit("x")).otherwise(pl.lit("y"))
    data = Data(episodes=shop.episodes, choice_sets=shop.choice_sets.with_columns(model=two))
    found = numbers(measured("choice_logit", data), "coefficient")
    assert {name.split(": ")[0] for name in found} == {"x", "y"}
    mine = shop.choice_sets.filter(pl.col("turn") % 2 == 0)
    alone = measured("choice_logit", Data(episodes=shop.episodes, choice_sets=mine), by="nothing")
    assert found["x: ln price"] == pytest.approx(numbers(alone, "coefficient")["ln price"])


def test_episode_rows_average_to_the_row_of_their_condition(shop: Data) -> None:
    rows = measured("choice_logit", shop, by="nothing")
    for quantity in ("coefficient", "marginal_effect", "share"):
        each = rows.filter(quantity=quantity, scope="episode", condition="b", subject="lamp")
        if quantity != "share":
            each = rows.filter(quantity=quantity, scope="episode", condition="b", subject="row 1")
        subject = each["subject"][0]
        assert each.height == 6
        assert each["value"].mean() == pytest.approx(numbers(rows, quantity, "b")[subject])


def test_a_product_that_nobody_chose_is_left_out_and_named(shop: Data) -> None:
    never = shop.choice_sets.with_columns(
        pl.when(pl.col("chosen").filter(pl.col("product") == "pen").any().over("turn", "episode"))
        .then(None)
        .otherwise("chosen")
        .alias("chosen")
    )
    rows = measured("choice_logit", Data(episodes=shop.episodes, choice_sets=never), by="nothing")
    first = rows.filter(quantity="coefficient", scope="condition", subject="ln price")
    assert "nobody chose them: pen" in first["warning"][0]
    assert "product pen" not in numbers(rows, "coefficient")


def test_terms_that_do_not_vary_and_sets_of_one_are_left_out(shop: Data) -> None:
    frame = shop.choice_sets.with_columns(rating=pl.lit(4.0))
    found = terms_of(frame, of_products=False)
    assert found is not None
    assert set(found.names) == {
        *("ln price", "ln reviews", "row 1", "column 1", "sponsored", "overall pick")
    }
    assert terms_of(frame.filter(pl.col("position") == 1), of_products=False) is None


def test_no_choices_give_no_rows() -> None:
    empty = shopping({"a": 2, "b": 2}, np.random.default_rng(1), planted=False)
    none = Data(
        episodes=empty.episodes,
        choice_sets=empty.choice_sets.with_columns(chosen=pl.lit(None, dtype=pl.Boolean)),
    )
    assert measured("choice_logit", none).is_empty()
    assert measured("choice_shares", none).is_empty()
    assert set(USUAL) <= {"ln price", "row 1", "sponsored", "product mug"}
