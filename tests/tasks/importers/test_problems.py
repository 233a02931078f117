"""JSON from outside is read as the standard has it, whatever Python would put up with."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Mistake
from tasks.importers.problems import strict_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab é"), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_json_can_say_is_read_back(value: object) -> None:
    assert strict_json(json.dumps(value), "x.json", "file") == value
    assert strict_json(json.dumps(value, ensure_ascii=False), "x.json", "file") == value


@given(
    VALUES,
    st.sampled_from(
        ["NaN", "Infinity", "-Infinity", "1e999", "-1e400", str(2**63), '"\\ud800"', '"\\u0000"']
    ),
)
def test_what_no_number_and_no_character_is_refused_wherever_it_stands(
    beside: object, damaged: str
) -> None:
    for text in (
        f"[{json.dumps(beside)}, {damaged}]",
        f'{{"a": {json.dumps(beside)}, "b": {{"c": [{damaged}]}}}}',
    ):
        with pytest.raises(Mistake, match="this file is damaged"):
            strict_json(text, "x.json", "file")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "a": 2}', "'a' twice"),
        ('[{"a": {"b": 1, "c": 2, "b": 1}}]', "'b' twice"),
        ("[" * 200_000, "too deep"),
        ('{"a":' * 200_000, "too deep"),
        ("9" * 5_000, "digits"),
        ('{"\\udfff": 1}', "half a character"),
    ],
)
def test_other_damage_is_refused_in_words(text: str, found: str) -> None:
    with pytest.raises(Mistake) as refused:
        strict_json(text, "x.json", "file")
    assert found in refused.value.message()
    assert len(refused.value.message()) < 500


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', "[1,]", "{'a': 1}", "nul", "[1] [2]"])
def test_what_is_no_json_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(Mistake, match=r"x\.json:1: this file is no JSON"):
        strict_json(text, "x.json", "file")
