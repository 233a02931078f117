"""Contrasts and numbers held against what is expected of them."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.checks import Checked
from schemas.study import Study
from tasks.expectations.numbers import checked_numbers
from tasks.expectations.reproduction import FoundNumber, numbers_wanted, reproduced

CONTRAST = {
    "contrast": "c",
    "subject": "",
    "condition_a": "plain",
    "condition_b": "long",
    "effect": 0.4,
    "effect_name": "rank_biserial",
    "p_adjusted": 0.02,
}
NUMBER = {
    "metric": "participation.gini",
    "rule": None,
    "scope": "condition",
    "condition": "long",
    "subject": "",
    "value": 0.25,
    "ci_low": 0.2,
    "ci_high": 0.3,
    "n_measured": 5,
}


def study(*expect: dict[str, Any], **changes: Any) -> Study:
    spec: dict[str, Any] = {
        "name": "s",
        "episode": {"environment": "discussion"},
        "conditions": {"plain": {}, "long": {"rounds": 5}},
        "metrics": ["participation"],
        "contrasts": {"c": {"of": "participation.gini", "between": ["plain", "long"]}},
        "expect": list(expect),
    }
    return Study.model_validate(spec | changes)


def checked(expected: dict[str, Any], *rows: dict[str, Any]) -> Checked:
    (one,) = checked_numbers(study(expected), rows, rows)
    return one


@pytest.mark.parametrize(
    ("expected", "row", "passed"),
    [
        ({"direction": "greater"}, {}, True),
        ({"direction": "less"}, {}, False),
        ({"direction": "less"}, {"effect": -0.1}, True),
        ({"direction": "greater"}, {"effect": 0.0}, False),
        ({"direction": "greater"}, {"effect": None}, False),
        ({"direction": "less"}, {"effect": 0.4, "effect_name": "cles"}, True),
        ({"direction": "greater"}, {"effect": 0.4, "effect_name": "cles"}, False),
        ({"p_below": 0.05}, {}, True),
        ({"p_below": 0.02}, {}, False),
        ({"p_below": 0.05}, {"p_adjusted": None}, False),
        ({"p_above": 0.05}, {}, False),
        ({"p_above": 0.01}, {}, True),
        ({"direction": "greater", "p_below": 0.01}, {}, False),
        ({"direction": "greater", "condition": "long"}, {}, True),
    ],
)
def test_a_contrast_is_held_against_direction_and_p(
    expected: dict[str, Any], row: dict[str, Any], passed: bool
) -> None:
    assert checked({"contrast": "c", **expected}, {**CONTRAST, **row}).passed is passed


def test_every_comparison_of_a_contrast_must_hold() -> None:
    other = CONTRAST | {"condition_b": "longer", "effect": -0.2}
    one = checked({"contrast": "c", "direction": "greater"}, CONTRAST, other)
    assert (one.passed, one.n_rows, one.n_failed) == (False, 2, 1)
    assert one.observed == (
        "long against plain: rank_biserial 0.4, p 0.02; "
        "longer against plain: rank_biserial -0.2, p 0.02"
    )


def test_a_contrast_that_was_not_made_does_not_hold() -> None:
    one = checked({"contrast": "c", "direction": "greater"})
    assert (one.passed, one.observed) == (False, "no such comparison")


@pytest.mark.parametrize(
    ("bounds", "value", "passed", "text"),
    [
        ({"min_value": 0.2}, 0.25, True, "at least 0.2"),
        ({"max_value": 0.25}, 0.25, True, "at most 0.25"),
        ({"min_value": 0.3, "max_value": 0.4}, 0.25, False, "0.3 to 0.4"),
        ({"min_value": 0.2}, None, False, "at least 0.2"),
    ],
)
def test_a_number_is_held_against_its_bounds(
    bounds: dict[str, float], value: float | None, passed: bool, text: str
) -> None:
    expected = {"of": "participation.gini", "condition": "long", **bounds}
    one = checked(expected, NUMBER | {"value": value})
    assert (one.passed, one.expected) == (passed, text)


def test_numbers_of_another_condition_or_scope_are_not_taken() -> None:
    expected = {"of": "participation.gini", "min_value": 0}
    one = checked(expected, NUMBER, NUMBER | {"condition": "", "scope": "episode"})
    assert (one.passed, one.observed) == (False, "no such number")


def test_published_numbers_stand_beside_those_expected_and_found() -> None:
    published = [
        {"of": "participation.gini", "condition": "long", "value": 0.3, "table": "Table 1"},
        {"of": "participation.hhi", "condition": "long", "value": 0.1},
    ]
    one = study(
        {"of": "participation.gini", "condition": "long", "min_value": 0.2},
        reproduces={"source": "X", "published": published},
    )
    gini, hhi = reproduced(one, [NUMBER])
    assert (gini.expected, gini.published.value) == ("at least 0.2", 0.3)
    assert gini.found == (FoundNumber(value=0.25, ci_low=0.2, ci_high=0.3),)
    assert (hhi.expected, hhi.found) == ("", ())
    assert numbers_wanted(one) == ("participation.gini", "participation.hhi")
