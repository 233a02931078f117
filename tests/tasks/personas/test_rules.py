"""Rules of consistency: who breaks them, and populations that cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemas.errors import Mistake
from schemas.study.population import PopulationSpec
from schemas.study.rules import ConsistencyRule
from tasks.personas.draw import drawn_population
from tasks.personas.problems import problems
from tasks.personas.rules import Pairs, Values, broken_by, kept
from tasks.personas.structure import coded


def rule(**fields: Any) -> ConsistencyRule:
    return ConsistencyRule.model_validate(fields)


VALUES = Values(
    3,
    {"job": coded(["retired", "retired", "cook"]), "age": coded(["70", "23", "30"])},
    {"calm": np.array([0.1, 0.5, 0.9])},
)
NOBODY: dict[str, Pairs] = {}


@pytest.mark.parametrize(
    ("fields", "about", "broken"),
    [
        ({"if": {"job": "retired"}, "then": {"age": {"min": 50}}}, 2, [1]),
        ({"then": {"age": {"max": 40}}}, 3, [0]),
        ({"then": {"job": {"not": ["cook"]}}}, 3, [2]),
        ({"then": {"job": ["cook", "retired"]}}, 3, []),
        ({"if": {"job": "retired"}, "then": {"calm": {"max": 0.2}}}, 2, [1]),
        ({"then": {"age": {"min": 25, "less": "calm"}}}, 3, [1]),
        ({"if": {"job": "retired", "age": {"max": 30}}, "then": {"calm": {"min": 1}}}, 1, [1]),
        ({"then": {"height": {"min": 1}}}, 0, []),
        ({"if": {"pet": "cat"}, "then": {"age": {"min": 99}}}, 0, []),
    ],
)
def test_a_rule_is_broken_by_whom_it_is_about(fields: Any, about: int, broken: list[int]) -> None:
    found = kept(rule(**fields), VALUES, NOBODY)
    assert (found.about, list(found.broken)) == (about, broken)
    assert found.pass_rate == (1 - len(broken) / about if about else 1)


def test_a_rule_about_a_relation_looks_at_both() -> None:
    pairs = Pairs(np.array([1, 1, 2]), np.array([0, 2, 0]), np.ones(3), symmetric=False)
    found = kept(
        rule(of="parent", then={"other.age": {"min": 15, "less": "age"}}), VALUES, {"parent": pairs}
    )
    assert (found.about, list(found.broken)) == (2, [1])
    assert found.broken[1] == "other.age is 30 and age 23: expected at least 15 more than age"


def test_one_persona_is_held_against_rules_by_its_values() -> None:
    rules = {
        "calm": rule(then={"calm": {"min": 0.5}}),
        "old": rule(**{"if": {"job": "retired"}, "then": {"age": {"min": 50}}}),
        "parents": rule(of="parent", then={"other.age": {"min": 1}}),
    }
    assert broken_by(rules, {"job": "retired", "age": "23", "calm": 0.7}) == {
        "old": "job is retired, and age is 23: expected at least 50"
    }


TARGETS = {
    "age": {"young": 0.3, "middle": 0.4, "old": 0.3},
    "job": {"student": 0.2, "employed": 0.6, "retired": 0.2},
}
OLD = {"if": {"job": "retired"}, "then": {"age": "old"}}


def spec(**fields: Any) -> PopulationSpec:
    declared = {"size": 400, "method": "ipf", "targets": TARGETS, **fields}
    return PopulationSpec.model_validate(declared)


def test_an_enforced_rule_is_kept_by_all_and_the_targets_are_met() -> None:
    free = drawn_population(spec(rules={"old": OLD}), "0" * 32)
    assert free.rules["old"].pass_rate < 0.5
    held = drawn_population(spec(rules={"old": {**OLD, "enforce": True}}), "0" * 32)
    assert held.rules["old"].pass_rate == 1
    assert held.rules["old"].about == 80
    for name, shares in TARGETS.items():
        assert held.attributes[name].shares() == pytest.approx(list(shares.values()), abs=0.01)


def test_enforced_rules_that_targets_cannot_bear_are_told() -> None:
    young = {"if": {"age": ["young", "middle"]}, "then": {"job": "student"}}
    with pytest.raises(Mistake, match=r"compare (age with job|job with age)"):
        drawn_population(spec(rules={"young": {**young, "enforce": True}}), "0" * 32)
    nobody = {"then": {"age": "young", "job": "retired"}, "enforce": True}
    never = {"then": {"age": "old"}, "enforce": True}
    with pytest.raises(Mistake, match="every row of the seed table breaks"):
        drawn_population(spec(rules={"nobody": nobody, "never": never}), "0" * 32)


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({"rules": {"r": {"then": {"aeg": "old"}}}}, "rules.r", "did you mean age?"),
        ({"rules": {"r": {"then": {"age": "odl"}}}}, "rules.r.then.age", "did you mean old?"),
        (
            {"rules": {"r": {"of": "parent", "then": {"other.age": "old"}}}},
            "rules.r.of",
            "no relation parent",
        ),
        (
            {"rules": {"r": {**OLD, "enforce": True}}, "method": "independent"},
            "rules.r.enforce",
            "only the method ipf",
        ),
        (
            {
                "numbers": {"years": {"draw": "uniform", "parameters": {"low": 1, "high": 2}}},
                "rules": {"r": {"then": {"years": {"min": 1}}, "enforce": True}},
            },
            "rules.r.enforce",
            "years is no column of the seed table",
        ),
        (
            {"numbers": {"years": {"draw": "uniform", "by": {"sex": {"f": {"low": 1}}}}}},
            "numbers.years.by.sex",
            "no attribute or trait sex",
        ),
        (
            {"numbers": {"years": {"draw": "uniform", "by": {"age": {"yuong": {"low": 1}}}}}},
            "numbers.years",
            "age has no category yuong",
        ),
        (
            {"relations": {"friend": {"draw": "pairs", "same": ["sex"]}}},
            "relations.friend",
            "no attribute or trait sex",
        ),
        (
            {"relations": {"house": {"draw": "groups", "size": {"age": {"young": 2}}}}},
            "relations.house.size",
            "no size is given for middle",
        ),
    ],
)
def test_names_that_lead_nowhere_are_told_with_their_field(
    fields: Any, place: str, message: str
) -> None:
    one = spec(**fields)
    found = [f"{'.'.join(path)}: {problem}" for path, problem in problems(one, tuple(TARGETS))]
    assert any(line.startswith(f"{place}: ") and message in line for line in found), found


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"then": {"age": {}}}, "it tests nothing"),
        ({"then": {"age": {"min": 3, "max": 2}}}, "min 3 is above max 2"),
        ({"then": {"age": {"in": ["old"], "less": "years"}}}, "it goes with min or max"),
        ({"then": {"other.age": {"min": 2}}}, "name the relation"),
        ({"of": "parent", "then": {"age": {"min": 2}}, "enforce": True}, "cannot be enforced"),
    ],
)
def test_rules_that_say_nothing_are_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rule(**fields)
