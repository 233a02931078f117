"""Adjudication rules on small sets of judgements."""

from __future__ import annotations

from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Mistake
from schemas.study.coding import RuleSpec
from tasks.coding.adjudication import RULES, rule_named
from tasks.coding.adjudication.catalogue import rule_reference
from tasks.coding.labelling import flag_facts

CODERS = ["a", "b", "c"]
FLAGS = {
    "yes": {"coders": CODERS, "levels": 0, "scale": "nominal"},
    "level": {"coders": CODERS, "levels": 3, "scale": "ordinal"},
    "kind": {"coders": CODERS, "levels": 3, "scale": "nominal"},
}


def labels(rule: Any, flag: str, values: list[float | None], **params: Any) -> float | None:
    """The label of one item that coders a, b, c gave these values."""
    spec = RuleSpec(rule=rule, params=params)
    found, parsed = rule_named(spec)
    facts = flag_facts(FLAGS)
    codes = pl.DataFrame(
        {
            "item": [0] * len(values),
            "flag": [flag] * len(values),
            "coder": CODERS[: len(values)],
            "value": values,
        },
        schema={
            "item": pl.Int64,
            "flag": facts.schema["flag"],
            "coder": pl.Enum(CODERS),
            "value": pl.Float64,
        },
    )
    frame = found.labels(codes, facts, parsed)
    assert frame.columns == ["item", "value", "probability", "n_codes"]
    usable = sum(value is not None for value in values)
    assert frame["n_codes"].to_list() == [
        1 if params.get("coder") == "a" and values[0] is not None else usable
    ]
    return frame["value"].item()


@pytest.mark.parametrize(
    ("rule", "values", "label"),
    [
        ("intersection", [1, 1, 1], 1),
        ("intersection", [1, 0, 1], 0),
        ("intersection", [1, None, 1], None),
        ("intersection", [1, None, 0], 0),
        ("intersection", [1, 1], None),
        ("union", [0, 0, 0], 0),
        ("union", [0, None, 1], 1),
        ("union", [0, None, 0], None),
        ("union", [0, 0], None),
        ("majority", [1, 1, 0], 1),
        ("majority", [1, None, 0], None),
        ("majority", [None, 0, 0], 0),
    ],
)
def test_present_or_absent(rule: str, values: list[float | None], label: float | None) -> None:
    assert labels(rule, "yes", values) == label


@pytest.mark.parametrize(
    ("rule", "flag", "values", "label"),
    [
        ("intersection", "level", [2, 1, 2], 1),
        ("union", "level", [2, 1, 0], 2),
        ("majority", "level", [2, 1, 0], None),
        ("majority", "level", [2, 0, 2], 2),
        ("intersection", "kind", [2, 2, 2], 2),
        ("intersection", "kind", [2, 1, 2], None),
        ("intersection", "kind", [0, 1, 2], None),
        ("union", "kind", [2, 1, 2], None),
        ("majority", "kind", [1, 1, 0], 1),
    ],
)
def test_levels(rule: str, flag: str, values: list[float | None], label: float | None) -> None:
    assert labels(rule, flag, values) == label


def test_rules_with_parameters() -> None:
    assert labels("majority", "yes", [1, 0, 0], min=1) == 1
    assert labels("majority", "yes", [1, 1, 0], min=3) == 0
    assert labels("majority", "yes", [1, None, 1], min=3) is None
    assert labels("tie_break", "yes", [1, 1, 0], coder="c") == 1
    assert labels("tie_break", "yes", [1, 0, 0], coder="c") == 0
    assert labels("tie_break", "yes", [1, None, 0], coder="c") == 0
    assert labels("weighted", "yes", [1, 0, 0], weights={"a": 3, "b": 1, "c": 1}) == 1
    assert labels("weighted", "yes", [1, 0, None], weights={"a": 1, "b": 1, "c": 2}) is None
    assert labels("weighted", "kind", [2, 1, 2], weights={"a": 1, "b": 1, "c": 1}) == 2
    assert labels("human_override", "yes", [0, 1, 1], coder="a", then="intersection") == 0
    assert labels("human_override", "yes", [None, 1, 1], coder="a", then="intersection") == 1
    assert (
        labels(
            "human_override", "yes", [None, 1, 0], coder="a", then={"rule": "majority", "min": 1}
        )
        == 1
    )


@given(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=3, max_size=3))
def test_what_is_missing_never_changes_what_is_decided(values: list[float | None]) -> None:
    """A label given with judgements missing is the label whatever the missing ones would be."""
    for rule in ("intersection", "union", "majority"):
        label = labels(rule, "yes", values)
        if label is None:
            continue
        options = [[0.0, 1.0] if value is None else [value] for value in values]
        for full in product(*options):
            assert labels(rule, "yes", list(full)) == label


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=3, max_size=3))
def test_stricter_rules_never_give_a_higher_level(values: list[float | None]) -> None:
    low, high = labels("intersection", "level", values), labels("union", "level", values)
    middle = labels("majority", "level", values)
    assert low is not None
    assert high is not None
    assert low <= high
    assert middle is None or low <= middle <= high


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(Mistake, match="write intersection"):
        rule_named(RuleSpec(rule="intersecton"))


def test_wrong_parameters_are_refused_with_their_place() -> None:
    with pytest.raises(Mistake, match="option 'coder' of adjudication rule judge"):
        rule_named(RuleSpec(rule="judge"))
    with pytest.raises(Mistake, match="option 'mim' of adjudication rule majority"):
        rule_named(RuleSpec(rule="majority", params={"mim": 2}))
    with pytest.raises(Mistake, match="no rule of single items named dawid_skene"):
        rule_named(RuleSpec(rule="human_override", params={"coder": "h", "then": "dawid_skene"}))


def test_the_reference_has_every_rule_and_parameter() -> None:
    text = rule_reference()
    for rule in RULES.values():
        assert f"### {rule.name}" in text
        assert rule.about in text
        assert all(f"`{name}`" in text for name in rule.params.model_fields)


judgements = st.lists(st.sampled_from([0.0, 1.0, None]), min_size=3, max_size=3)


def _decided(outcomes: set[float]) -> float | None:
    """What all ways of filling in missing judgements agree on."""
    return outcomes.pop() if len(outcomes) == 1 else None


@settings(deadline=None, max_examples=80)
@given(
    judgements,
    st.lists(st.sampled_from([0.5, 1.0, 1.5, 3.0]), min_size=3, max_size=3),
    st.sampled_from([0.25, 0.5, 0.7]),
)
def test_a_weighted_label_is_what_every_filling_in_of_the_missing_would_give(
    values: list[float | None], weights: list[float], threshold: float
) -> None:
    if all(value is None for value in values):
        return
    bar = threshold * sum(weights)
    expected = _decided(
        {
            float(sum(w * v for w, v in zip(weights, whole, strict=True)) > bar)
            for whole in product(*([0.0, 1.0] if value is None else [value] for value in values))
        }
    )
    named = dict(zip(CODERS, weights, strict=True))
    assert labels("weighted", "yes", values, weights=named, threshold=threshold) == expected


@settings(deadline=None, max_examples=60)
@given(judgements)
def test_a_tie_break_asks_its_coder_where_the_others_do_not_agree(
    values: list[float | None],
) -> None:
    if all(value is None for value in values):
        return
    *others, decides = values
    agreed = None not in others and len(set(others)) == 1
    assert labels("tie_break", "yes", values, coder="c") == (others[0] if agreed else decides)
