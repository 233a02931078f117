"""A change of what coding, labelling, measuring or comparing writes must come with a new recipe."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import BaseModel

from schemas import keys
from schemas.gateway import Question
from schemas.keys import digest, shared
from schemas.unit import Result, Unit
from tasks.coding.adjudication.catalogue import RULES
from tasks.metrics.catalogue import METRICS
from tasks.metrics.computed import computed
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.stages.base import Upstream
from tasks.stages.codes import CodeInput, CodeStep
from tasks.stages.contrasts import ContrastStep
from tasks.stages.episodes import EpisodeStep
from tasks.stages.labels import LabelStep
from tasks.stages.measures import MeasureStep
from tasks.stages.persona_measures import PersonaMeasureStep
from tasks.stages.working import results_of

HELPERS = Path(__file__).parents[1] / "metrics"
OF_EPISODES = sorted(name for name, metric in METRICS.items() if metric.scope == "episode")
OF_PERSONAS = sorted(METRICS.keys() - set(OF_EPISODES))
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
    "opinion_revision": {"of": "trust"},
}


def _helper(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"recipe_{name}", HELPERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


s, people = _helper("studies"), _helper("people")


def _rows(rows: Any) -> list[Any]:
    return rows.to_dicts() if isinstance(rows, pl.DataFrame) else list(rows)


def metrics_study() -> Any:
    contrasts: dict[str, Any] = {}
    for name, test in TESTS.items():
        seats = test.scope == "seat"
        contrasts[name] = {
            "of": "persona_consistency" if seats else "profile_cosine",
            "between": ["uniform", "mixed"],
            "test": name,
            "family": name,
            "options": {"margin": 0.2} if name == "equivalence" else {},
        }
    every = [{"name": name, **OPTIONS.get(name, {})} for name in OF_EPISODES]
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
    results = asyncio.run(results_of(step, units, rows, s.NoModels()))
    return {old.label: (old, new) for old, new in zip(planned, results, strict=True)}


@pytest.mark.parametrize("name", OF_EPISODES)
def test_numbers_of_a_metric_change_only_with_recipe_or_version(name: str, golden: Any) -> None:
    label = f"{name} [intersection]" if METRICS[name].per_rule else name
    _, result = measured()[label]
    assert result.failure is None
    version = f"{MeasureStep.recipe}.{METRICS[name].version}"
    golden(f"measure {name}", version, result.rows)


@pytest.mark.parametrize("name", OF_PERSONAS)
def test_numbers_of_personas_change_only_with_recipe_or_version(name: str, golden: Any) -> None:
    metric = METRICS[name]
    data = people.data(name, a=digest("one"), b=digest("other"))
    rows = computed(metric, data, metric.options(), np.random.default_rng(1))
    golden(f"measure {name}", f"{PersonaMeasureStep.recipe}.{metric.version}", {"metrics": rows})


@pytest.mark.parametrize("name", sorted(TESTS))
def test_comparisons_change_only_with_their_recipe(name: str, golden: Any) -> None:
    declared, step = metrics_study(), ContrastStep()
    before = s.upstream(declared)
    units = {**before.units, MeasureStep: tuple(old for old, _ in measured().values())}
    (planned,) = (
        unit
        for unit in step.plan(s.design(declared), Upstream(units, frames=before.frames))
        if unit.label == name
    )
    renamed = {new.unit.key: old.key for old, new in measured().values()}
    frames: list[Any] = [new.rows["metrics"] for _, new in measured().values()]
    rows: Any = pl.concat(frames).with_columns(pl.col("unit_key").replace(renamed))
    (result,) = asyncio.run(
        results_of(step, [seeded(planned, name)], {"metrics": rows}, s.NoModels())
    )
    assert result.failure is None
    golden(f"contrast {name}", str(step.recipe), result.rows)


@pytest.mark.parametrize("name", sorted(RULES))
def test_labels_change_only_with_recipe_or_version(name: str, golden: Any) -> None:
    rule = {"rule": name, "params": PARAMS.get(name, {})}
    coding = {"codebook": s.STUDY["coding"]["codebook"], "judges": list(JUDGES)}
    models = {judge: {"model": "sim/agent"} for judge in JUDGES}
    declared = s.study(coding={**coding, "adjudication": {"use": rule}}, models=models)
    rng = np.random.default_rng(3)
    episodes = s.episode_units(declared)[:2]
    codes, rows = [], []
    book = shared(declared.coding.codebook)
    for episode in episodes:
        for judge in JUDGES:
            key, spec = digest(judge, episode.key), CodeInput(episode.key, judge, book, ())
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
    before = Upstream({EpisodeStep: episodes, CodeStep: tuple(codes)})
    units = step.plan(s.design(declared), before)
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"other_seq": pl.Int64})
    results = asyncio.run(results_of(step, units, {"codes": frame}, s.NoModels()))
    tables = {"labels": [row for result in results for row in _rows(result.rows["labels"])]}
    golden(f"label {name}", f"{step.recipe}.{RULES[name].version}", tables)


def test_codes_change_only_with_their_recipe(memory_gateway: Any, golden: Any) -> None:
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
    units = step.plan(s.design(declared), Upstream({EpisodeStep: episodes}))
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

    results = asyncio.run(results_of(step, units, frames, memory_gateway(answered)))
    assert [result.failure for result in results] == [None, None]
    judged = [dict(row)["value"] for row in results[0].rows["codes"]]
    assert set(judged) == {0.0, 1.0}
    tables = {"codes": [row for result in results for row in _rows(result.rows["codes"])]}
    golden("code", str(step.recipe), tables)


def _floats(value: Any) -> set[float]:
    if isinstance(value, float):
        return {value}
    if isinstance(value, BaseModel):
        return _floats(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        return {number for part in value.values() for number in _floats(part)}
    plain = isinstance(value, list | tuple | set | frozenset)
    return {number for part in value for number in _floats(part)} if plain else set()


def test_keys_are_made_of_no_number_that_was_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    declared, keyed = metrics_study(), []
    canonical = keys.canonical_json

    def seen(value: Any) -> bytes:
        keyed.append(value)
        return canonical(value)

    monkeypatch.setattr(keys, "canonical_json", seen)
    before = s.upstream(declared)
    measures = MeasureStep().plan(s.design(declared), before)
    later = Upstream({**before.units, MeasureStep: measures}, frames=before.frames)
    judged = declared.model_copy(
        update={"coding": declared.coding.model_copy(update={"imported": (), "gold": None})}
    )
    codes = CodeStep().plan(s.design(judged), before)
    assert LabelStep().plan(s.design(judged), Upstream({**before.units, CodeStep: codes}))
    assert ContrastStep().plan(s.design(declared), later)
    defaults = [one.model_fields.values() for m in METRICS.values() for one in (m.options,)]
    written = _floats(declared) | {
        field.default for part in defaults for field in part if isinstance(field.default, float)
    }
    assert len(keyed) > len(measures)
    assert _floats(keyed) <= written
