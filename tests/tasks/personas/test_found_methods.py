"""Personas made from what earlier steps found: a search for weights, and profiles out of texts."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import polars as pl
import pytest

from schemas.study import Study
from schemas.unit import Unit
from tasks.personas.evolution import first_generation, next_generation
from tasks.personas.methods.registry import method_of
from tasks.personas.profiles import identification
from tasks.stages.base import Step, Upstream
from tasks.stages.populations import PopulationStep
from tasks.stages.profiles import ProfileStep
from tasks.stages.searches import SearchStep
from tasks.stages.working import results_of
from tasks.studies.design import design

SEARCH = {
    "size": 400,
    "traits": "big_five",
    "targets": {"sex": {"f": 0.5, "m": 0.5}},
    "method": {
        "use": "evolved",
        "weights": ["openness", "agreeableness"],
        "candidates": 16,
        "generations": 12,
        "answers": {
            # Shares of a population whose openness lies at 0.8 and agreeableness at -0.5.
            "food": {"loadings": {"openness": 1.2}, "share": 0.683},
            "money": {"loadings": {"agreeableness": 1.0}, "intercept": 0.3, "share": 0.459},
        },
    },
}
WORDS = {
    "ann": ["Sailing off Lisbon.", "The boats were late.", "Boats again, and sailing.", "Wind."],
    "ben": ["Chess club tonight.", "Theory of chess.", "Another endgame lost in chess.", "Theory."],
    "cem": ["Roses and gardening.", "Pruning takes time.", "Gardening and roses.", "More roses."],
}
TEXTS = {
    "size": 3,
    "method": {
        "use": "from_texts",
        "model": "w",
        "rows": {
            "columns": {
                "person": [name for name, texts in WORDS.items() for _ in texts],
                "text": [text for texts in WORDS.values() for text in texts],
            }
        },
        "fields": {
            "hobby": {"values": ["sailing", "chess", "gardening"]},
            "town": {"values": ["Lisbon", "Oslo"]},
        },
    },
}


def study(population: Any) -> Any:
    models = {"w": {"model": "sim/writer"}, "v": {"model": "sim/writer", "sim": {"sensitivity": 0}}}
    return design(Study.model_validate({"name": "s", "models": models, "population": population}))


def worked(step: Step[Any, Any], units: Any, gateway: Any) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, worked in the order in which units wait for each other."""
    held: dict[str, list[dict[str, Any]]] = {}
    left, done = list(units), set()
    planned = {unit.key for unit in left}
    while left:
        free = [unit for unit in left if done.issuperset(planned.intersection(unit.upstream))]
        rows = {name: as_stored(part) for name, part in held.items()}
        for result in asyncio.run(results_of(step, free, rows, gateway)):
            assert result.failure is None
            for name, given in result.rows.items():
                plain = given.to_dicts() if isinstance(given, pl.DataFrame) else given
                held.setdefault(name, []).extend(map(dict, plain))
            done.add(result.unit.key)
        left = [unit for unit in left if unit.key not in done]
    return held


