"""The steps that measure and compare, on small studies with known answers."""

from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from schemas.keys import digest
from schemas.tables import TABLES
from schemas.unit import Result, Unit
from tasks.metrics.catalogue import METRICS
from tasks.stages.contrasts import ContrastStep
from tasks.stages.measures import MeasureStep
from tasks.stages.working import results_of

s: Any = None


@pytest.fixture(autouse=True)
def _builder(studies: ModuleType) -> None:
    globals()["s"] = studies


async def measured(
    declared: Any, frames: Any, **more: Any
) -> tuple[tuple[Unit, ...], list[Result]]:
    step = MeasureStep()
    units = step.plan(s.design(declared), s.upstream(declared, **more))
    return units, await results_of(step, units, s.picked(frames, step.reads(units)), s.NoModels())


async def compared(declared: Any, frames: Any, factors: Any = None, **more: Any) -> list[Result]:
    units, results = await measured(declared, frames, **more)
    before = s.upstream(declared, **more)
    before = replace(before, units={**before.units, MeasureStep: units})
    failed = {r.unit.key for r in results if r.failure}
    before = type(before)(before.units, before.failed | failed, before.frames)
    step = ContrastStep()
    made = step.plan(s.design(declared, factors), before)
    metrics = pl.concat([r.rows["metrics"] for r in results if r.rows])
    return await results_of(step, made, {"metrics": metrics}, s.NoModels())


def checked(table: str, rows: Any) -> list[dict[str, Any]]:
    """The rows, each accepted by the model of its table."""
    plain = rows.to_dicts() if isinstance(rows, pl.DataFrame) else list(rows)
    for row in plain:
        given = {**row, "options": json.loads(row["options"])} if "options" in row else row
        TABLES[table].model_validate(given)
    names = TABLES[table].table.key
    assert len({tuple(row[name] for name in names) for row in plain}) == len(plain)
    return plain


async def test_every_metric_row_fits_its_table() -> None:
    declared = s.study()
    units, results = await measured(declared, s.rows(declared))
    assert len(units) == 4  # the cosine once per rule
    for result in results:
        assert result.failure is None
        checked("metrics", result.rows["metrics"])


async def test_seats_with_habits_of_their_own_differ_more_than_the_null() -> None:
    declared = s.study()
    _, results = await measured(declared, s.rows(declared))
    cosine = (
        results[0]
        .rows["metrics"]
        .filter((pl.col("metric") == "profile_cosine") & (pl.col("scope") == "condition"))
    )
    excess = {
        row["condition"]: row for row in cosine.filter(subject="excess").iter_rows(named=True)
    }
    assert excess["mixed"]["ci_high"] < -0.1
    assert excess["uniform"]["ci_low"] < 0 < excess["uniform"]["ci_high"]
    plain = cosine.filter(subject="", condition="mixed").row(0, named=True)
    assert plain["p_null"] < 0.01
    assert plain["n_measured"] == 6


async def test_the_contrast_finds_the_difference_and_names_its_effect() -> None:
    declared = s.study()
    (result,) = await compared(declared, s.rows(declared))
    (row,) = checked("contrasts", result.rows["contrasts"])
    assert row["effect"] == -1.0
    assert row["effect_name"] == "rank_biserial"
    assert row["p"] == pytest.approx(0.0021645, abs=1e-6)
    assert row["p_adjusted"] == row["p"]
    assert (row["n_a"], row["n_b"], row["n_excluded"]) == (6, 6, 0)
    assert row["factors"] == ["seats"]
    assert row["warning"] is None


async def test_a_contrast_on_the_excess_says_so_in_its_row() -> None:
    declared = s.study()
    (result,) = await compared(declared, s.rows(declared))
    (row,) = result.rows["contrasts"]
    assert row["subject"] == "excess"
    assert "value less null mean" in row["method"]


async def test_episodes_left_out_on_one_side_are_a_warning_with_side_number_and_reason() -> None:
    declared = s.study()
    frames = s.rows(declared)
    failed, cut, silent = (digest("e", "mixed", number) for number in (1, 2, 3))
    said = (pl.col("episode_key") == silent) & pl.col("value").is_not_null()
    frames["labels"] = frames["labels"].with_columns(
        pl.when(said).then(0.0).otherwise("value").alias("value")
    )
    statuses = {cut: "truncated", digest("e", "uniform", 4): "terminated"}
    (result,) = await compared(declared, frames, failed=(failed,), statuses=statuses)
    (row,) = result.rows["contrasts"]
    assert (row["n_a"], row["n_b"], row["n_excluded"]) == (6, 3, 3)
    assert "uniform 0 of 6, mixed 3 of 6" in row["warning"]
    assert "(1 failed, 1 incomplete, 1 without a value)" in row["warning"]


