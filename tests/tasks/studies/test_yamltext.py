"""YAML as studies are written in it."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Mistake
from tasks.studies.yamltext import document

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.printable, max_size=20).filter(lambda text: "\r" not in text)
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(string.ascii_lowercase, min_size=1, max_size=6), inner, max_size=4
        )
    ),
    max_leaves=15,
)


def value(text: str) -> object:
    return document(text, "s.yaml").value


@given(st.dictionaries(st.text(string.ascii_lowercase, min_size=1, max_size=6), _values))
@settings(max_examples=60, deadline=None)
def test_json_is_read_as_it_is(data: dict[str, object]) -> None:
    assert value(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("1e-3", 0.001),
        ("0.5", 0.5),
        ("12", 12),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("12:30:45", "12:30:45"),
        ("2026-01-02", "2026-01-02"),
        ("~", None),
        ("'12'", "12"),
    ],
)
def test_plain_scalars_are_read_as_in_yaml_1_2(text: str, wanted: object) -> None:
    assert value(f"a: {text}") == {"a": wanted}


def test_merged_mappings_give_way_to_own_keys() -> None:
    text = "base: &base {x: 1, y: 2}\nmine:\n  <<: *base\n  y: 3\n"
    assert value(text) == {"base": {"x": 1, "y": 2}, "mine": {"x": 1, "y": 3}}


def test_lines_of_values_and_of_what_is_missing() -> None:
    read = document("name: s\nepisode:\n  seats:\n    - a\n    - b\n", "s.yaml")
    assert read.line(("episode", "seats", 1)) == (5, ("episode", "seats", 1))
    assert read.line(("episode", "rounds")) == (2, ("episode",))


def test_numbers_beyond_64_bits_are_refused() -> None:
    with pytest.raises(Mistake, match="64 bits"):
        value(f"seed: {2**64}")


def test_aliases_may_be_used_within_reason() -> None:
    assert value("a: &a [1, 2]\nb: [*a, *a]\n") == {"a": [1, 2], "b": [[1, 2], [1, 2]]}
