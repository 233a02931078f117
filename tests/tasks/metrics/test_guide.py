"""The guide to metrics, followed."""

from __future__ import annotations

import asyncio
from typing import Any

import polars as pl
import pytest

from tasks.metrics.catalogue import METRICS
from tasks.metrics.worlds.recovery import recovered
from tasks.stages.measures import MeasureStep
from tasks.stages.working import results_of


def test_the_metric_of_the_guide_works(
    studies: Any, modules_of_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, worlds = modules_of_page("add_a_metric.md", "questions", "worlds_of_questions")
    for _, world in worlds.questions.kinds:
        for one in recovered(code.METRIC, world, episodes=10, studies=10):
            assert one.found == pytest.approx((one.truth.a, one.truth.b), abs=0.1)
    monkeypatch.setitem(METRICS._modules, "questions", "questions")
    declared = studies.study(metrics=["questions"], contrasts={})
    frames, before = studies.rows(declared), studies.upstream(declared)
    step = MeasureStep()
    units = step.plan(studies.design(declared), before)
    (result,) = asyncio.run(
        results_of(step, units, studies.picked(frames, step.reads(units)), studies.NoModels())
    )
    found = result.rows["metrics"].filter(pl.col("scope") == "condition")
    assert found["value"].to_list() == [0.0, 0.0]
