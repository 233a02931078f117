"""Reliability, fidelity and association of scales, against independent computations."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tasks.metrics.catalogue import METRICS
from tasks.metrics.metric import Unusable
from tasks.metrics.persona.reliability import cronbach_alpha, feldt_interval, retest_interval
from tasks.metrics.persona.scores import acquiescence
from tasks.metrics.statistics.correlation import pearson_interval
from tasks.metrics.worlds.questionnaires import MIDDLE, OTHER, TRAIT, Habits, asked
from tasks.metrics.worlds.recovery import merged


def found(name: str, data: Any, **options: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    metric = METRICS[name]
    rows = metric.compute(data, metric.options(**options), np.random.default_rng(1))
    return {
        (row["quantity"], row["condition"], row["subject"]): row
        for row in rows.filter(scope="condition").to_dicts()
    }


def people(**habits: Any) -> Any:
    one = Habits(**habits)
    return asked({"a": 60, "b": 40}, np.random.default_rng(7), {"a": one, "b": one})


def scores(data: Any, scale: str, condition: str = "a") -> np.ndarray:
    """Mean over a persona's answers, straight from the rows."""
    trait = scale.partition(".")[2]
    mine = data.personas.filter(condition=condition)["persona"]
    one = data.answers.filter(pl.col("persona").is_in(mine.implode()), trait=trait)
    return np.array(
        [part["scored"].mean() for part in one.partition_by("persona", maintain_order=True)]
    )


@given(st.integers(3, 30), st.integers(2, 9), st.integers(0, 99))
def test_alpha_is_that_of_the_covariance_matrix(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    covariance = np.cov(items, rowvar=False)
    expected = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
    assert cronbach_alpha(items) == pytest.approx(expected)


def test_intervals_hold_what_was_simulated_as_often_as_they_say() -> None:
    rng, n, k, studies = np.random.default_rng(3), 25, 4, 600
    alpha, icc = k * 0.5 / (1 + (k - 1) * 0.5), 0.5
    held = np.zeros(2)
    for _ in range(studies):
        items = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
        low, high = feldt_interval(cronbach_alpha(items), n, k)
        held[0] += low <= alpha <= high
        between, within = items.mean(axis=1).var(ddof=1) * k, items.var(axis=1, ddof=1).mean()
        estimate = (between - within) / (between + (k - 1) * within)
        low, high = retest_interval(estimate, n, k)
        held[1] += low <= icc <= high
    assert (stats.binom.cdf(held, studies, 0.95) > 1e-3).all()


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_answers_of_noise_have_no_reliability_however_extreme_some_are(spread: float) -> None:
    noise = Habits(loading=0.0, extreme=spread)
    rng, held = np.random.default_rng(8), []
    studies = merged([asked({"a": 20, "b": 20}, rng, {"a": noise, "b": noise}) for _ in range(50)])
    metric = METRICS["scale_reliability"]
    rows = metric.compute(studies, metric.options(), rng).filter(subject=TRAIT)
    for low, high in rows.select("ci_low", "ci_high").iter_rows():
        held.append(low <= 0 <= high)
    # Without the jackknife 86% of the intervals of extreme answers hold 0.
    assert len(held) == 200
    assert stats.binom.cdf(sum(held), len(held), 0.95) > 1e-3


def test_the_interval_of_a_correlation_of_many_normal_pairs_is_scipys() -> None:
    rng = np.random.default_rng(2)
    a = rng.normal(size=200_000)
    b = a + rng.normal(size=len(a))
    expected = stats.pearsonr(a, b).confidence_interval()
    ends = pearson_interval(a, b)
    assert (ends["ci_low"], ends["ci_high"]) == pytest.approx(tuple(expected), abs=2e-5)


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_answers_that_are_more_extreme_throughout_do_not_go_together(spread: float) -> None:
    rng, held = np.random.default_rng(6), []
    for _ in range(200):
        a, b = rng.lognormal(0, spread, 20) * rng.normal(size=(2, 20))
        ends = pearson_interval(a, b)
        assert ends["ci_low"] is not None
        assert ends["ci_high"] is not None
        held.append(ends["ci_low"] <= 0 <= ends["ci_high"])
    # Fisher's error holds 0 in 83% of them.
    assert stats.binom.cdf(sum(held), len(held), 0.93) > 1e-3


def test_fidelity_is_the_correlation_of_assigned_and_measured_scores() -> None:
    data = people()
    mine = data.personas.filter(condition="a")["persona"]
    z = stats.norm.ppf(
        data.traits.filter(pl.col("persona").is_in(mine.implode()), trait="openness")["score"]
    )
    measured = scores(data, TRAIT)
    rows = found("trait_fidelity", data)
    assert rows["r", "a", TRAIT]["value"] == pytest.approx(stats.pearsonr(z, measured).statistic)
    errors = np.abs(stats.zscore(z, ddof=1) - stats.zscore(measured, ddof=1)) * 10
    assert rows["mae", "a", TRAIT]["value"] == pytest.approx(errors.mean())


def test_association_is_of_scores_and_of_outer_thirds() -> None:
    data = people(together=0.7)
    x, y = scores(data, OTHER, "b"), scores(data, TRAIT, "b")
    rows = found("scale_association", data)
    name = f"{TRAIT} by {OTHER}"
    assert rows["r", "b", name]["value"] == pytest.approx(stats.pearsonr(x, y).statistic)
    order = np.argsort(x)
    low, high = y[order[:14]], y[order[-14:]]  # 39 / 3 = 13 lie below the cut, one on it
    pooled = np.sqrt((low.var(ddof=1) + high.var(ddof=1)) / 2)
    g = (high.mean() - low.mean()) / pooled * (1 - 3 / (4 * 26 - 1))
    assert rows["g", "b", name]["value"] == pytest.approx(g)
    with pytest.raises(Unusable, match="no scale quiz"):
        found("scale_association", data, scales=("quiz.warmth", TRAIT))


def test_agreement_lifts_items_of_both_keys_and_no_score() -> None:
    calm, leaning = people(noise=0.0), people(noise=0.0, lean=0.4)
    assert acquiescence(calm.answers)["lean"].to_numpy() == pytest.approx(0.0)
    assert acquiescence(leaning.answers)["lean"].to_numpy() == pytest.approx(0.4)
    assert scores(leaning, TRAIT) == pytest.approx(scores(calm, TRAIT))
    assert found("trait_scores", leaning)["", "a", TRAIT]["value"] == pytest.approx(
        scores(leaning, TRAIT).mean()
    )


def test_a_persona_with_too_few_answers_has_no_score() -> None:
    data = people(noise=0.0)
    item = int(data.answers["persona"][0])
    quiet = (pl.col("persona") == item) & (pl.col("repeat") == 1)
    quiet |= pl.col("item").str.starts_with("0")
    silent = data.answers.with_columns(
        pl.when(quiet).then(None).otherwise(pl.col("scored")).alias("scored")
    )
    rows = found("trait_scores", type(data)(personas=data.personas, answers=silent))
    assert rows["", "a", TRAIT]["n_measured"] == 59
    assert rows["", "a", TRAIT]["n_excluded"] == 1
    assert rows["", "b", TRAIT]["n_measured"] == 40
    assert abs(rows["", "b", TRAIT]["value"] - MIDDLE) < 1
