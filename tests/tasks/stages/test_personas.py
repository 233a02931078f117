from __future__ import annotations

import asyncio
from typing import Any

import polars as pl
import pytest

from schemas.gateway import Question
from schemas.study import Study
from schemas.tables import (
    PersonaAttributeRow,
    PersonaRow,
    PersonaTraitRow,
    PopulationRow,
    PopulationTargetRow,
)
from schemas.unit import Failure, Result, Unit
from tasks.models.budget import BudgetSpent
from tasks.stages.base import Upstream
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.stages.working import results_of
from tasks.studies.design import design

STEP = PersonaStep()
SHARES = {
    "age_group": {"18-34": 0.3, "35-54": 0.3, "55+": 0.4},
    "region": {"north": 0.5, "south": 0.5},
}
ROWS = {
    "populations": PopulationRow,
    "population_targets": PopulationTargetRow,
    "personas": PersonaRow,
    "persona_traits": PersonaTraitRow,
    "persona_attributes": PersonaAttributeRow,
}


def planned(size: int = 5, **fields: Any) -> tuple[Unit, ...]:
    study = Study.model_validate(
        {
            "name": "s",
            "models": {"m": {"model": "sim/agent"}, "w": {"model": "sim/writer"}},
            "population": {"size": size, "shares": SHARES, "traits": "big_five", **fields},
            "episode": {"environment": "discussion", "brief": "Talk.", "seats": ["m"]},
        }
    )
    resolved = design(study)
    population = PopulationStep().plan(resolved, Upstream())
    personas = STEP.plan(resolved, Upstream(units={PopulationStep: population}))
    return (*population, *personas)


def worked(units: tuple[Unit, ...], gateway: Any) -> list[Result]:
    """The population, which comes first, and the personas."""
    return [
        *asyncio.run(results_of(PopulationStep(), units[:1], {}, gateway)),
        *asyncio.run(results_of(STEP, units[1:], {}, gateway)),
    ]


def test_there_is_a_unit_for_the_population_and_one_for_each_persona() -> None:
    units = planned(5)
    assert len(units) == 6
    assert len({unit.key for unit in units}) == 6
    assert all(unit.upstream == (units[0].key,) for unit in units[1:])


def test_a_larger_population_keeps_the_personas_that_it_had() -> None:
    few, many = planned(5), planned(50)
    assert [unit.key for unit in few] == [unit.key for unit in many[:6]]


def test_anything_that_decides_a_persona_is_in_its_key() -> None:
    keys = {
        planned(5, **fields)[1].key
        for fields in ({}, {"seed": 2}, {"traits": "none"}, {"prose": "w"}, {"shares": {}})
    }
    assert len(keys) == 5


def test_rows_are_rows_of_their_tables(memory_gateway: Any, simulate: Any) -> None:
    for result in worked(planned(3, prose="w"), memory_gateway(simulate)):
        assert result.failure is None
        for table, rows in result.rows.items():
            for row in rows if table in ROWS else ():
                ROWS[table].model_validate(row)


def test_shares_and_traits_are_met_within_chance(memory_gateway: Any, simulate: Any) -> None:
    results = worked(planned(2000), memory_gateway(simulate))
    attributes = pl.DataFrame(
        [row for one in results for row in one.rows.get("persona_attributes", ())]
    )
    traits = pl.DataFrame([row for one in results for row in one.rows.get("persona_traits", ())])
    old = attributes.filter(pl.col("attribute") == "age_group")["value"].eq("55+").mean()
    assert old == pytest.approx(0.4, abs=0.045)
    assert traits["score"].mean() == pytest.approx(0.5, abs=0.02)
    levels = traits.group_by("level").len().sort("level")
    shares = dict(zip(levels["level"], levels["len"] / traits.height, strict=True))
    assert shares["average"] == pytest.approx(0.383, abs=0.02)
    assert shares["very_high"] == pytest.approx(0.067, abs=0.01)


def test_attributes_are_drawn_independently(memory_gateway: Any, simulate: Any) -> None:
    results = worked(planned(2000), memory_gateway(simulate))
    rows = pl.DataFrame([row for one in results for row in one.rows.get("persona_attributes", ())])
    wide = rows.pivot(on="attribute", index="persona_key", values="value")
    north = wide.filter(pl.col("region") == "north")["age_group"].eq("55+").mean()
    south = wide.filter(pl.col("region") == "south")["age_group"].eq("55+").mean()
    assert north == pytest.approx(south, abs=0.09)


def test_prose_is_written_by_a_model_and_names_its_call(memory_gateway: Any, simulate: Any) -> None:
    gateway = memory_gateway(simulate)
    results = worked(planned(3, prose="w"), gateway)
    assert len(gateway.questions) == 3
    for result in results[1:]:
        (row,) = result.rows["personas"]
        assert row["biography"]
        assert row["call_key"]
    assert "Age group" in gateway.questions[0].messages[0].text


def test_a_persona_whose_prose_failed_is_a_failed_unit(memory_gateway: Any) -> None:
    results = worked(
        planned(2, prose="w"), memory_gateway(lambda question: Failure("timeout", "too slow"))
    )
    assert [one.failure.kind if one.failure else None for one in results] == [
        None,
        "timeout",
        "timeout",
    ]
    assert "personas" not in results[1].rows


def test_a_spent_budget_fails_the_persona_and_not_the_run(memory_gateway: Any) -> None:
    def spend(question: Question) -> str:
        raise BudgetSpent(spent_usd=1.0, spent_calls=1, budget_usd=1.0, budget_calls=None)

    results = worked(planned(1, prose="w"), memory_gateway(spend))
    assert results[1].failure is not None
    assert results[1].failure.kind == "budget"
