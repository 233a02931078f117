"""A change of what a step writes must come with a new recipe, or held rows would be wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import polars as pl
import pytest

from schemas.gateway import Question
from schemas.study import Study
from tasks.environments.registry import ENVIRONMENTS
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.stages.working import results_of
from tasks.studies.design import design

CATALOGUE = {
    "name": "tiny",
    "customers": [
        {
            "id": "c1",
            "name": "Mara",
            "request": "Soup, delivered.",
            "menu_features": {"soup": 5.0},
            "amenity_features": ["delivery"],
        }
    ],
    "businesses": [
        {
            "id": f"b{n}",
            "name": f"Shop {n}",
            "description": "Soups.",
            "rating": 0.9,
            "menu_features": {"soup": 3.0 + n},
            "amenity_features": {"delivery": n == 1},
        }
        for n in (1, 2)
    ],
}
EPISODES: dict[str, dict[str, Any]] = {
    "discussion": {"brief": "Talk.", "rounds": 2, "seats": ["m", "m"], "floor": "shuffled"},
    "commons": {"seats": ["m", "m"], "months": 2},
    "debate": {
        "seats": ["m", "m"],
        "problems": [{"ask": "7 + 5?", "options": ["11", "12"], "correct": "12"}],
    },
    "product_choice": {
        "seats": ["m", "m"],
        "products": 3,
        "listings": 3,
        "columns": 2,
        "rounds": 6,
        "tasks": ["choose", "dominance", "cheapest", "budget", "brand", "colour"],
        "seller": {"model": "m", "product": "p2", "after_rounds": 1},
    },
    "auction": {"seats": ["m", "m", "m"], "rounds": 2, "reveal": "bids"},
    "bargaining": {"seats": ["m", "m"], "offers": 2, "discounts": [0.9, 0.5]},
    "ultimatum": {"seats": ["m", "m"], "rounds": 2},
    "binary_choice": {"seats": ["m"], "rounds": 2, "answers": 3, "order": "shuffled"},
    "posted_market": {"seats": ["m", "m"], "sellers": 1, "rounds": 2},
    "strategy_auction": {
        "seats": ["m", "m"],
        "prices": [0.1, 0.2],
        "rounds": 2,
        "tasks": [{"ask": "7 + 5?", "options": ["11", "12"], "correct": "12"}],
    },
    "market": {"catalogue": CATALOGUE, "models": {"customer": "m", "business": "m"}},
}
#: Answers that are the same wherever they are asked for, by ask.
ANSWERS: dict[str, dict[str, Any]] = {
    "harvest": {"amount": 3},
    "answer": {"reasoning": "By heart.", "answer": "12"},
    "choose": {"listing": 2},
    "rewrite": {"title": "A lamp"},
    "bid": {"amount": 50},
    "offer": {"give": 40},
    "reply": {"accept": True},
    "choice": {"answer": ["yes", "yes", "no"]},
    "post": {"price": 5, "quality": 0.5},
    "buy": {"seller": "s1"},
    "rate": {"rating": 3},
    "plan": {"plan": "Count on my fingers."},
    "refine": {"plan": "Count on my fingers and toes."},
    "solve": {"reasoning": "By heart.", "answer": "12"},
}


def scripted(question: Question) -> str:
    """Answers that depend on nothing but the place in the episode."""
    seen = question.observation or {}
    if question.answer is None:
        return f"Message {question.ordinal}."
    if seen["environment"] == "personas":
        echo = {**seen["attributes"], **seen["levels"]}
        return json.dumps({"echo": echo, "texts": {"biography": "Sails."}})
    if seen["ask"] in ANSWERS:
        return json.dumps(ANSWERS[seen["ask"]])
    if seen["role"] == "business":
        price = seen["menu"]["soup"]
        line = {"item": "soup", "quantity": 1, "unit_price": price}
        return json.dumps({"text": "Here.", "items": [line], "total": price})
    offers = [event for event in seen["history"] if event["kind"] == "offer"]
    steps: list[dict[str, Any]] = [
        {"action": "search", "query": "soup"},
        {"action": "ask", "messages": [{"to": name, "text": "Soup?"} for name in ("b1", "b2")]},
        {"action": "pay", "proposal": offers[0]["item"] if offers else ""},
        {"action": "end"},
    ]
    return json.dumps(steps[seen["round"]])


POPULATION = {
    "size": 2,
    "traits": "big_five",
    "targets": {"age": {"a": 0.5, "b": 0.5}},
    "prose": "w",
}


def study(environment: str, **fields: Any) -> Study:
    return Study.model_validate(
        {
            "name": "golden",
            "models": {"m": {"model": "sim/agent"}, "w": {"model": "sim/writer"}},
            **fields,
            "episode": {"environment": environment, **EPISODES[environment]},
        }
    )


def test_every_environment_is_held_to_its_version() -> None:
    assert set(ENVIRONMENTS) == set(EPISODES)


@pytest.mark.parametrize("environment", sorted(EPISODES))
def test_rows_of_episodes_change_only_with_recipe_or_version(
    environment: str, memory_gateway: Any, golden: Any
) -> None:
    step, gateway = EpisodeStep(), memory_gateway(scripted)
    # Calls are named after the unit, whose key is masked; name them by number alone.
    ask = gateway.ask

    async def numbered(question: Question) -> Any:
        answer = await ask(question)
        key = f"{question.ordinal:032x}"
        return type(answer)(key, answer.text, answer.value, answer.attempts, answer.failure, (key,))

    gateway.ask = numbered
    units = step.plan(design(study(environment)), Upstream())
    (result,) = asyncio.run(results_of(step, units, {}, gateway))
    assert result.failure is None
    version = f"{step.recipe}.{ENVIRONMENTS[environment].version}"
    # Keys change with templates, which are in the key themselves.
    golden(f"episode {environment}", version, result.rows, {result.unit.key: "KEY"})


def test_rows_of_personas_change_only_with_their_recipe(memory_gateway: Any, golden: Any) -> None:
    resolved = design(study("discussion", population=POPULATION))
    population = PopulationStep()
    units = population.plan(resolved, Upstream())
    personas = PersonaStep().plan(resolved, Upstream(units={PopulationStep: units}))
    gateway = memory_gateway(scripted)
    (drawn,) = asyncio.run(results_of(population, units, {}, gateway))
    read = {name: pl.DataFrame(rows) for name, rows in drawn.rows.items()}
    written = asyncio.run(results_of(PersonaStep(), personas, read, gateway))
    tables: dict[str, list[Any]] = {}
    for result in (drawn, *written):
        assert result.failure is None
        for table, rows in result.rows.items():
            plain = rows.to_dicts() if isinstance(rows, pl.DataFrame) else rows
            tables.setdefault(table, []).extend(plain)
    keys = {unit.key: f"UNIT {number}" for number, unit in enumerate([*units, *personas])}
    keys[units[0].spec.population.digest] = "POPULATION"
    for row in tables["personas"]:
        keys[row["persona_key"]] = f"PERSONA {row['position']}"
        keys[row["profile_key"]] = f"PROFILE {row['position']}"
    for number, row in enumerate(tables["persona_texts"]):
        keys[row["call_key"]] = f"CALL {number}"
    golden("personas", str(PersonaStep.recipe), tables, keys)
