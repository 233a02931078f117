"""The step that puts instruments to personas: units, rows, and what is run anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from schemas.gateway import Question
from schemas.study import Study
from schemas.tables import TABLES
from schemas.unit import Result, Unit
from tasks.stages.base import Upstream
from tasks.stages.populations import PopulationStep
from tasks.stages.questionnaires import QuestionnaireStep
from tasks.stages.working import results_of
from tasks.studies.design import design

STEP = QuestionnaireStep()
ITEMS = [
    {"item": str(n), "text": f"Statement {n}.", "trait": "openness", "key": 1 - 2 * (n % 2)}
    for n in range(4)
]
QUIZ = {"name": "quiz", "scale": {"low": 1, "high": 5}, "items": ITEMS}
BOTH = {"neutral": {"personas": {"show": []}}, "shown": {"personas": {"show": ["traits"]}}}


def planned(**fields: Any) -> tuple[Study, tuple[Unit, ...], tuple[Unit, ...]]:
    study = Study.model_validate(
        {
            "name": "s",
            "models": {"m": {"model": "sim/agent"}, "n": {"model": "sim/agent", "temperature": 1}},
            "population": {"size": 3, "traits": "big_five"},
            "instruments": {"quiz": {"instrument": QUIZ, "models": ["m"], **fields.pop("put", {})}},
            **fields,
        }
    )
    resolved = design(study)
    drawn = PopulationStep().plan(resolved, Upstream())
    return study, drawn, STEP.plan(resolved, Upstream(units={PopulationStep: drawn}))


def keys(**fields: Any) -> set[str]:
    return {unit.key for unit in planned(**fields)[2]}


def answered(
    answer: Callable[[Question], str], gateway: Any, other: Any, **fields: Any
) -> list[Result]:
    _, drawn, units = planned(**fields)
    (population,) = asyncio.run(results_of(PopulationStep(), drawn, {}, other(answer)))
    rows: Mapping[str, pl.DataFrame] = {
        name: pl.DataFrame(part) for name, part in population.rows.items()
    }
    return asyncio.run(results_of(STEP, units, rows, gateway(answer)))


def test_a_repeat_or_a_model_more_runs_only_what_is_new() -> None:
    once = keys()
    assert len(once) == 3
    assert once < keys(put={"repeats": 2})
    assert once < keys(put={"models": ["m", "n"]})
    assert once < keys(population={"size": 5, "traits": "big_five"})
    assert len(keys(put={"models": ["m", "n"], "repeats": 2})) == 12
    assert once.isdisjoint(keys(put={"by": "all"}))


def test_conditions_that_show_the_same_of_the_same_personas_share_the_answers() -> None:
    _, _, units = planned(conditions={**BOTH, "again": {"personas": {"show": [], "as": "lines"}}})
    assert len(units) == 6
    assert {unit.condition: unit.spec.conditions for unit in units} == {
        "": ("neutral", "again"),
        "shown": ("shown",),
    }


def test_every_item_has_a_fresh_context_and_a_row(memory_gateway: Any) -> None:
    asked: list[Question] = []

    def four(question: Question) -> str:
        asked.append(question)
        return '{"answer": 4}'

    results = answered(four, memory_gateway, memory_gateway, conditions=BOTH)
    assert len(asked) == 6 * len(ITEMS)
    assert {len(question.messages) for question in asked} == {1, 2}  # nothing shown, no system
    systems = {q.messages[0].text for q in asked if q.messages[0].role == "system"}
    assert all("Openness: " in text for text in systems)
    assert all("Statement" not in text for text in systems)
    for result in results:
        assert result.failure is None
        rows = [dict(row) for row in result.rows["responses"]]
        for row in rows:
            TABLES["responses"].model_validate(row)
        assert sorted(row["position"] for row in rows) == [1, 2, 3, 4]
        assert {(row["value"], row["scored"], row["key"]) for row in rows} == {
            (4, 4, 1),
            (4, 2, -1),
        }


def test_items_come_in_another_order_for_another_persona_and_repeat(memory_gateway: Any) -> None:
    results = answered(
        lambda question: '{"answer": 1}', memory_gateway, memory_gateway, put={"repeats": 4}
    )
    orders = {
        tuple(row["item"] for row in sorted(r.rows["responses"], key=lambda row: row["position"]))
        for r in results
    }
    assert len(orders) > 3
    listed = answered(
        lambda question: '{"answer": 1}', memory_gateway, memory_gateway, put={"order": "listed"}
    )
    for result in listed:
        assert [row["item"] for row in result.rows["responses"]] == ["0", "1", "2", "3"]


def test_answers_that_cannot_be_used_are_counted_not_guessed(memory_gateway: Any) -> None:
    def refuses_one(question: Question) -> str:
        text = question.messages[-1].text
        return "I would rather not say." if "Statement 2." in text else json.dumps({"answer": 5})

    for result in answered(refuses_one, memory_gateway, memory_gateway):
        assert result.failure is None
        found = {row["item"]: row["value"] for row in result.rows["responses"]}
        assert found == {"0": 5, "1": 5, "2": None, "3": 5}


def test_a_block_is_one_question(memory_gateway: Any) -> None:
    def by_size(question: Question) -> str:
        size = question.messages[-1].text.count("Statement")
        return json.dumps({"answers": [2] * size} if size > 1 else {"answer": 2})

    for by, calls in (("all", 1), (3, 2)):
        for result in answered(by_size, memory_gateway, memory_gateway, put={"by": by}):
            assert len({row["call_key"] for row in result.rows["responses"]}) == calls
            assert [row["value"] for row in result.rows["responses"]] == [2.0] * 4


def test_the_plan_foresees_every_question() -> None:
    study, drawn, units = planned(put={"by": 3, "repeats": 2})
    (found,) = STEP.questions(design(study), units, Upstream(units={PopulationStep: drawn}))
    assert (found.alias, found.questions.low, found.questions.high) == ("m", 12, 12)