def as_stored(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as the warehouse hands them out: documents as texts."""
    import orjson

    return pl.DataFrame(
        [
            {
                key: orjson.dumps(one).decode() if isinstance(one, dict) else one
                for key, one in row.items()
            }
            for row in rows
        ]
    )


def made(population: Any, step: Step[Any, Any], gateway: Any) -> tuple[Any, Any]:
    """Rows of the first step, and of the population that is made from them."""
    resolved = study(population)
    units = step.plan(resolved, Upstream())
    found = worked(step, units, gateway)
    (unit,) = PopulationStep().plan(resolved, Upstream(units={type(step): units}))
    assert set(unit.upstream) <= {one.key for one in units}
    rows = {name: as_stored(part) for name, part in found.items() if part}
    (result,) = asyncio.run(results_of(PopulationStep(), (unit,), rows, gateway))
    assert result.failure is None
    return found, result.rows


def test_a_search_finds_the_weights_behind_the_answers(memory_gateway: Any) -> None:
    found, rows = made(SEARCH, SearchStep(), memory_gateway(None))
    candidates = found["candidates"]
    assert len(candidates) == 16 * 12
    best = [
        max(row["fitness"] for row in candidates if row["generation"] == generation)
        for generation in range(12)
    ]
    assert best == sorted(best)
    figures = rows["populations"][0]["figures"]
    assert figures["weights.openness"] == pytest.approx(0.8, abs=0.15)
    assert figures["weights.agreeableness"] == pytest.approx(-0.5, abs=0.15)
    assert figures["fitness"] == pytest.approx(best[-1])
    scores = rows["persona_traits"]
    means = dict(scores.group_by("trait").agg(pl.col("score").mean()).iter_rows())
    assert means["openness"] > 0.65
    assert means["agreeableness"] < 0.42
    assert means["neuroticism"] == pytest.approx(0.5, abs=0.06)


def test_candidates_of_a_generation_wait_for_all_of_the_one_before() -> None:
    units = SearchStep().plan(study(SEARCH), Upstream())
    by_generation: dict[int, list[Unit[Any]]] = {}
    for unit in units:
        by_generation.setdefault(unit.spec.generation, []).append(unit)
    assert all(unit.upstream == () for unit in by_generation[0])
    before = {unit.key for unit in by_generation[3]}
    assert all(set(unit.upstream) == before for unit in by_generation[4])
    longer = {**SEARCH, "seed": 2}
    others = SearchStep().plan(study(longer), Upstream())
    assert not {unit.key for unit in units} & {unit.key for unit in others}


def test_the_next_generation_keeps_the_best_and_stays_within_bounds() -> None:
    rng = np.random.default_rng(1)
    weights = first_generation(20, 3, 1.5, rng)
    fitness = -np.square(weights).sum(axis=1)
    for generation in range(1, 30):
        weights = next_generation(weights, fitness, generation, 1.5, 0.4, rng)
        best = fitness.max()
        fitness = -np.square(weights).sum(axis=1)
        assert fitness.max() >= best
        assert np.abs(weights).max() <= 1.5
    assert fitness.max() > -0.01


def test_profiles_are_read_and_find_their_own_people(memory_gateway: Any, simulate: Any) -> None:
    gateway = memory_gateway(simulate)
    _, rows = made(TEXTS, ProfileStep(), gateway)
    assert len(gateway.questions) == 3
    shown = gateway.questions[0].messages[0].text
    assert WORDS["ann"][0] in shown
    assert WORDS["ann"][2] not in shown
    values = {
        (row["persona_key"], row["attribute"]): row["value"]
        for row in rows["persona_attributes"].to_dicts()
    }
    keys = dict(rows["personas"].select("name", "persona_key").iter_rows())
    assert values == {
        (keys["ann"], "hobby"): "sailing",
        (keys["ann"], "town"): "Lisbon",
        (keys["ben"], "hobby"): "chess",
        (keys["cem"], "hobby"): "gardening",
    }
    assert set(rows["persona_attributes"]["provenance"]) == {"model"}
    figures = rows["populations"][0]["figures"]
    assert figures["identified"] == 1.0
    assert figures["identified_by_chance"] == pytest.approx(1 / 3)
    assert figures["known"] == pytest.approx(4 / 6)
    assert set(rows["persona_texts"]["kind"]) == {"summary"}


def test_who_reads_and_what_is_read_is_in_the_key_of_personas() -> None:
    def keys(**method: Any) -> set[str]:
        population = {**TEXTS, "method": {**TEXTS["method"], **method}}  # type: ignore[dict-item]
        resolved = study(population)
        units = ProfileStep().plan(resolved, Upstream())
        (unit,) = PopulationStep().plan(resolved, Upstream(units={ProfileStep: units}))
        return {unit.spec.population.digest}

    fewer = {"hobby": {"values": ["sailing", "chess"]}}
    assert len(keys() | keys(model="v") | keys(fields=fewer) | keys(held_out=0.3)) == 4
    assert keys() == keys()


def test_identification_is_at_chance_for_profiles_that_say_nothing() -> None:
    held_out = [" ".join(texts) for texts in WORDS.values()]
    assert identification(["somebody"] * 3, held_out) == pytest.approx(1 / 3)
    assert identification(["boats", "chess theory", "roses"], held_out) == 1


@pytest.mark.parametrize(
    ("population", "message"),
    [
        ({**TEXTS, "size": 4}, "size: the file has texts of 3 people"),
        (
            {**TEXTS, "method": {**TEXTS["method"], "rows": {"columns": {"person": ["a"]}}}},
            "method.rows: the rows have no column text",
        ),
        (
            {
                **TEXTS,
                "size": 1,
                "method": {
                    **TEXTS["method"],
                    "rows": {"columns": {"person": ["a"], "text": ["b"]}},
                },
            },
            "method.rows: a has one text",
        ),
        (
            {**TEXTS, "targets": {"hobby": {"sailing": 0.5, "golf": 0.5}}},
            "targets.hobby: the field's values differ in chess",
        ),
        ({**SEARCH, "traits": []}, "method.weights: no inventory of the population has openness"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_told_with_its_field(population: Any, message: str) -> None:
    (spec,) = [one.population for one in study(population).conditions]
    method, params = method_of(spec)
    found = [f"{'.'.join(path)}: {problem}" for path, problem in method.problems(spec, params)]
    assert any(one.startswith(message) for one in found), found