async def test_episodes_left_out_evenly_are_counted_without_a_warning() -> None:
    declared = s.study()
    gone = tuple(digest("e", condition, 1) for condition in ("uniform", "mixed"))
    (result,) = await compared(declared, s.rows(declared), failed=gone)
    (row,) = result.rows["contrasts"]
    assert row["n_excluded"] == 2
    assert row["warning"] is None


@pytest.mark.parametrize(
    ("status", "used"), [("terminated", 6), ("truncated", 0), ("incomplete", 0)]
)
def test_only_episodes_that_were_cut_short_are_left_out(status: str, used: int) -> None:
    declared = s.study(metrics=["participation"])
    (unit,) = MeasureStep().plan(s.design(declared), s.upstream(declared, status=status))
    assert len(unit.spec.episodes.value) == 2 * used
    assert unit.spec.excluded["mixed"] == ({} if used else {"incomplete": 6})


@pytest.mark.parametrize("test", ["cluster_robust", "mixed_model", "gee"])
async def test_shares_that_sum_to_one_in_every_episode_are_not_tested(test: str) -> None:
    contrast = {"of": "participation.share_words", "between": ["uniform", "mixed"], "test": test}
    declared = s.study(metrics=["participation"], contrasts={"shares": contrast})
    (result,) = await compared(declared, s.rows(declared))
    assert result.failure is None
    (row,) = checked("contrasts", result.rows["contrasts"])
    assert (row["p"], row["statistic"], row["effect"]) == (None, None, None)
    assert "the same mean over seats up to rounding" in row["warning"]


async def test_episodes_without_a_value_are_counted_as_left_out() -> None:
    declared = s.study(replicates=14)
    frames = s.rows(declared)
    silent = [digest("e", "mixed", number) for number in range(1, 13)]
    said = pl.col("episode_key").is_in(silent)
    frames["labels"] = frames["labels"].with_columns(
        pl.when(said).then(0.0).otherwise("value").alias("value")
    )
    (result,) = await compared(declared, frames)
    (row,) = result.rows["contrasts"]
    assert (row["n_a"], row["n_b"], row["n_excluded"]) == (14, 2, 12)
    assert "mixed 12 of 14 (12 without a value)" in row["warning"]


async def test_rates_of_episode_quality_are_taken_over_questions_that_were_put() -> None:
    declared = s.study(metrics=["episode_quality"], contrasts={})
    frames = s.rows(declared, seats=5, rounds=25)
    place = pl.int_range(pl.len()).over("episode_key")
    out, back, gone, blank = (place < 5, (place >= 5) & (place < 11), place == 11, place == 12)
    frames["actions"] = frames["actions"].with_columns(
        pl.when(out).then(0).otherwise("attempts").alias("attempts"),
        pl.when(out | back | gone).then(False).otherwise("valid").alias("valid"),
        back.alias("fallback"),
        (out | gone).alias("absent"),
        pl.when(out | gone)
        .then(None)
        .when(blank)
        .then(pl.lit('{"text": " "}'))
        .otherwise("answer")
        .alias("answer"),
    )
    unasked = digest("e", "mixed", 1)
    frames["actions"] = frames["actions"].filter(pl.col("episode_key") != unasked)
    _, (result,) = await measured(declared, frames)
    found = {
        (row["metric"], row["scope"]): row
        for row in result.rows["metrics"].filter(condition="mixed").to_dicts()
        if row["episode_key"] != unasked
    }
    expected = {"valid": 113, "fallback": 6, "absent": 1, "silent": 2}
    for name, n in expected.items():
        row = found[f"episode_quality.{name}", "episode"]
        assert row["value"] == pytest.approx(n / 120), name
        assert row["n_measured"] == 120
    alone = result.rows["metrics"].filter(episode_key=unasked, metric="episode_quality.fallback")
    assert alone["value"].to_list() == [None]
    assert "without actions on record has no rate" in alone["method"][0]


