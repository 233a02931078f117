"""Finding a structured answer in whatever a model says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from schemas.gateway import Message
from tasks.models.structured import instructed, reading, reasked


class Offer(BaseModel):
    price: float = Field(ge=0)
    note: str


GOOD = {"price": 2.5, "note": 'with {braces} and "quotes"'}
TEXT = json.dumps(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"  {TEXT}\n",
        f"Here you are:\n```json\n{TEXT}\n```\nAnything else?",
        f"```\n{TEXT}\n```",
        f"I thought {{about it}} and offer {TEXT}.",
        f'First {{"price": -1, "note": "no"}}, then rather {TEXT}',
        f"<think>maybe {{}}</think>{TEXT}",
    ],
)
def test_an_instance_is_found(text):
    assert reading(text, Offer).value == Offer(**GOOD)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("no", "no JSON object"),
        ('{"price": -2, "note": "x"}', "greater than or equal to 0"),
        ('{"price": 2}', "note: Field required"),
        ("[1, 2]", "no JSON object"),
        ('{"price": 1, "no', "no JSON object"),
    ],
)
def test_what_is_wrong_is_said(text, problem):
    found = reading(text, Offer)
    assert found.value is None
    assert problem in found.problem


@given(st.text(), st.floats(0, 1e6), st.text())
def test_any_instance_in_any_prose_without_braces_is_found(prose, price, note):
    prose = prose.replace("{", "").replace("`", "")
    text = f"{prose}{json.dumps({'price': price, 'note': note})}"
    assert reading(text, Offer).value == Offer(price=price, note=note)


@given(st.text())
def test_no_text_whatever_breaks_the_reader(text):
    found = reading(text, Offer)
    assert (found.value is None) == (found.problem is not None)


def test_braces_without_end_are_read_quickly():
    assert reading("{" * 20_000, Offer).problem


def test_instructions_come_last():
    sent = instructed((Message("system", "Be brief."), Message("user", "Offer!")), Offer)
    assert sent[0].text == "Be brief."
    assert sent[-1].text.startswith("Offer!")
    assert '"price"' in sent[-1].text
    assert instructed((Message("assistant", "x"),), Offer)[-1].role == "user"


def test_a_reask_quotes_the_answer_and_the_problem():
    sent = reasked((Message("user", "Offer!"),), "bad", "it is bad")
    assert [one.role for one in sent] == ["user", "assistant", "user"]
    assert reasked((Message("user", "Offer!"),), "", "it is empty")[-2].role == "user"
