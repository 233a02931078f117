from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.gateway import Question
from schemas.study import Study
from schemas.tables import TABLES
from schemas.unit import QUARANTINE, Failure, Result, Unit
from tasks.models.budget import BudgetSpent
from tasks.models.gateway import open_gateway
from tasks.stages.base import Upstream
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.stages.working import results_of
from tasks.studies.design import design

STEP = PersonaStep()
TARGETS = {
    "age_group": {"shares": {"18-34": 0.3, "35-54": 0.3, "55+": 0.4}, "source": "A census"},
    "region": {"north": 0.5, "south": 0.5},
}


def planned(
    size: int = 5, writer: Mapping[str, Any] | None = None, **fields: Any
) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
    """Units of the population and of its biographies."""
    population = {"size": size, "targets": TARGETS, "traits": "big_five", **fields}
    study = Study.model_validate(
        {
            "name": "s",
            "models": {
                "m": {"model": "sim/agent"},
                "w": {"model": "sim/writer", "sim": writer or {}},
            },
            "population": population,
            "episode": {"environment": "discussion", "brief": "Talk.", "seats": ["m"]},
        }
    )
    resolved = design(study)
    populations = PopulationStep().plan(resolved, Upstream())
    return populations, STEP.plan(resolved, Upstream(units={PopulationStep: populations}))


async def drawn_rows(units: tuple[Unit, ...], gateway: Any) -> Mapping[str, Any]:
    (result,) = await results_of(PopulationStep(), units, {}, gateway)
    assert result.failure is None
    return result.rows


def drawn(units: tuple[Unit, ...], gateway: Any) -> Mapping[str, Any]:
    """Rows of a population."""
    return asyncio.run(drawn_rows(units, gateway))


def written(size: int, gateway: Any, other: Any, prose: Any = "w", **fields: Any) -> list[Result]:
    """Prose about a population."""
    populations, biographies = planned(size, prose=prose, **fields)
    rows = {name: pl.DataFrame(part) for name, part in drawn(populations, other).items()}
    return asyncio.run(results_of(STEP, biographies, rows, gateway))


def test_there_is_a_unit_for_the_population_and_one_for_each_biography() -> None:
    populations, biographies = planned(5, prose="w")
    assert len(populations) == 1
    assert len({unit.key for unit in biographies}) == 5
    assert all(unit.upstream == (populations[0].key,) for unit in biographies)
    assert planned(5)[1] == ()


def test_a_larger_population_asks_for_no_biography_again() -> None:
    few, many = planned(5, prose="w")[1], planned(50, prose="w")[1]
    assert [unit.key for unit in few] == [unit.key for unit in many[:5]]


def test_a_way_that_draws_the_whole_at_once_begins_anew_when_it_grows() -> None:
    few, many = (planned(size, prose="w", method="ipf")[1] for size in (5, 50))
    assert not {unit.key for unit in few} & {unit.key for unit in many}


def test_anything_that_decides_a_biography_is_in_its_key() -> None:
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"seed": 2},
        {"traits": ()},
        {"targets": {}},
        {"method": "ipf"},
        {"traits": {"inventory": "big_five", "means": {"openness": 1.0}}},
    )
    keys = {planned(5, prose="w", **fields)[1][0].key for fields in changes}
    assert len(keys) == len(changes)


def test_a_persona_of_two_populations_has_two_keys_and_one_profile(
    memory_gateway: Any, simulate: Any
) -> None:
    few, many = (drawn(planned(size)[0], memory_gateway(simulate))["personas"] for size in (5, 50))
    assert few["profile_key"].to_list() == many["profile_key"].to_list()[:5]
    assert not set(few["persona_key"]) & set(many["persona_key"])
    assert few["name"].to_list() == many["name"].to_list()[:5]


def test_rows_are_rows_of_their_tables(memory_gateway: Any, simulate: Any) -> None:
    tables = drawn(planned(3)[0], memory_gateway(simulate))
    unused = {"persona_texts", "persona_relations", "persona_checks"}
    assert tables.keys() == set(PopulationStep.writes) - unused
    for name, rows in tables.items():
        for row in rows.to_dicts() if isinstance(rows, pl.DataFrame) else rows:
            TABLES[name].model_validate(row)


def test_target_and_realised_share_stand_side_by_side(memory_gateway: Any, simulate: Any) -> None:
    tables = drawn(planned(2000, method="ipf")[0], memory_gateway(simulate))
    for row in tables["population_targets"]:
        assert row["realised_share"] == pytest.approx(row["target_share"], abs=0.002)
    fits = {row["dimension"]: row for row in tables["population_fits"]}
    assert fits["age_group"]["total_variation"] < fits["age_group"]["tolerance"]
    assert fits["age_group"]["source"] == "A census"
    ages = tables["persona_attributes"].filter(pl.col("attribute") == "age_group")["value"]
    share = next(
        row["realised_share"] for row in tables["population_targets"] if row["category"] == "55+"
    )
    assert ages.eq("55+").mean() == pytest.approx(share)


