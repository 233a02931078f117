"""The suites of the stages: whole, known to the library, and as wide as chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import log
from typing import Any

import pytest
from scipy import stats

from schemas.relations import has_conditions, relations, stage_of
from schemas.study import DataExpectation, Study
from tasks.expectations.arguments import supported, wrong_values
from tasks.expectations.suites import FALSE_ALARMS, SUITES, divergence_limit, suite
from tasks.studies.design import design

SPEC: dict[str, Any] = {
    "name": "s",
    "models": {"a": {"model": "sim/talkative"}, "j": {"model": "sim/judge"}},
    "population": {"size": 50, "shares": {"sex": {"f": 0.5, "m": 0.5}}, "traits": "big_five"},
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


def test_what_a_study_adds_is_checked_at_the_stage_of_its_view() -> None:
    one = {
        "expect_column_max_to_be_between": {"view": "v_codes", "column": "value", "max_value": 1}
    }
    resolved = design(study(expect=[one]))
    for stage in SUITES:
        own = [c for c in suite(stage, resolved, ["plain"]) if c.declared_by == "study"]
        assert len(own) == (stage == "codes")


@pytest.mark.parametrize("categories", [2, 3, 5, 12])
def test_the_limit_of_divergence_is_close_to_the_quantile_of_chi_squared(categories: int) -> None:
    exact = stats.chi2.ppf(1 - 1 / FALSE_ALARMS, categories - 1) / (2 * 400)
    assert divergence_limit(400, categories) == pytest.approx(exact, rel=0.08)


def test_draws_as_declared_stay_below_the_limit_and_others_do_not() -> None:
    rng = random.Random(1)
    weights = (0.6, 0.3, 0.1)
    limit = divergence_limit(500, 3)
    drawn = [rng.choices("abc", weights, k=500) for _ in range(200)]
    assert max(_divergence(one, weights) for one in drawn) < limit
    other = [rng.choices("abc", (0.4, 0.4, 0.2), k=500) for _ in range(50)]
    assert min(_divergence(one, weights) for one in other) > limit


def _divergence(values: Sequence[str], weights: Sequence[float]) -> float:
    shares = [values.count(name) / len(values) for name in "abc"]
    return sum(p * log(p / q) for p, q in zip(shares, weights, strict=True) if p)
