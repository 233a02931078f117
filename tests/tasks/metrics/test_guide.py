"""The guide to metrics, followed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.metrics.catalogue import METRICS
from tasks.metrics.worlds.recovery import recovered
from tasks.stages.measures import MeasureStep
from tasks.stages.working import results_of

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "add_a_metric.md"


def test_the_metric_of_the_guide_works(studies: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, worlds = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    space: dict[str, Any] = {}
    exec(compile(code, str(GUIDE), "exec"), space)
    exec(compile(worlds, str(GUIDE), "exec"), space)
    for _, world in space["questions"].kinds:
        for one in recovered(space["METRIC"], world, episodes=10, studies=10):
            assert one.found == pytest.approx((one.truth.a, one.truth.b), abs=0.1)
    monkeypatch.setitem(METRICS._things, "questions", space["METRIC"])
    declared = studies.study(metrics=["questions"], contrasts={})
    frames, before = studies.rows(declared), studies.upstream(declared)
    step = MeasureStep()
    units = step.plan(studies.design(declared), before)
    (result,) = asyncio.run(
        results_of(step, units, studies.picked(frames, step.reads(units)), studies.NoModels())
    )
    found = result.rows["metrics"].filter(pl.col("scope") == "condition")
    assert found["value"].to_list() == [0.0, 0.0]