def test_intensities_stand_beside_their_traits(memory_gateway: Any, simulate: Any) -> None:
    traits = {"inventory": "big_five", "intensity": {"frequency": 4, "effort": 2}}
    rows = drawn(planned(3, traits=traits)[0], memory_gateway(simulate))["persona_traits"]
    assert rows["frequency"].unique().to_list() == [4]
    assert rows["effort"].unique().to_list() == [2]
    assert rows["depth"].is_null().all()


def test_prose_is_written_by_a_model_and_names_its_call(memory_gateway: Any, simulate: Any) -> None:
    gateway = memory_gateway(simulate)
    results = written(3, gateway, memory_gateway(simulate))
    assert len(gateway.questions) == 3
    for result in results:
        (row,) = result.rows["persona_texts"]
        assert row["text"]
        assert row["call_key"]
    assert "Age group" in gateway.questions[0].messages[0].text


def test_a_biography_that_failed_is_a_failed_unit(memory_gateway: Any, simulate: Any) -> None:
    failing = memory_gateway(lambda question: Failure("timeout", "too slow"))
    results = written(2, failing, memory_gateway(simulate))
    assert [one.failure.kind for one in results if one.failure] == ["timeout", "timeout"]
    assert "persona_texts" not in results[0].rows


def test_a_spent_budget_fails_the_biography_and_not_the_run(
    memory_gateway: Any, simulate: Any
) -> None:
    def spend(question: Question) -> str:
        raise BudgetSpent(spent_usd=1.0, spent_calls=1, budget_usd=1.0, budget_calls=None)

    (result,) = written(1, memory_gateway(spend), memory_gateway(simulate))
    assert result.failure is not None
    assert result.failure.kind == "budget"


def test_biographies_that_personas_bring_along_are_kept(memory_gateway: Any, simulate: Any) -> None:
    people = [{"name": "Ann", "biography": "Sails."}, {"name": "Ben"}]
    units = planned(2, targets={}, method={"use": "fixed", "personas": people})[0]
    tables = drawn(units, memory_gateway(simulate))
    assert tables["persona_texts"]["text"].to_list() == ["Sails."]
    assert tables["personas"]["name"].to_list() == ["Ann", "Ben"]


TEXTS = {"biography": "Who they are.", "weekday": "A usual weekday."}


def test_every_declared_text_is_a_row_and_all_cost_one_call(
    memory_gateway: Any, simulate: Any
) -> None:
    gateway = memory_gateway(simulate)
    prose = {"model": "w", "fields": TEXTS}
    results = written(3, gateway, memory_gateway(simulate), prose)
    assert len(gateway.questions) == 3
    for result in results:
        rows = result.rows["persona_texts"]
        assert [row["kind"] for row in rows] == list(TEXTS)
        assert len({row["call_key"] for row in rows}) == 1
    assert "- weekday: A usual weekday." in gateway.questions[0].messages[0].text


def test_texts_that_contradict_to_the_last_go_to_quarantine_and_the_unit_is_done(
    memory_gateway: Any, simulate: Any
) -> None:
    lying = {"writer": {"contradiction": 1.0}}
    results = written(
        4,
        memory_gateway(simulate),
        memory_gateway(simulate),
        {"model": "w", "fields": TEXTS},
        **lying,
    )
    for result in results:
        assert result.failure is None
        assert "persona_texts" not in result.rows
        rows = result.rows[QUARANTINE]
        assert [one["row"]["kind"] for one in rows] == list(TEXTS)
        assert all(one["reason"].startswith("contradicts the persona: ") for one in rows)


@pytest.mark.parametrize(("rate", "reasks"), [(0.5, 0), (0.5, 1), (0.7, 3), (0.0, 0)])
def test_the_declared_rate_of_contradictions_comes_out(
    rate: float, reasks: int, tmp_path: Path
) -> None:
    n = 300

    async def all_written() -> list[Result]:
        async with open_gateway(tmp_path / "calls") as gateway:
            populations, units = planned(
                n, {"contradiction": rate}, prose={"model": "w", "reasks": reasks}
            )
            rows = {
                name: pl.DataFrame(part)
                for name, part in (await drawn_rows(populations, gateway)).items()
            }
            return await results_of(STEP, units, rows, gateway)

    refused = sum(QUARANTINE in result.rows for result in asyncio.run(all_written()))
    expected = rate ** (reasks + 1)
    assert abs(refused / n - expected) <= 4 * math.sqrt(expected * (1 - expected) / n)


def test_attributes_that_are_left_to_prose_are_asked_for_beside_the_texts(
    memory_gateway: Any, simulate: Any
) -> None:
    gateway = memory_gateway(simulate)
    taxonomy = {
        "tree": {
            "name": "t",
            "branches": {"mind": {"branches": {"regret": None}}, "pets": ["cat"]},
        },
        "attributes": 2,
        "anchors": ["region"],
        "strata": {"middle": 0.5, "far": 0.5},
    }
    results = written(3, gateway, gateway, taxonomy=taxonomy)
    assert len(gateway.questions) == 3
    assert "mind.regret: Of mind: regret, in a sentence." in gateway.questions[0].messages[0].text
    for result in results:
        assert result.failure is None
        rows = result.rows["persona_texts"]
        assert {row["kind"] for row in rows} == {"biography", "mind.regret"}
