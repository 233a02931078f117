"""Ways of making personas: what they promise, and what they refuse."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Mistake
from schemas.inventories import LEVELS
from schemas.study.population import PopulationSpec
from tasks.personas.draw import Population, drawn_population
from tasks.personas.methods.method import FoundMethod
from tasks.personas.methods.registry import METHODS, method_of

TARGETS = {
    "age": {"young": 0.3, "middle": 0.3, "old": 0.4},
    "sex": {"f": 0.5, "m": 0.5},
    "region": {"north": 0.9, "south": 0.1},
}
FIGHTING = {
    "age": {"young": 0.5, "old": 0.5},
    "age x sex": {"young": {"f": 0.4, "m": 0.2}, "old": {"f": 0.2, "m": 0.2}},
}
SURVEY = {"columns": {"age": ["young", "old", "old"], "sex": ["f", "f", "m"], "w": ["1", "2", "3"]}}


def spec(size: int = 200, **fields: Any) -> PopulationSpec:
    return PopulationSpec.model_validate({"size": size, "targets": TARGETS, **fields})


def drawn(one: PopulationSpec, seed: str = "0" * 32) -> Population:
    method, params = method_of(one)
    assert list(method.problems(one, params)) == []
    return drawn_population(one, seed)


def problem(one: PopulationSpec) -> str:
    method, params = method_of(one)
    return "; ".join(f"{'.'.join(place)}: {what}" for place, what in method.problems(one, params))


EXAMPLES: dict[str, dict[str, Any]] = {
    "independent": {},
    "ipf": {"method": "ipf"},
    "factorial": {
        "targets": {},
        "size": 12,
        "method": {"use": "factorial", "levels": {"job": ["a", "b", "c"], "sex": ["f", "m"]}},
    },
    "dataset": {
        "targets": {},
        "size": 2,
        "method": {"use": "dataset", "rows": {"columns": {"job": ["a", "b", "c"]}}},
    },
    "fixed": {
        "targets": {},
        "size": 1,
        "method": {"use": "fixed", "personas": [{"name": "Ann", "attributes": {"job": "a"}}]},
    },
}


@pytest.mark.parametrize(
    "name", [name for name, one in METHODS.items() if not isinstance(one, FoundMethod)]
)
def test_a_population_is_the_same_for_the_same_seed_and_no_other(name: str) -> None:
    one = (
        spec(**EXAMPLES[name], traits="big_five")
        if name != "independent"
        else spec(traits="big_five")
    )
    first, second, third = drawn(one), drawn(one), drawn(one, "1" * 32)
    every = range(1, one.size + 1)
    assert [first.values(i) for i in every] == [second.values(i) for i in every]
    assert [first.values(i) for i in every] != [third.values(i) for i in every]
    assert len(first.names) == one.size


@pytest.mark.parametrize("name", [name for name, one in METHODS.items() if one.extends])
@given(few=st.integers(1, 60), more=st.integers(0, 60))
def test_a_larger_population_begins_with_the_smaller_where_the_way_says_so(
    name: str, few: int, more: int
) -> None:
    small, large = (drawn(spec(size, method=name, traits="big_five")) for size in (few, few + more))
    assert [small.values(i) for i in range(1, few + 1)] == [
        large.values(i) for i in range(1, few + 1)
    ]
    assert small.names == large.names[:few]


def test_independent_draws_meet_joint_tables_and_leave_tables_independent() -> None:
    joint = {"young": {"f": 0.4, "m": 0.1}, "old": {"f": 0.1, "m": 0.4}}
    one = spec(20_000, targets={"age x sex": joint, "region": TARGETS["region"]})
    found = drawn(one).attributes
    both = np.bincount(found["age"].codes * 2 + found["sex"].codes, minlength=4) / 20_000
    assert both == pytest.approx([0.4, 0.1, 0.1, 0.4], abs=0.015)
    north = [found["region"].codes[found["age"].codes == code].mean() for code in (0, 1)]
    assert north[0] == pytest.approx(north[1], abs=0.02)


def test_raked_populations_meet_every_target_closely() -> None:
    population = drawn(spec(500, method="ipf"))
    for name, shares in TARGETS.items():
        column = population.attributes[name]
        assert column.shares() == pytest.approx(list(shares.values()), abs=0.012)


def test_raking_keeps_what_the_seed_table_says_of_other_columns() -> None:
    rows = {"columns": {"sex": ["f", "m"] * 50, "job": ["a", "b"] * 50}}
    one = spec(
        100, targets={"sex": {"f": 0.8, "m": 0.2}}, method={"use": "ipf", "seed_table": rows}
    )
    found = drawn(one).attributes
    assert found["job"].shares() == pytest.approx([0.8, 0.2])
    assert (found["job"].codes == found["sex"].codes).all()


@pytest.mark.parametrize(
    ("targets", "method", "message"),
    [
        (FIGHTING, "ipf", "compare age with age x sex"),
        (
            {"age": {"young": 0.5, "ancient": 0.5}},
            {"use": "ipf", "seed_table": SURVEY},
            "no row with ancient",
        ),
        (
            {"age": {"young": 0.5, "old": 0.5}},
            {"use": "ipf", "seed_table": SURVEY, "weight": "sex"},
            "row 1 has no weight",
        ),
    ],
)
def test_raking_says_what_cannot_be_met(targets: Any, method: Any, message: str) -> None:
    with pytest.raises(Mistake, match=message) as raised:
        drawn(spec(targets=targets, method=method))
    assert raised.value.details["place"].startswith("population.")


@given(
    n_levels=st.lists(st.integers(2, 4), min_size=2, max_size=4),
    strength=st.integers(1, 2),
    copies=st.integers(1, 2),
)
def test_designs_hold_the_combinations_that_they_promise(
    n_levels: list[int], strength: int, copies: int
) -> None:
    levels = {f"f{i}": [f"l{k}" for k in range(n)] for i, n in enumerate(n_levels)}
    full = int(np.prod(n_levels))
    whole = drawn(
        spec(full * copies, targets={}, method={"use": "factorial", "levels": levels})
    ).attributes
    rows = list(zip(*(column.values() for column in whole.values()), strict=True))
    assert sorted(rows) == sorted([*itertools.product(*levels.values())] * copies)
    part = {"use": "factorial", "levels": levels, "design": "covering", "strength": strength}
    covering = drawn(spec(full, targets={}, method=part)).attributes
    for names in itertools.combinations(levels, strength):
        seen = set(zip(*(covering[name].values() for name in names), strict=True))
        assert seen == set(itertools.product(*(levels[name] for name in names)))


def test_a_design_can_have_a_control_group_without_factors() -> None:
    method = {"use": "factorial", "levels": {"job": ["a", "b"], "sex": ["f", "m"]}, "control": 3}
    population = drawn(spec(11, targets={}, method=method))
    for column in population.attributes.values():
        assert (column.codes < 0).sum() == 3
        assert sorted(column.codes[column.codes >= 0].tolist()) == [0] * 4 + [1] * 4
    assert sum("job" not in population.values(place) for place in range(1, 12)) == 3
    wrong = spec(12, targets={}, method=method)
    assert "expected a multiple of 4 beside 3 without factors, found 9" in problem(wrong)


def test_levels_of_a_trait_can_be_factors() -> None:
    method = {"use": "factorial", "levels": {"openness": ["very_low", "high"]}}
    population = drawn(spec(10, targets={}, traits="big_five", method=method))
    levels = [LEVELS[level] for level in population.traits["openness"].levels]
    assert sorted(levels) == ["high"] * 5 + ["very_low"] * 5
    assert "openness" not in population.attributes


def test_listed_personas_keep_what_they_list_and_are_completed_by_draws() -> None:
    people = [
        {"name": "Ann", "attributes": {"job": "nurse"}, "traits": {"openness": "high"}},
        {"name": "Ben", "attributes": {"job": "cook"}, "biography": "Cooks."},
    ]
    method = {"use": "fixed", "personas": people}
    population = drawn(spec(2, targets={}, traits="big_five", method=method))
    assert population.names == ["Ann", "Ben"]
    assert population.values(1)["job"] == "nurse"
    assert population.values(1)["openness"] == "high"
    assert population.values(2)["openness"] in LEVELS
    assert population.texts == {"biography": ("", "Cooks.")}


def test_rows_of_a_data_set_become_personas() -> None:
    rows = {"columns": {"name": ["Ann", "Ben", "Cem"], "job": ["nurse", "cook", "cook"]}}
    method = {"use": "dataset", "rows": rows, "draw": "first"}
    population = drawn(spec(2, targets={}, method=method))
    assert population.names == ["Ann", "Ben"]
    assert [population.values(i)["job"] for i in (1, 2)] == ["nurse", "cook"]
    weighted = {"columns": {"job": ["a", "b"], "w": ["3", "1"]}}
    method = {"use": "dataset", "rows": weighted, "draw": "systematic", "weight": "w"}
    population = drawn(spec(40, targets={}, method=method))
    assert population.attributes["job"].shares().tolist() == [0.75, 0.25]
    assert population.figures == {"seed_rows": 2, "effective_size": 1.6, "design_effect": 1.25}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"targets": FIGHTING}, "targets: 2 tables have age; only the method ipf"),
        ({"method": {"use": "ipf", "weight": "w"}}, "method.weight: there is no seed_table"),
        ({"method": {"use": "ipf", "seed_table": SURVEY}}, "has no column region"),
        (
            {"size": 7, "method": {"use": "factorial", "levels": {"a": ["x", "y"]}}},
            "size: a full design has 2 combinations",
        ),
        (
            {
                "size": 3,
                "method": {
                    "use": "factorial",
                    "levels": {"a": ["x", "y"], "b": ["x", "y"]},
                    "design": "covering",
                },
            },
            "size: the covering design has 4 rows",
        ),
        (
            {
                "traits": "big_five",
                "method": {"use": "factorial", "levels": {"openness": ["huge", "low"]}},
            },
            "huge is no level",
        ),
        (
            {"targets": {}, "method": {"use": "dataset", "rows": {"columns": {"a": ["x"]}}}},
            "size: the file has 1 row",
        ),
        (
            {"targets": {}, "method": {"use": "fixed", "personas": [{"attributes": {"a": "b"}}]}},
            "size: 1 personas are listed",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_field(fields: dict[str, Any], message: str) -> None:
    assert message in problem(spec(**fields))
