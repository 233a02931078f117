"""Intervals, nulls and corrected rates."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from tasks.environments.registry import ENVIRONMENTS
from tasks.metrics.catalogue import METRICS
from tasks.metrics.coders import rates
from tasks.metrics.computed import computed
from tasks.metrics.data import Data, Flags
from tasks.metrics.metric import Options
from tasks.metrics.outcomes.market import EPISODE
from tasks.metrics.rows import ByEpisode, frame, of_episodes
from tasks.metrics.statistics import bootstrap, proportions
from tasks.metrics.statistics.effect_intervals import levels_of, mean_difference_interval
from tasks.metrics.statistics.means import WILSON, mean_intervals
from tasks.metrics.statistics.nulls import null_summary
from tasks.metrics.statistics.two_raters import cohen_kappa
from tasks.metrics.worlds.frames import episodes_frame

BENCH = Path(__file__).resolve().parents[3] / "bench" / "interval_coverage.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("interval_coverage", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["interval_coverage"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cases(bench: ModuleType) -> dict[str, Any]:
    return bench.cases()


@pytest.mark.parametrize(
    "name", ["mean, normal", "agreement.cohen_kappa", "rank_biserial, normal, .6 apart"]
)
def test_intervals_hold_the_truth_as_often_as_they_say(
    bench: ModuleType, cases: dict[str, Any], name: str
) -> None:
    # 200 studies: a true 95 % lands outside .90 to .985 about twice in a thousand.
    assert 0.90 <= bench.coverage(cases[name], studies=200, episodes=20) <= 0.985


def test_weights_are_resamples_and_the_same_everywhere() -> None:
    weights = bootstrap.episode_weights(17, 300)
    assert (weights.sum(axis=1) == 17).all()
    assert weights.min() == 0
    assert bootstrap.episode_weights.__wrapped__(17, 300).tolist() == weights.tolist()


def test_sums_of_many_episodes_are_those_of_weights_that_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(0).normal(size=(40, 2))
    kept = bootstrap.weighted_sums(values, 100)
    monkeypatch.setattr(bootstrap, "_KEPT", 0)
    monkeypatch.setattr(bootstrap, "_CHUNK", 7 * len(values))  # the last block is a smaller one
    monkeypatch.setattr(bootstrap, "episode_weights", None)
    drawn = bootstrap.sums_of([values, values**2], 100)
    np.testing.assert_allclose(drawn[0], kept, rtol=1e-12)
    assert drawn[1].shape == (100, 2)


@pytest.mark.parametrize(
    ("n", "words"), [(0, "no episode"), (1, "one episode"), (2, "two episodes")]
)
@pytest.mark.parametrize("levels", [(0.0, 1.0), None])
def test_two_episodes_or_fewer_have_no_interval(
    n: int, words: str, levels: tuple[float, float] | None
) -> None:
    (found,) = mean_intervals(np.arange(float(n))[:, None], levels=levels)
    assert np.isnan([found.low, found.high]).all()
    assert found.method == f"{words}, so no interval"
    low, high, _ = bootstrap.sum_interval(cohen_kappa, np.ones((n, 2, 2)))
    assert np.isnan([low, high]).all()


def test_few_episodes_have_students_interval_and_a_warning() -> None:
    values = np.array([1.0, 2.0, 5.0])
    (found,) = mean_intervals(values[:, None])
    theirs = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(theirs)
    assert "rests on 3 episodes" in found.warning


def test_a_mean_warns_where_most_episodes_share_their_value_and_no_range_bounds_it() -> None:
    values = np.array([0.0] * 8 + [0.2, 1.3, 2.1, 0.7])[:, None]
    (free,), (bound,) = mean_intervals(values), mean_intervals(values / 3, bounds=(0.0, 1.0))
    assert "share their value" in free.warning
    assert bound.warning == ""
    (even,) = mean_intervals(np.linspace(0, 1, 12)[:, None])
    assert even.warning == ""


def test_two_values_that_differ_by_rounding_besides_are_still_two() -> None:
    n = 12
    values = np.where(np.arange(n) % 3 == 0, 0.1 + 0.2, 0.3) + np.where(np.arange(n) < 6, 0.0, 0.5)
    data = Data(episodes=episodes_frame({"a": n}))
    found = of_episodes(data, Options(), {"": ByEpisode(values, "made up")})
    (method,) = found.filter(pl.col("scope") == "condition")["method"].to_list()
    assert WILSON in method


def test_a_mean_of_more_episodes_has_a_studentised_bootstrap() -> None:
    values = np.random.default_rng(4).exponential(1, 14)
    (found,) = mean_intervals(values[:, None])
    rng = np.random.default_rng(5)
    drawn = values[rng.integers(0, 14, (20_000, 14))]
    t = (drawn.mean(axis=1) - values.mean()) / (drawn.std(axis=1, ddof=1) / np.sqrt(14))
    low, high = values.mean() - np.quantile(t, [0.975, 0.025]) * stats.sem(values)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.15)
    assert found.high - values.mean() > values.mean() - found.low
    assert found.warning == ""


def test_values_that_differ_by_rounding_have_no_interval_and_say_so() -> None:
    for values in ([0.3, 0.1 + 0.2, 0.3, 0.3], [1e-17, 0.0, -2e-17], [2.0, 2.0, 2.0, 2.0, 2.0]):
        (found,) = mean_intervals(np.array(values)[:, None])
        assert np.isnan([found.low, found.high]).all()
        assert "do not differ beyond rounding" in found.method


def test_where_most_episodes_share_their_value_resamples_without_spread_widen_nothing() -> None:
    values = np.array([0.1, 0.1, 0.1, 0.1, 0.6])
    (found,) = mean_intervals(values[:, None])
    theirs = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(theirs)
    assert found.method == "interval: Student's t over episodes"
    assert "share their value" in found.warning


@pytest.mark.parametrize("n", [5, 8, 12, 20])
@pytest.mark.parametrize(
    ("values", "shares", "bounds"),
    [
        ([-1.0, 0.25, 1.0], [0.25, 0.25, 0.5], (-np.inf, np.inf)),
        ([0.375, 0.5, 1.0], [0.25, 0.25, 0.5], (0.0, 1.0)),
        ([1.0, 0.8, 0.6], [0.65, 0.2, 0.15], (0.0, 1.0)),
        ([0.0, 1.0, 2.0], [0.75, 0.2, 0.05], (0.0, np.inf)),
    ],
)
def test_intervals_of_quantities_of_three_values_hold_the_mean_as_often_as_they_say(
    n: int, values: list[float], shares: list[float], bounds: tuple[float, float]
) -> None:
    drawn = np.random.default_rng(n).choice(values, (n, 1500), p=shares)
    found = [one for one in mean_intervals(drawn, 200, bounds=bounds) if np.isfinite(one.low)]
    truth = float(np.dot(values, shares))
    # What can be reached with so few values leaps by a few hundredths from one n to the next.
    assert 0.9 < np.mean([one.low <= truth <= one.high for one in found]) < 0.99


@given(
    hnp.arrays(float, st.integers(3, 30), elements=st.sampled_from([0.0, 0.5, 0.9, 0.97, 1.0]))
    | hnp.arrays(float, st.integers(3, 30), elements=st.floats(0, 1)),
    st.sampled_from([(0.0, 1.0), (0.0, np.inf), (-np.inf, 1.0), (-1.0, 1.0)]),
)
def test_no_interval_leaves_the_range_of_its_quantity(
    values: np.ndarray, bounds: tuple[float, float]
) -> None:
    (found,) = mean_intervals(values[:, None], 100, bounds=bounds)
    if np.isfinite(found.low):
        assert bounds[0] <= found.low <= values.mean() <= found.high <= bounds[1]


def test_a_score_interval_of_zeros_and_ones_is_wilsons_with_students_t() -> None:
    values = np.repeat([0.0, 1.0], [3, 1])
    (found,) = mean_intervals(values[:, None], bounds=(0.0, 1.0))
    t = stats.t.ppf(0.975, 3)
    # The variance is that of a sample, hence n - 1 in place of n.
    middle, half = 0.25 + t**2 / 6, t * np.sqrt(0.75 * 0.25 / 3 + t**2 / 36)
    theirs = ((middle - half) / (1 + t**2 / 3), (middle + half) / (1 + t**2 / 3))
    assert (found.low, found.high) == pytest.approx(theirs)
    assert "score interval over episodes within [0, 1]" in found.method


def test_far_from_its_range_a_quantity_has_students_interval() -> None:
    values = np.random.default_rng(3).normal(500, 1, 4)
    (free,) = mean_intervals(values[:, None])
    (bound,) = mean_intervals(values[:, None], bounds=(0.0, np.inf))
    assert (bound.low, bound.high) == pytest.approx((free.low, free.high), abs=0.05)


def test_a_value_out_of_the_range_that_its_quantity_declares_is_a_bug() -> None:
    with pytest.raises(ValueError, match="declared to lie"):
        mean_intervals(np.array([[0.2], [1.2], [0.4]]), bounds=(0.0, 1.0))


@pytest.mark.parametrize("n", [12, 40])
def test_intervals_of_symmetric_values_with_heavy_tails_hold_the_mean(n: int) -> None:
    values = np.random.default_rng(8).standard_t(3, (n, 1500))
    found = mean_intervals(values, 500)
    assert 0.935 < np.mean([one.low <= 0 <= one.high for one in found]) < 0.975


def test_an_interval_of_few_values_in_two_clusters_is_as_wide_as_they_are_apart() -> None:
    rng = np.random.default_rng(9)
    values = (rng.random((5, 300)) < 0.4) + 1e-3 * rng.standard_normal((5, 300))
    widths = [one.high - one.low for one in mean_intervals(values, 500)]
    assert max(widths) < 4.2


@given(hnp.arrays(float, st.integers(3, 40), elements=st.sampled_from([2.0, 12.0])))
def test_quantities_of_two_values_have_the_interval_of_their_share(values: np.ndarray) -> None:
    (found,) = mean_intervals(values[:, None], levels=(2.0, 12.0))
    theirs = proportion_confint(int((values == 12).sum()), len(values), method="wilson")
    assert (found.low, found.high) == pytest.approx(tuple(2 + 10 * end for end in theirs))


def test_payoffs_of_two_sizes_are_shares_of_episodes_in_means_and_differences() -> None:
    rng = np.random.default_rng(10)
    held, both = [], []
    for _ in range(300):
        a, b = (5.0 * (rng.random(12) < share) for share in (0.1, 0.1))
        two = levels_of(np.concatenate([a, b]))
        if two is None:
            continue
        ends = mean_intervals(np.column_stack([a, b]), levels=two)
        held += [one.low <= 0.5 <= one.high for one in ends]
        low, high = mean_difference_interval(a, b)
        both.append(low <= 0 <= high)
    assert np.mean(held) > 0.93
    assert np.mean(both) > 0.93


@given(hnp.arrays(float, st.integers(3, 40), elements=st.sampled_from([0.0, 1.0])))
def test_shares_of_episodes_have_wilsons_interval(values: np.ndarray) -> None:
    (found,) = mean_intervals(values[:, None], levels=(0, 1))
    theirs = proportion_confint(int(values.sum()), len(values), method="wilson")
    assert (found.low, found.high) == pytest.approx(theirs, abs=1e-9)
    assert found.high - found.low > 0.05


def test_every_resample_alike_is_no_interval_of_a_pooled_statistic() -> None:
    table = np.array([[40.0, 5.0], [5.0, 50.0]])
    alike = np.repeat(table[None], 10, axis=0)
    low, high, _ = bootstrap.sum_interval(cohen_kappa, alike)
    assert np.isnan([low, high]).all()
    assert "every resample" in bootstrap.interval_words(float(low), float(high), 10)


def test_episodes_without_a_value_are_left_out_of_the_interval() -> None:
    values = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan], [4.0, 4.0]])
    both = mean_intervals(values)
    (alone,) = mean_intervals(values[[0, 1, 3]][:, 1:])
    assert both[1] == alone
    assert both[0].low < 2.5 < both[0].high


def test_a_null_p_is_never_zero_and_none_for_an_expectation() -> None:
    far = null_summary(np.array([99.0]), np.zeros((1, 99)))
    assert far.p[0] == pytest.approx(0.01)
    assert np.isnan(null_summary(np.array([1.0]), np.zeros((1, 1))).p[0])


def test_wilson_is_that_of_statsmodels() -> None:
    for k, n in ((0, 9), (3, 11), (40, 41)):
        theirs = proportion_confint(k, n, method="wilson")
        assert proportions.wilson_interval(k, n) == pytest.approx(theirs, abs=1e-9)


def test_rogan_gladen_undoes_the_judges_errors() -> None:
    truth, se, sp = 0.2, 0.7, 0.95
    apparent = truth * se + (1 - truth) * (1 - sp)
    found = proportions.rogan_gladen(np.array(apparent), np.array(se), np.array(sp))
    assert float(found) == pytest.approx(truth, abs=1e-12)
    assert np.isnan(proportions.rogan_gladen(np.array(0.3), np.array(0.4), np.array(0.6)))


def test_corrected_rates_hold_the_truth_where_the_raw_rate_does_not() -> None:
    rng = np.random.default_rng(1)
    episodes, per_episode, truth_rate = 60, 50, 0.3
    truth = rng.random((episodes, per_episode)) < truth_rate
    label = np.where(truth, rng.random(truth.shape) < 0.6, rng.random(truth.shape) < 0.03)
    episode, seq = (part.ravel() for part in np.indices(truth.shape))
    frame = pl.DataFrame({"episode": episode, "seq": seq}).with_columns(
        pl.lit(None, dtype=pl.Int64).alias("other_seq"), pl.lit("lead").alias("flag")
    )
    sampled = frame.with_columns(
        pl.lit("human").alias("coder"), pl.Series("value", truth.ravel().astype(float))
    ).filter(pl.Series(rng.random(truth.size) < 0.25))
    data = Data(
        episodes=pl.DataFrame(
            {
                "episode": range(episodes),
                "episode_key": [str(i) for i in range(episodes)],
                "condition": "all",
            }
        ),
        all_labels=frame.with_columns(
            pl.lit("intersection").alias("rule"),
            pl.Series("value", label.ravel().astype(float)),
        ),
        codes=sampled,
        flags=Flags(scales={"lead": "nominal"}),
        rules=("intersection",),
        gold="human",
    )
    found = rates.compute(data, rates.RateOptions(), rng)
    rows = {row["quantity"]: row for row in found.iter_rows(named=True)}
    assert rows["raw"]["value"] == pytest.approx(label.mean(), abs=1e-12)
    assert rows["raw"]["ci_high"] < truth.mean() - 0.05
    for quantity in ("rogan_gladen", "prediction_powered"):
        assert rows[quantity]["ci_low"] < truth.mean() < rows[quantity]["ci_high"]


def test_strata_of_a_sample_are_undone_and_each_condition_is_corrected_by_its_own_gold() -> None:
    rng = np.random.default_rng(2)
    prevalence = np.repeat([0.5, 0.1], 40)
    truth = rng.random((80, 50)) < prevalence[:, None]
    label = np.where(truth, rng.random(truth.shape) < 0.7, rng.random(truth.shape) < 0.05)
    episode, seq = (part.ravel() for part in np.indices(truth.shape))
    frame = pl.DataFrame({"episode": episode, "seq": seq, "label": label.ravel()}).with_columns(
        pl.lit(None, dtype=pl.Int64).alias("other_seq"),
        pl.lit("lead").alias("flag"),
        truth=pl.Series(truth.ravel().astype(float)),
        stratum=pl.format("{} {}", pl.col("episode") < 40, pl.col("label")),
    )
    drawn = frame.filter(pl.int_range(pl.len()).shuffle(seed=3).over("stratum") < 120)
    sizes = frame.group_by("stratum").agg((120 / pl.len()).alias("inclusion_probability"))
    data = Data(
        episodes=pl.DataFrame(
            {
                "episode": range(80),
                "episode_key": [str(i) for i in range(80)],
                "condition": ["often"] * 40 + ["seldom"] * 40,
            }
        ),
        all_labels=frame.select(
            "episode", "seq", "other_seq", "flag", pl.col("label").cast(float).alias("value")
        ).with_columns(pl.lit("union").alias("rule")),
        codes=drawn.select(
            "episode", "seq", "other_seq", "flag", pl.col("truth").alias("value")
        ).with_columns(pl.lit("human").alias("coder")),
        samples=drawn.join(sizes, on="stratum").with_columns(sample_key=pl.lit("s")),
        flags=Flags(scales={"lead": "nominal"}),
        rules=("union",),
        gold="human",
    )
    found = rates.compute(data, rates.RateOptions(), rng)
    for quantity in ("rogan_gladen", "prediction_powered"):
        for condition, episodes in (("often", slice(0, 40)), ("seldom", slice(40, 80))):
            row = found.filter(quantity=quantity, condition=condition).row(0, named=True)
            assert row["value"] == pytest.approx(truth[episodes].mean(), abs=0.05)
            assert row["ci_low"] < truth[episodes].mean() < row["ci_high"]
            assert "weighted by 4 strata" in row["method"]
    unweighted = rates.compute(replace(data, samples=pl.DataFrame()), rates.RateOptions(), rng)
    row = unweighted.filter(quantity="prediction_powered", condition="seldom").row(0, named=True)
    assert "taken as drawn at random" in row["method"]
    assert abs(row["value"] - truth[40:].mean()) > 0.05


def test_a_correction_without_gold_is_missing_and_says_why() -> None:
    frame = pl.DataFrame({"episode": [0, 0], "seq": [0, 1], "flag": "lead", "value": [0.0, 1.0]})
    frame = frame.with_columns(pl.lit(None, dtype=pl.Int64).alias("other_seq"))
    data = Data(
        episodes=pl.DataFrame({"episode": [0], "episode_key": ["x"], "condition": ["all"]}),
        all_labels=frame.with_columns(pl.lit("union").alias("rule")),
        codes=frame.with_columns(pl.lit("m").alias("coder")),
        flags=Flags(scales={"lead": "nominal"}),
        rules=("union",),
    )
    found = rates.compute(data, rates.RateOptions(), np.random.default_rng(0))
    row = found.filter(quantity="rogan_gladen").row(0, named=True)
    assert row["value"] is None
    assert "no gold coder is declared" in row["method"]


def _judged(gold_share: float, missed: float) -> Data:
    """Two episodes of a hundred items each, of which one in five is present."""
    episode, seq = (part.ravel() for part in np.indices((4, 100)))
    truth = seq % 5 == 0
    label = truth & (seq % 100 >= 100 * missed)
    frame = pl.DataFrame({"episode": episode, "seq": seq, "flag": "lead"}).with_columns(
        pl.lit(None, dtype=pl.Int64).alias("other_seq")
    )
    gold = frame.with_columns(
        pl.lit("human").alias("coder"), pl.Series("value", truth.astype(float))
    )
    return Data(
        episodes=pl.DataFrame(
            {"episode": range(4), "episode_key": list("wxyz"), "condition": ["all"] * 4}
        ),
        all_labels=frame.with_columns(
            pl.lit("union").alias("rule"), pl.Series("value", label.astype(float))
        ),
        codes=gold.filter(pl.col("seq") < 100 * gold_share),
        flags=Flags(scales={"lead": "nominal"}),
        rules=("union",),
        gold="human",
    )


def _rate(data: Data, quantity: str) -> dict[str, Any]:
    found = rates.compute(data, rates.RateOptions(), np.random.default_rng(0))
    return found.filter(quantity=quantity).row(0, named=True)


@pytest.mark.parametrize("quantity", ["rogan_gladen", "prediction_powered"])
def test_where_every_item_is_gold_a_correction_says_nothing(quantity: str) -> None:
    row = _rate(_judged(1.0, 0.3), quantity)
    assert row["value"] is None
    assert "human coded every item" in row["method"]
    assert _rate(_judged(0.5, 0.3), quantity)["value"] is not None


def test_a_raw_rate_warns_where_the_right_one_is_known() -> None:
    assert "cite the rate of human's own codes" in _rate(_judged(1.0, 0.3), "raw")["warning"]
    assert "own codes" not in (_rate(_judged(0.5, 0.3), "raw")["warning"] or "")
    assert "own codes" not in (_rate(_judged(1.0, 0.0), "raw")["warning"] or "")


def test_a_rate_that_is_cut_says_so() -> None:
    data = _judged(0.5, 0.0)
    cut = replace(
        data,
        all_labels=data.all_labels.with_columns(
            value=pl.when(pl.col("seq") >= 50)
            .then(0.0)
            .when(pl.col("seq") < 10)
            .then(1.0)
            .otherwise("value")
        ),
    )
    assert _rate(cut, "rogan_gladen")["value"] == 0
    assert "cut to [0, 1]" in _rate(cut, "rogan_gladen")["method"]
    assert "cut to" not in _rate(data, "rogan_gladen")["method"]


def test_outcomes_of_an_environment_have_intervals_within_the_bounds_that_it_declares() -> None:
    shares = [1.0] * 12 + [0.95, 0.9, 1.0]
    n = len(shares)
    outcomes = [
        pl.DataFrame({"episode": range(n), "metric": name, "value": values})
        for name, values in (
            ("share_paid", shares),
            ("welfare", np.arange(n) * 1.0),
            ("share_servable", np.ones(n)),
            ("invalid_proposals", np.zeros(n)),
        )
    ]
    data = Data(
        episodes=pl.DataFrame(
            {
                "episode": range(n),
                "episode_key": [str(i) for i in range(n)],
                "condition": ["all"] * n,
                "environment": ["market"] * n,
            }
        ),
        outcomes=pl.concat(outcomes).with_columns(
            scope=pl.lit("episode"), round=pl.lit(None, dtype=pl.Int64)
        ),
    )
    scored = METRICS["outcomes"]
    rows = computed(scored, data, scored.options(), np.random.default_rng(0))
    ends = {row["subject"]: row for row in rows.filter(scope="condition").to_dicts()}
    assert 0 < ends["share_paid"]["ci_low"] < 0.99 < ends["share_paid"]["ci_high"] < 1
    assert "within [0, 1]" in ends["share_paid"]["method"]
    assert "within" not in ends["welfare"]["method"]
    # Of a count that is 0 so far nothing is known, of a share that is 1 something is.
    assert ends["invalid_proposals"]["ci_high"] is None
    assert 0.7 < ends["share_servable"]["ci_low"] < 1
    other = replace(data, episodes=data.episodes.with_columns(environment=pl.lit("brought_in")))
    rows = computed(scored, other, scored.options(), np.random.default_rng(0))
    assert "within" not in rows.filter(subject="share_paid", scope="condition")["method"].item()


def test_the_metric_of_markets_declares_what_the_environment_does() -> None:
    declared = ENVIRONMENTS["market"].bounds
    for name, one in EPISODE.items():
        bounds = METRICS["market"].quantities[name].bounds
        assert bounds == declared.get(one.outcome, (-np.inf, np.inf)), name


def test_an_end_of_another_interval_beyond_the_range_is_cut_and_the_row_says_so() -> None:
    def rows(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
        told = {"scope": "condition", "condition": "all", "method": "by hand"}
        ends = {"value": 0.9, "ci_low": 0.7, "ci_high": 1.1}
        return frame([{**told, **ends}, {**told, **ends, "subject": "excess"}])

    metric = replace(METRICS["distinct_n"], compute=rows)
    whole, excess = computed(metric, _all(1), Options(), np.random.default_rng(0)).to_dicts()
    assert (whole["ci_high"], whole["method"]) == (1.0, "by hand, cut to (0, 1]")
    assert (excess["ci_high"], excess["method"]) == (1.1, "by hand")


def _all(n: int) -> Data:
    keys = [str(i) for i in range(n)]
    return Data(
        episodes=pl.DataFrame({"episode": range(n), "episode_key": keys, "condition": "all"})
    )


def _of_one_quantity(values: np.ndarray, **more: Any) -> list[dict[str, Any]]:
    data = _all(len(values))
    rows = of_episodes(data, Options(), {"": ByEpisode(values, "by hand", **more)})
    return rows.filter(scope="condition").to_dicts()


def test_shares_of_episodes_are_recognised() -> None:
    (row,) = _of_one_quantity(np.repeat([1.0, 0.0], [3, 9]))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        proportion_confint(3, 12, method="wilson")
    )
    (always,) = _of_one_quantity(np.ones(12), yes_or_no=frozenset({""}))
    assert always["ci_low"] == pytest.approx(proportion_confint(12, 12, method="wilson")[0])
    (same,) = _of_one_quantity(np.ones(12))
    assert same["ci_low"] is None
    assert "do not differ beyond rounding" in same["method"]


def test_episodes_without_a_value_are_counted_and_warned_of() -> None:
    values = np.r_[np.full(12, np.nan), 0.2, 0.4]
    (row,) = _of_one_quantity(values)
    assert (row["n_measured"], row["n_excluded"], row["ci_low"]) == (2, 12, None)
    assert "two episodes, so no interval" in row["method"]
    assert "12 of 14 episodes have no value and are left out" in row["warning"]


def test_few_draws_of_a_null_say_how_small_a_p_can_be() -> None:
    rng = np.random.default_rng(6)
    rows = _of_one_quantity(rng.normal(9, 1, 8), nulls=rng.normal(0, 1, (8, 20)))
    assert "no p below 0.048" in rows[0]["warning"]
    many = _of_one_quantity(rng.normal(9, 1, 8), nulls=rng.normal(0, 1, (8, 100)))
    assert many[0]["warning"] is None
