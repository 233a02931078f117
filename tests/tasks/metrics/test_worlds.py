"""Worlds in which the truth is known: every metric has them and finds it."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.metrics.catalogue import METRICS
from tasks.metrics.worlds.catalogue import METRIC_WORLDS
from tasks.metrics.worlds.recovery import recovered
from tasks.metrics.worlds.world import World

#: Studies of the fast check, and runs in each condition.
STUDIES, RUNS = 25, 12
CHECKED = [
    pytest.param(name, world, id=f"{name}: {kind}: {world.title}")
    for name in METRIC_WORLDS
    for kind, world in METRIC_WORLDS[name].kinds
    if kind != "limit"
]


@pytest.mark.parametrize(("name", "world"), CHECKED)
def test_a_metric_finds_the_truth_of_its_worlds(name: str, world: World) -> None:
    for one in recovered(METRICS[name], world, RUNS, STUDIES):
        assert one.defined > 0.9
        for truth, found, error in zip(
            (one.truth.a, one.truth.b), one.found, one.error, strict=True
        ):
            if np.isfinite(found):
                slack = 1e-9 + 0.02 * abs(truth)
                assert abs(found - truth) <= 4.5 * error + slack, one
        # With 50 intervals of 95 % fewer than 80 % hold the truth once in ten thousand times.
        assert not one.coverage < 0.8, one


@pytest.mark.parametrize("name", METRIC_WORLDS)
def test_no_metric_sees_a_difference_where_there_is_none(name: str) -> None:
    for world in METRIC_WORLDS[name].null:
        for one in recovered(METRICS[name], world, RUNS, STUDIES):
            assert not one.rejection > 0.25, one