async def test_a_contrast_that_moves_several_factors_says_so() -> None:
    declared = s.study()
    factors = {"mixed": {"seats": (1, 2), "rounds": (4, 5)}}
    (result,) = await compared(declared, s.rows(declared), factors)
    (row,) = result.rows["contrasts"]
    assert "2 factors at once (seats, rounds)" in row["warning"]


async def test_one_episode_per_side_is_a_row_without_a_p_and_its_reason() -> None:
    declared = s.study(replicates=1)
    (result,) = await compared(declared, s.rows(declared))
    (row,) = result.rows["contrasts"]
    assert row["p"] is None
    assert "not tested" in row["warning"]
    assert "uniform: 1, mixed: 1" in row["warning"]
    assert (row["n_a"], row["n_b"]) == (1, 1)


async def test_a_metric_without_a_value_anywhere_is_a_row_with_counts() -> None:
    declared = s.study()
    frames = s.rows(declared)
    frames["labels"] = frames["labels"].with_columns(pl.lit(0.0).alias("value"))
    (result,) = await compared(declared, frames)
    (row,) = result.rows["contrasts"]
    assert row["p"] is None
    assert "profile_cosine has no value in any of 12 episodes" in row["warning"]
    assert row["n_excluded"] == 12
    assert "episodes left out: uniform 6 without a value; mixed 6 without a value" in row["method"]


async def test_failed_episodes_are_excluded_and_counted() -> None:
    declared = s.study()
    gone = digest("e", "mixed", 3)
    frames = s.rows(declared)
    _, results = await measured(declared, frames, failed=(gone,))
    row = (
        results[0]
        .rows["metrics"]
        .filter(
            pl.col("metric") == "profile_cosine", scope="condition", condition="mixed", subject=""
        )
    )
    assert row["n_measured"][0] == 5
    assert row["n_excluded"][0] == 1
    (result,) = await compared(declared, frames, failed=(gone,))
    assert result.rows["contrasts"][0]["n_excluded"] == 1


async def test_unusable_labels_are_a_failure_with_counts() -> None:
    declared = s.study()
    frames = s.rows(declared)
    frames["labels"] = frames["labels"].with_columns(
        pl.when(pl.col("rule") == "intersection").then(None).otherwise("value").alias("value")
    )
    _, results = await measured(declared, frames)
    failure = results[0].failure
    assert failure is not None
    assert failure.kind == "unusable_codes"
    assert "agree 0 of 576" in failure.message
    assert results[1].failure is None


async def test_every_number_has_an_interval_over_episodes_or_says_why_not() -> None:
    book = {"name": "b", "flags": {f: {"definition": f} for f in s.FLAGS}}
    coding = {**s.STUDY["coding"], "codebook": book}
    options = {
        "opinion_change": {"outcome": "stance"},
        "consensus": {"outcome": "stance"},
        "opinion_revision": {"of": "trust"},
    }
    every = [{"name": name, **options.get(name, {})} for name in METRICS]
    declared = s.study(metrics=every, coding=coding)
    _, results = await measured(declared, s.rows(declared))
    assert not [r.failure for r in results if r.failure]
    silent = [
        (row["metric"], row["scope"], row["method"])
        for result in results
        for row in result.rows["metrics"].to_dicts()
        if row["value"] is not None and row["ci_low"] is None and "no interval" not in row["method"]
    ]
    assert silent == []


def test_a_plan_does_not_depend_on_work_except_through_exclusions() -> None:
    declared = s.study()
    step = MeasureStep()
    before = s.upstream(declared)
    early = type(before)(before.units, frozenset(), {})
    first = [unit.key for unit in step.plan(s.design(declared), early)]
    second = [unit.key for unit in step.plan(s.design(declared), before)]
    assert first == second
    incomplete = s.upstream(declared, status="incomplete")
    third = {u.spec.metric: u for u in step.plan(s.design(declared), incomplete)}
    assert third["profile_cosine"].key not in first
    assert third["agreement"].key in first


def test_changing_one_metric_leaves_the_keys_of_the_others() -> None:
    step = MeasureStep()
    one, other = s.study(), s.study(metrics=["agreement", {"name": "participation"}])
    keys = {u.label: u.key for u in step.plan(s.design(one), s.upstream(one))}
    again = {u.label: u.key for u in step.plan(s.design(other), s.upstream(other))}
    assert again.items() <= keys.items()
