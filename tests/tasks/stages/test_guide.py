"""The guide to steps, followed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from schemas.study import Study
from schemas.unit import Failure
from tasks.models.estimate import Span, gathered
from tasks.stages import registry
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.working import results_of
from tasks.studies.design import design

STUDY = {
    "name": "talk",
    "models": {"ana": {"model": "sim/agent"}, "judge": {"model": "sim/judge"}},
    "episode": {"environment": "discussion", "brief": "Talk.", "rounds": 1, "seats": ["ana"] * 2},
    "replicates": 2,
    "coding": {
        "codebook": {"name": "b", "flags": {"lead": {"definition": "gives a task"}}},
        "judges": ["judge"],
        "adjudication": {"use": "union"},
    },
}


@pytest.fixture
def step(modules_of_page: Any) -> Any:
    """The step of the guide, made by following it."""
    (module,) = modules_of_page("add_a_stage.md", "topics")
    return module.TopicStep()


def planned(step: Any) -> Any:
    declared = design(Study.model_validate(STUDY))
    episodes = EpisodeStep().plan(declared, Upstream())
    return step.plan(declared, Upstream({EpisodeStep: episodes}))


def worked(step: Any, units: Any, gateway: Any) -> Any:
    events = [
        {"episode_key": unit.spec.episode_key, "seq": seq, "kind": "say", "text": text}
        for unit in units
        for seq, text in enumerate(("We need a map.", "And boats."))
    ]
    (read,) = step.reads(units)
    assert (read.table, read.column) == ("events", "episode_key")
    return asyncio.run(results_of(step, units, {"events": pl.DataFrame(events)}, gateway))


def test_the_step_of_the_guide_has_the_rows_that_it_says(step: Any, memory_gateway: Any) -> None:
    units = planned(step)
    gateway = memory_gateway(lambda question: "a sea voyage")
    first, second = worked(step, units, gateway)
    (row,) = first.rows["topics"]
    assert row["topic"] == "a sea voyage"
    assert row["episode_key"] == units[0].spec.episode_key
    assert second.unit == units[1]
    assert "at most 3 words:\nWe need a map.\nAnd boats." in gateway.questions[0].messages[0].text


def test_a_plan_counts_a_question_for_each_episode(step: Any) -> None:
    (one,) = gathered(
        step.questions(design(Study.model_validate(STUDY)), planned(step), Upstream())
    )
    assert (one.alias, one.purpose, one.questions) == ("judge", "judge", Span(2, 2))


def test_a_refused_answer_fails_its_unit(step: Any, memory_gateway: Any) -> None:
    refused = memory_gateway(lambda question: Failure("refused", "no"))
    assert {one.failure.kind for one in worked(step, planned(step), refused)} == {"refused"}


def test_the_key_covers_what_the_guide_says(step: Any) -> None:
    spec = planned(step)[0].spec
    assert step.unit(replace(spec, shown_name="another")).key == step.unit(spec).key
    assert step.unit(replace(spec, most_words=4)).key != step.unit(spec).key


def test_the_guide_names_every_step_and_the_way_to_register_one(step: Any) -> None:
    assert step.name not in {one.name for one in registry.steps()}
    for one in registry.steps():
        assert {"stage", "name", "title", "recipe", "writes"} <= set(vars(type(one)))
