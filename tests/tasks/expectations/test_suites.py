"""The suites of the stages: whole, known to the library, and as wide as chance."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.relations import has_conditions, relations, stage_of
from schemas.study import DataExpectation, Study
from tasks.expectations.arguments import supported, wrong_values
from tasks.expectations.suites import SUITES, suite
from tasks.studies.design import design

SPEC: dict[str, Any] = {
    "name": "s",
    "models": {"a": {"model": "sim/talkative"}, "j": {"model": "sim/judge"}},
    "population": {"size": 50, "targets": {"sex": {"f": 0.5, "m": 0.5}}, "traits": "big_five"},
    "episode": {
        "environment": "discussion",
        "brief": {"text": "Plan it."},
        "rounds": 3,
        "seats": ["a", "a"],
    },
    "conditions": {"plain": {}, "long": {"rounds": 5}},
    "replicates": 7,
    "coding": {
        "codebook": {"name": "b", "flags": {"meta": {"definition": "About the talk."}}},
        "judges": ["j"],
        "adjudication": {"use": "union"},
    },
    "metrics": ["participation"],
    "contrasts": {"c": {"of": "participation.gini", "between": ["plain", "long"]}},
}


def study(**changes: Any) -> Study:
    return Study.model_validate({**SPEC, **changes})


def declared() -> list[tuple[str, DataExpectation]]:
    imported = study(episode=None, conditions={}, imported={"collection": "c"}, contrasts={})
    return [
        (stage, one) for stage in SUITES for each in (study(), imported)
        for one in SUITES[stage](each)
    ]  # fmt: skip


@pytest.mark.parametrize(("stage", "one"), declared(), ids=str)
def test_a_suite_names_what_there_is_and_checks_it_at_the_end_of_its_stage(
    stage: str, one: DataExpectation
) -> None:
    known = supported()[one.expectation]
    assert one.arguments.keys() <= known.keys()
    assert {name for name, argument in known.items() if argument.required} <= one.arguments.keys()
    assert list(wrong_values(one.expectation, one.arguments)) == []
    assert {*one.columns, *one.where} <= relations()[one.view].keys()
    assert stage_of(one.view) == stage
    assert one.per is None or has_conditions(one.view)


def test_every_condition_has_a_check_of_its_own() -> None:
    checks = suite("episodes", design(study()), ["plain", "long"])
    cells = [check for check in checks if check.expectation.view == "v_episodes"]
    assert [check.condition for check in cells] == ["plain", "long"]
    assert {check.expectation.arguments["value"] for check in cells} == {7}


def test_conditions_with_numbers_of_their_own_are_held_to_them() -> None:
    uneven = study(conditions={"plain": {"replicates": 2}, "long": {"rounds": 3}}, replicates=3)
    checks = suite("episodes", design(uneven), ["plain", "long"])
    cells = [one.expectation for one in checks if one.expectation.view == "v_episodes"]
    assert {one.where["condition"]: one.arguments["value"] for one in cells} == {
        "plain": 2,
        "long": 3,
    }


def test_what_a_study_adds_is_checked_at_the_stage_of_its_view() -> None:
    one = {
        "expect_column_max_to_be_between": {"view": "v_codes", "column": "value", "max_value": 1}
    }
    resolved = design(study(expect=[one]))
    for stage in SUITES:
        own = [c for c in suite(stage, resolved, ["plain"]) if c.declared_by == "study"]
        assert len(own) == (stage == "codes")


def test_traits_that_are_given_or_shifted_have_no_expected_mean() -> None:
    population = {
        "size": 10,
        "traits": {"inventory": "big_five", "means": {"neuroticism": 1.0}},
        "method": {"use": "factorial", "levels": {"openness": ["low", "high"]}},
    }
    checked = {
        one.where["trait"]
        for one in SUITES["personas"](study(population=population))
        if one.view == "persona_traits"
    }
    assert checked == {"conscientiousness", "extraversion", "agreeableness"}
