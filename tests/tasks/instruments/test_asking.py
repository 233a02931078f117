"""The items of instruments as questions, and their answers as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from schemas.instrument import AnswerScale, Instrument, Item
from tasks.instruments.asking import (
    Page,
    answer_shape,
    answers_of,
    items_prompt,
    pages,
    response_rows,
)
from tasks.studies.strict import validated

STUDIES = Path(__file__).resolve().parents[3] / "studies"


def mini_ipip() -> Instrument:
    text = (STUDIES / "personas" / "instruments" / "mini_ipip.yaml").read_text(encoding="utf-8")
    return validated(Instrument, YAML(typ="safe").load(text))


def quiz(n: int = 4, **fields: Any) -> Instrument:
    items = [
        {"item": str(k), "text": f"Statement {k}.", "trait": "openness", "key": 1 - 2 * (k % 2)}
        for k in range(n)
    ]
    return Instrument.model_validate(
        {"name": "quiz", "scale": {"low": 1, "high": 5}, "items": items, **fields}
    )


def test_the_short_form_has_four_items_for_each_trait_and_eleven_that_are_reversed() -> None:
    held = mini_ipip()
    assert {
        trait: sum(i.trait == trait for i in held.items) for trait in held.traits
    } == dict.fromkeys(
        ("extraversion", "agreeableness", "conscientiousness", "neuroticism", "openness"), 4
    )
    # Donnellan et al. (2006), appendix.
    reversed_items = [int(item.item) for item in held.items if item.key == -1]
    assert reversed_items == [*range(6, 11), *range(15, 21)]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scale": {"low": 5, "high": 1}}, "upside down"),
        (
            {"scale": {"low": 1, "high": 5, "labels": ["no", "yes"]}},
            "there are 2 for the 5 numbers",
        ),
        ({"scale": {"low": 0, "high": 500}}, "at most 101"),
    ],
)
def test_a_scale_that_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        quiz(**fields)


def test_an_item_that_is_there_twice_is_refused() -> None:
    items = [{"item": n, "text": t, "trait": "t", "key": 1} for n, t in ((1, "A."), (2, " a. "))]
    with pytest.raises(ValidationError, match=r"the text .a\.. is there twice"):
        quiz(items=items)
    with pytest.raises(ValidationError, match="the item '1' is there twice"):
        quiz(items=[items[0], {**items[0], "text": "B."}])


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 5))
def test_every_item_is_asked_once_whatever_the_order(n: int, size: int, seed: int) -> None:
    held = quiz(n)
    asked = pages(held, size, ("p", seed))
    assert sorted(i.item for page in asked for i in page.items) == sorted(
        i.item for i in held.items
    )
    assert [page.first for page in asked] == list(range(1, n + 1, size))
    assert asked == pages(held, size, ("p", seed))
    assert [i for page in pages(held, size, None) for i in page.items] == list(held.items)


@given(st.data())
def test_a_reversed_answer_is_as_far_from_the_other_end(data: st.DataObject) -> None:
    low = data.draw(st.integers(-3, 3))
    held = quiz(scale={"low": low, "high": low + data.draw(st.integers(1, 9))})
    (page,) = pages(held, len(held.items), ("k",))
    scale = held.scale
    values = data.draw(st.lists(st.integers(scale.low, scale.high), min_size=4, max_size=4))
    for item, value, row in zip(
        page.items, values, response_rows("q", held, page, values), strict=True
    ):
        assert row["value"] == value
        expected = value if item.key == 1 else scale.high - (value - scale.low)
        assert row["scored"] == expected
        assert (row["item"], row["trait"], row["key"]) == (item.item, item.trait, item.key)


def test_no_usable_answer_is_a_row_without_a_number_for_every_item() -> None:
    held = quiz()
    rows = list(response_rows("q", held, pages(held, 4, None)[0], None))
    assert [(row["value"], row["scored"]) for row in rows] == [(None, None)] * 4


def test_a_page_tells_the_scale_and_takes_as_many_numbers_as_it_has_items() -> None:
    labels = ("no", "rather not", "perhaps", "rather", "yes")
    held = quiz(scale=AnswerScale(low=1, high=5, labels=labels))
    page = Page(1, held.items[:2])
    prompt = items_prompt(held, page)
    assert "1. Statement 0.\n2. Statement 1." in prompt
    assert "from 1 to 5:\n1 = no\n" in prompt
    shape = answer_shape(held.scale, 2)
    assert answers_of(shape.model_validate({"answers": [1, 5]})) == [1, 5]
    for bad in ([1], [1, 6], [1, 2, 3]):
        with pytest.raises(ValidationError):
            shape.model_validate({"answers": bad})
    assert answers_of(answer_shape(held.scale, 1).model_validate({"answer": 3})) == [3]


def test_an_item_needs_a_key() -> None:
    with pytest.raises(ValidationError, match="key"):
        Item.model_validate({"item": "1", "text": "A.", "trait": "t"})
    with pytest.raises(ValidationError, match="key"):
        Item.model_validate({"item": "1", "text": "A.", "trait": "t", "key": 2})
