"""A change of what coding, labelling, measuring or comparing writes must come with a new recipe.

Rows of one fixed study are held by digest. Where a digest changes and the rows mean something else,
raise the recipe of the step, or the version of the rule or metric; then write the new digest into
``recipes_of_numbers.json`` by ``AGORA_WRITE_RECIPES=1 pytest`` on this file.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from schemas.gateway import Question
from schemas.keys import digest
from schemas.unit import Result, Unit
from tasks.coding.adjudication.registry import RULES
from tasks.metrics.catalogue import METRICS
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.stages.base import Upstream
from tasks.stages.codes import CodeStep
from tasks.stages.contrasts import ContrastStep
from tasks.stages.labels import LabelStep
from tasks.stages.measures import MeasureStep

GOLDEN = Path(__file__).with_name("recipes_of_numbers.json")
STUDIES = Path(__file__).parents[1] / "metrics" / "studies.py"
WRITE = "AGORA_WRITE_RECIPES"
JUDGES = ("m", "n", "o")
PARAMS: dict[str, dict[str, Any]] = {
    "judge": {"coder": "m"},
    "tie_break": {"coder": "o"},
    "weighted": {"weights": {"m": 2.0, "n": 1.0, "o": 1.5}},
    "human_override": {"coder": "o", "then": "union"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "opinion_change": {"outcome": "stance"},
    "consensus": {"outcome": "stance"},
}


def _studies() -> Any:
    spec = importlib.util.spec_from_file_location("recipe_studies", STUDIES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


s = _studies()


def rounded(value: Any) -> Any:
    """Numbers to six figures, which every machine gives alike."""
    if isinstance(value, float):
        return float(f"{value:.6g}") + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list | tuple) else value


def of(rows: Any, key: str) -> str:
    """Digest of rows without the keys of the unit and its calls, which change with its recipe."""
    plain = rows.to_dicts() if isinstance(rows, pl.DataFrame) else [dict(row) for row in rows]
    hidden = {"unit_key", "call_key"}
    kept = [{n: rounded(v) for n, v in row.items() if n not in hidden} for row in plain]
    lines = sorted(json.dumps(row, sort_keys=True, default=str) for row in kept)
    return digest([line.replace(key, "KEY") for line in lines])


def check(name: str, version: str, found: str) -> None:
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get(WRITE):
        golden.setdefault(name, {})[version] = found
        GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
    assert golden.get(name, {}).get(version) == found, (
        f"the rows of {name} changed. If their meaning did, raise its recipe or version; then run "
        f"this file with {WRITE}=1"
    )


def metrics_study() -> Any:
    contrasts: dict[str, Any] = {}
    for name, test in TESTS.items():
        seats = test.scope == "seat"
        contrasts[name] = {
            "of": "participation.share_words" if seats else "profile_cosine",
            "between": ["uniform", "mixed"],
            "test": name,
            "family": name,
            "options": {"margin": 0.2} if name == "equivalence" else {},
        }
    every = [{"name": name, **OPTIONS.get(name, {})} for name in METRICS]
    return s.study(metrics=every, contrasts=contrasts)


def seeded(unit: Unit, key: str) -> Unit:
    """The unit under a fixed key, from which its random numbers come."""
    return Unit(unit.stage, unit.step, digest(key), unit.spec, upstream=unit.upstream)


@cache
def measured() -> Mapping[str, tuple[Unit, Result]]:
    declared, step = metrics_study(), MeasureStep()
    planned = step.plan(s.design(declared), s.upstream(declared))
    units = [seeded(unit, unit.label) for unit in planned]
    rows = s.picked(s.rows(declared), step.reads(units))
    results = asyncio.run(step.work(units, rows, None))  # type: ignore[arg-type]
    return {old.label: (old, new) for old, new in zip(planned, results, strict=True)}


@pytest.mark.parametrize("name", sorted(METRICS))
def test_numbers_of_a_metric_change_only_with_recipe_or_version(name: str) -> None:
    label = f"{name} [intersection]" if METRICS[name].per_rule else name
    _, result = measured()[label]
    assert result.failure is None
    version = f"{MeasureStep.recipe}.{METRICS[name].version}"
    check(f"measure {name}", version, of(result.rows["metrics"], result.unit.key))


@pytest.mark.parametrize("name", sorted(TESTS))
def test_comparisons_change_only_with_their_recipe(name: str) -> None:
    declared, step = metrics_study(), ContrastStep()
    before = s.upstream(declared)
    units = {**before.units, "measure": tuple(old for old, _ in measured().values())}
    (planned,) = (
        unit
        for unit in step.plan(s.design(declared), Upstream(units, frames=before.frames))
        if unit.label == name
    )
    keys = {new.unit.key: old.key for old, new in measured().values()}
    frames: list[Any] = [new.rows["metrics"] for _, new in measured().values()]
    rows: Any = pl.concat(frames).with_columns(pl.col("unit_key").replace(keys))
    (result,) = asyncio.run(step.work([seeded(planned, name)], {"metrics": rows}, None))  # type: ignore[arg-type]
    assert result.failure is None
    check(f"contrast {name}", str(step.recipe), of(result.rows["contrasts"], result.unit.key))


@pytest.mark.parametrize("name", sorted(RULES))
def test_labels_change_only_with_recipe_or_version(name: str) -> None:
    rule = {"rule": name, "params": PARAMS.get(name, {})}
    coding = {"codebook": s.STUDY["coding"]["codebook"], "judges": list(JUDGES)}
    models = {judge: {"model": "sim/agent"} for judge in JUDGES}
    declared = s.study(coding={**coding, "adjudication": {"use": rule}}, models=models)
    rng = np.random.default_rng(3)
    episodes = s.episode_units(declared)[:2]
    codes, rows = [], []
    for episode in episodes:
        for judge in JUDGES:
            key, spec = digest(judge, episode.key), {"episode_key": episode.key, "coder": judge}
            codes.append(Unit("codes", "code", key, spec, upstream=(episode.key,)))
            rows += [
                {
                    "unit_key": key,
                    "episode_key": episode.key,
                    "seq": seq,
                    "other_seq": None,
                    "flag": flag,
                    "coder": judge,
                    "value": None if rng.random() < 0.1 else float(rng.random() < 0.4),
                }
                for seq in range(12)
                for flag in s.FLAGS
            ]
    step = LabelStep()
    before = Upstream({"episodes": episodes, "code": tuple(codes)})
    units = step.plan(s.design(declared), before)
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"other_seq": pl.Int64})
    results = asyncio.run(step.work(units, {"codes": frame}, None))  # type: ignore[arg-type]
    found = [of(result.rows["labels"], result.unit.key) for result in results]
    check(f"label {name}", f"{step.recipe}.{RULES[name].version}", digest(found))


def test_codes_change_only_with_their_recipe(memory_gateway: Any) -> None:
    book = {
        "name": "b",
        "context": 1,
        "flags": {
            "lead": {"definition": "gives a task"},
            "stance": {"definition": "how far", "levels": ["low", "mid", "high"]},
            "short": {"definition": "few words", "rule": "word_count_below(6)"},
        },
    }
    coding = {"codebook": book, "judges": ["m"], "adjudication": {"use": "union"}}
    declared = s.study(coding=coding, contrasts={}, metrics=[])
    episodes = s.episode_units(declared)[:1]
    step = CodeStep()
    units = step.plan(s.design(declared), Upstream({"episodes": episodes}))
    frames = s.picked(s.rows(declared), step.reads(units))

    def answered(question: Question) -> str:
        assert question.observation is not None
        items = [
            {
                "id": item["id"],
                "codes": {
                    "lead": {"value": "ship" in item["text"], "evidence": item["text"]},
                    "stance": {"value": "mid", "evidence": item["text"]},
                },
            }
            for item in question.observation["items"]
        ]
        return json.dumps({"items": items})

    results = asyncio.run(step.work(units, frames, memory_gateway(answered)))
    assert [result.failure for result in results] == [None, None]
    judged = [dict(row)["value"] for row in results[0].rows["codes"]]
    assert set(judged) == {0.0, 1.0}
    found = [of(result.rows["codes"], result.unit.key) for result in results]
    check("code", str(step.recipe), digest(found))
