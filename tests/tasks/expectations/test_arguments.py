"""The list of expectations that studies are read against."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas.study import DataExpectation
from tasks.expectations.arguments import supported, wrong_values
from tasks.studies.jsonschema import study_schema

PAGE = Path(__file__).resolve().parents[3] / "docs" / "expectations.md"
ABOUT: dict[str, Any] = {"view": "v_messages", "column": "words"}


def test_the_guide_lists_every_expectation_with_its_arguments() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = {f"expect_{name}": re.findall(r"`(\w+)`", arguments) for name, arguments in rows}
    assert {name: listed[name] for name in supported()} == {
        name: list(arguments) for name, arguments in supported().items()
    }


@pytest.mark.parametrize(
    ("name", "given", "wrong"),
    [
        ("column_mean_to_be_between", {"min_value": 1}, ()),
        ("column_mean_to_be_between", {"min_value": "2026-01-31", "max_value": 3}, ()),
        ("column_mean_to_be_between", {}, ("",)),
        ("column_mean_to_be_between", {"min_value": None}, ("min_value", "")),
        ("column_mean_to_be_between", {"min_value": True}, ("min_value",)),
        ("column_mean_to_be_between", {"min_value": "much"}, ("min_value",)),
        ("column_mean_to_be_between", {"min_value": 2, "max_value": 1}, ("min_value",)),
        ("column_values_to_be_unique", {"mostly": 1.1}, ("mostly",)),
        ("column_values_to_be_in_set", {"value_set": []}, ("value_set",)),
        ("column_values_to_be_in_set", {"value_set": (1, "a")}, ()),
        (
            "column_values_to_match_regex_list",
            {"regex_list": ["a"], "match_on": "one"},
            ("match_on",),
        ),
        ("column_kl_divergence_to_be_less_than", {"threshold": 0.1}, ()),
    ],
)
def test_values_that_an_argument_cannot_have_are_found(
    name: str, given: dict[str, Any], wrong: tuple[str, ...]
) -> None:
    assert tuple(one[0] for one in wrong_values(f"expect_{name}", given)) == wrong


@pytest.mark.parametrize(
    ("item", "fits"),
    [
        ({"expect_column_mean_to_be_between": {**ABOUT, "min_value": 1, "per": "condition"}}, True),
        ({"expect_column_mean_to_be_between": {**ABOUT, "minimum": 1}}, False),
        ({"expect_column_mean_to_be_between": {"column": "words"}}, False),
        ({"expect_column_values_to_be_in_set": ABOUT}, False),
        ({"expect_column_meen_to_be_between": ABOUT}, False),
        ({"contrast": "c", "direction": "greater"}, True),
        ({"of": "participation.gini", "max_value": 1}, True),
    ],
)
def test_editors_are_told_what_an_expectation_may_be(item: dict[str, Any], fits: bool) -> None:
    study = {"name": "s", "imported": {"collection": "c"}, "expect": [item]}
    errors = list(jsonschema.Draft202012Validator(study_schema(())).iter_errors(study))
    assert (errors == []) is fits


def test_an_expectation_says_what_it_expects() -> None:
    one = DataExpectation.model_validate(
        {
            "expect_compound_columns_to_be_unique": {
                "view": "events",
                "column_list": ["episode_key", "seq"],
                "where": {"kind": ["say", "ask"], "round": 1},
                "mostly": 0.5,
            }
        }
    )
    assert one.columns == ("episode_key", "seq")
    assert one.expected == "mostly 0.5 where kind = [say, ask] and round = 1"
