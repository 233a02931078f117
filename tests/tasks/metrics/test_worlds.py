"""Worlds in which the truth is known: every metric and every test has them and finds it."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from scipy import stats

from schemas.tables.measures import EXCESS
from tasks.metrics.catalogue import METRICS
from tasks.metrics.computed import computed
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.worlds.catalogue import METRIC_WORLDS, TEST_WORLDS
from tasks.metrics.worlds.hard import HARD
from tasks.metrics.worlds.recovery import Recovery, recovered, recovered_by_test
from tasks.metrics.worlds.world import SidesWorld, World

#: Studies of the fast check, and episodes in each condition; `docs/recovery.md` has hundreds.
STUDIES, EPISODES = 10, 12
#: Comparisons of the fast check of a test.
COMPARISONS = 60
#: Numbers by seat alone, which no condition sums up.
BY_SEAT = {"participation": {"share", "share_words"}, "market": {"utility"}}


def truths(worlds: tuple[World, ...]) -> set[str]:
    return {truth.quantity for world in worlds for truth in world.truths}


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_number_of_a_metric_is_true_in_a_null_and_in_a_planted_world(name: str) -> None:
    worlds = METRIC_WORLDS[name]
    wanted = set(METRICS[name].quantities) - BY_SEAT.get(name, set())
    assert truths(worlds.null) == wanted
    assert truths(worlds.planted) == wanted
    for world in worlds.null:
        for truth in world.truths:
            assert truth.a == truth.b or np.isnan(truth.b), truth
    planted = {truth.quantity for w in worlds.planted for truth in w.truths if truth.a != truth.b}
    assert planted == wanted


def test_every_metric_and_every_test_has_worlds() -> None:
    assert set(METRIC_WORLDS) == set(METRICS)
    assert set(TEST_WORLDS) == set(TESTS)
    for worlds in TEST_WORLDS.values():
        assert worlds.null.effect != worlds.planted.effect


#: Floors under which the fast check looks; messages change seats alike under the others.
FLOORS_CHECKED = ("pairs", "moderated or bids")
#: Of the hard worlds of transcripts, those whose fault shows in so few studies.
TURNS_MATTER = "words, lengths and flags by turn in the round, order drawn"
REACTIONS = ("alignment", "convergence")
CHECKED = [
    pytest.param(name, world, kind, id=f"{name}: {kind}: {world.title}")
    for name in METRIC_WORLDS
    for kind, world in METRIC_WORLDS[name].kinds
    if kind != "limit"
    and (world not in HARD.get(name, ()) or (name in REACTIONS and world.title == TURNS_MATTER))
    and ("floor in seat order" not in world.title or world.title.endswith(FLOORS_CHECKED))
]


def assert_found(one: Recovery) -> None:
    assert one.defined > 0.85, one
    for truth, found, error in zip((one.truth.a, one.truth.b), one.found, one.error, strict=True):
        if np.isfinite(truth):
            assert abs(found - truth) <= 6 * error + 0.02 * abs(truth) + 1e-6, one
    if one.intervals:
        # So few intervals of 95 % hold the truth once in ten thousand times, or more seldom.
        least = stats.binom.ppf(1e-4, one.intervals, 0.93) / one.intervals
        assert one.coverage >= least - 1e-9, one


@pytest.mark.parametrize(("name", "world", "kind"), CHECKED)
def test_a_metric_finds_the_truth_of_its_worlds(name: str, world: World, kind: str) -> None:
    for one in recovered(METRICS[name], world, EPISODES, STUDIES):
        assert_found(one)
        assert not (kind in ("null", "hard") and one.rejection > 0.3), one
        nothing = one.truth.subject == EXCESS and one.truth.a == one.truth.b == 0
        assert not (nothing and one.null_rejection > 0.3), one


OF_TESTS = [
    pytest.param(name, world, id=f"{name}: {world.title}")
    for name, worlds in TEST_WORLDS.items()
    for world in (worlds.null, worlds.planted)
]


@pytest.mark.parametrize(("name", "world"), OF_TESTS)
def test_a_test_rejects_what_is_true_as_seldom_as_it_says(name: str, world: SidesWorld) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = recovered_by_test(TESTS[name], world, 12, COMPARISONS)
    assert found.tested == 1.0
    if world is TEST_WORLDS[name].null:
        assert found.rejection <= stats.binom.ppf(1 - 1e-4, COMPARISONS, 0.06) / COMPARISONS
    assert abs(found.found - world.effect) <= 6 * found.error + 0.02
    assert not found.coverage < stats.binom.ppf(1e-4, COMPARISONS, 0.93) / COMPARISONS


@pytest.mark.parametrize("name", sorted(HARD))
def test_the_numbers_of_the_hard_worlds_of_transcripts_have_values(name: str) -> None:
    for world in HARD[name]:
        for one in recovered(METRICS[name], world, 8, 1):
            assert np.isfinite(one.found).any(), one


@pytest.mark.parametrize("name", REACTIONS)
def test_topics_of_single_rounds_have_a_warning_and_reactions_have_none(name: str) -> None:
    metric, found = METRICS[name], {}
    worlds = METRIC_WORLDS[name]
    for kind, world in (("planted", worlds.planted[0]), *(("limit", one) for one in worlds.limits)):
        excess = [
            row
            for study in range(6)
            for row in _rows(name, world, study).iter_rows(named=True)
            if row["condition"] == "b" and row["ci_low"] is not None and row["ci_low"] > 0
        ]
        warned = ["does not confirm this excess" in (row["warning"] or "") for row in excess]
        found.setdefault(kind, []).extend(warned)
    assert metric.quantities[""].confirmed_by is not None
    assert len(found["planted"]) == 6
    assert not any(found["planted"])
    assert len(found["limit"]) > 6
    assert sum(found["limit"]) >= len(found["limit"]) - 1


def _rows(name: str, world: World, study: int) -> pl.DataFrame:
    metric, rng = METRICS[name], np.random.default_rng([7, study])
    made = world.make({"a": EPISODES, "b": EPISODES}, rng)
    rows = computed(metric, made, metric.options(**world.options), rng)
    return rows.filter(quantity="", scope="condition", subject=EXCESS)
