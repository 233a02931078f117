"""Large populations are written down part by part, and the parts make the whole."""

from __future__ import annotations

import asyncio
from typing import Any

import polars as pl
import pytest

from schemas.study import Study
from tasks.stages.base import Upstream
from tasks.stages.populations import PartStep, PopulationStep, population_units
from tasks.stages.working import results_of
from tasks.studies.design import design

POPULATION = {
    "size": 10,
    "targets": {"town": {"a": 0.5, "b": 0.5}},
    "traits": "big_five",
    "numbers": {"age": {"draw": "uniform", "parameters": {"low": 1, "high": 90}, "round_to": 1}},
    "relations": {"friend": {"draw": "pairs", "degree": 2}},
    "rules": {"grown": {"then": {"age": {"min": 50}}}},
    "taxonomy": {
        "tree": {"name": "t", "branches": {"a": ["x", "y"], "b": ["z"], "c": None}},
        "attributes": 2,
        "anchors": ["town"],
        "strata": {"near": 0.5, "far": 0.5},
    },
}


def rows(gateway: Any) -> tuple[dict[str, pl.DataFrame], list[int], int]:
    """Rows by table, how many each unit wrote of personas, and how many units are found."""
    study = design(Study.model_validate({"name": "s", "population": POPULATION}))
    whole = PopulationStep().plan(study, Upstream())
    parts = PartStep().plan(study, Upstream(units={PopulationStep: whole}))
    results = asyncio.run(results_of(PopulationStep(), whole, {}, gateway))
    results += asyncio.run(results_of(PartStep(), parts, {}, gateway))
    tables: dict[str, list[pl.DataFrame]] = {}
    for result in results:
        assert result.failure is None
        for name, given in result.rows.items():
            tables.setdefault(name, []).append(pl.DataFrame(given).drop("unit_key"))
    found = population_units(Upstream(units={PopulationStep: whole, PartStep: parts}))
    (units,) = found.values()
    assert units == tuple(result.unit.key for result in results)
    joined = {name: pl.concat(part, how="diagonal_relaxed") for name, part in tables.items()}
    return joined, [len(result.rows["personas"]) for result in results], len(units)


def test_parts_make_the_same_population_as_one_unit(
    memory_gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, sizes, _ = rows(memory_gateway(None))
    assert sizes == [10]
    monkeypatch.setattr("tasks.stages.planned.PART", 4)
    parted, sizes, n_units = rows(memory_gateway(None))
    assert (sizes, n_units) == ([4, 4, 2], 3)
    assert whole.keys() == parted.keys()
    for name, table in whole.items():
        if name != "populations":
            assert table.sort(table.columns).equals(
                parted[name].select(table.columns).sort(table.columns)
            ), name
    assert len(whole["persona_relations"]) >= 16


def test_a_relation_is_written_when_both_personas_are(
    memory_gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.stages.planned.PART", 4)
    study = design(Study.model_validate({"name": "s", "population": POPULATION}))
    whole = PopulationStep().plan(study, Upstream())
    parts = PartStep().plan(study, Upstream(units={PopulationStep: whole}))
    assert all(unit.upstream == (whole[0].key,) for unit in parts)
    known: set[str] = set()
    for step, units in ((PopulationStep(), whole), (PartStep(), parts)):
        for result in asyncio.run(results_of(step, units, {}, memory_gateway(None))):
            known |= set(pl.DataFrame(result.rows["personas"])["persona_key"])
            related = pl.DataFrame(result.rows.get("persona_relations", []))
            for column in ("persona_key", "other_key") if len(related) else ():
                assert set(related[column]) <= known
