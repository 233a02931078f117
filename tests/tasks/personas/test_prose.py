"""Prose is asked for at a known cost, and what contradicts the persona is found by rule."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.gateway import Message
from schemas.inventories import INVENTORIES, LEVELS
from schemas.study.population import PopulationSpec
from schemas.study.prose import ProseSpec
from tasks.models.attempts import prompt_tokens_about
from tasks.models.structured import instructed
from tasks.personas.ages import Ages, ages_in, span_of
from tasks.personas.contradictions import RULES, contradictions
from tasks.personas.prose import problem_with, prose_prompt, prose_shape

ANN = {"age_group": "18 to 34", "sex": "female", "occupation": "night_nurse", "openness": "high"}
#: Tokens that a persona may cost.
MOST_TOKENS = 1_500


@pytest.mark.parametrize(
    "text",
    [
        "She is 25 and works as a nurse at the harbour.",
        "At the age of 12 she moved; at 18 she left. Her children are 4 and 7.",
        "Her 6-year-old son, a 60-year-old building, and children aged 4 and 7.",
        "She met a man. He was nice.",
        "In her late twenties, she is employed as a night nurse.",
        "They like plans that leave room for chance.",
        "She worked as a waiter once, and works for a hospital.",
    ],
)
def test_a_text_that_fits_its_persona_passes(text: str) -> None:
    assert list(contradictions(ANN, text)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A 40-year-old with a dog.", "40-year-old"),
        ("She turned fifty-one, and sails.", "She turned fifty-one"),
        ("Aged 71, she sails.", "Aged 71"),
        ("In her late forties, she sails.", "In her late forties"),
        ("In their 60s they sail.", "In their 60s"),
        ("He sails.", "He"),
        ("A 28-year-old man who sails.", "A 28-year-old man"),
        ("She works as a plumber in town.", "works as a plumber"),
        ("She is employed as a tram driver.", "employed as a tram driver"),
    ],
)
def test_a_text_that_contradicts_its_persona_is_quoted(text: str, said: str) -> None:
    (found,) = contradictions(ANN, text)
    assert found.startswith(repr(said))


def test_what_a_rule_cannot_read_it_lets_pass() -> None:
    facts = {"age_group": "old", "sex": "non-binary", "language": "French"}
    assert list(contradictions(facts, "He is a man of 30, aged 30, who works as a cook.")) == []


@given(st.integers(0, 120), st.integers(0, 60), st.integers(0, 120))
def test_an_age_contradicts_exactly_the_groups_that_it_is_not_in(
    low: int, width: int, age: int
) -> None:
    facts = {"age": f"{low}-{low + width}"}
    found = list(contradictions(facts, f"She is {age} years old."))
    assert bool(found) == (not low <= age <= low + width)


@given(st.integers(1, 99))
def test_ages_in_words_are_read_as_ages_in_digits(age: int) -> None:
    tens = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
    units = (
        *("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
        *("eighteen", "nineteen"),
    )
    words = units[age] if age < 20 else "-".join(filter(None, [tens[age // 10], units[age % 10]]))
    spans = [span for _, span in ages_in(f"A {words}-year-old, so a {age} year old.")]
    assert spans == [Ages(age, age)] * 2


@pytest.mark.parametrize(
    ("category", "span"),
    [
        ("35 to 54", (35, 54)),
        ("35–54", (35, 54)),
        ("55 or more", (55, 130)),
        ("80+", (80, 130)),
        ("under 18", (0, 18)),
        ("44", (44, 44)),
    ],
)
def test_categories_of_ages_as_tables_write_them(category: str, span: tuple[int, int]) -> None:
    assert span_of(category) == Ages(*span)


def answer(echo: dict[str, str], **texts: str) -> str | None:
    shape = prose_shape(tuple(ANN), tuple(texts))
    read = shape.model_validate_json(json.dumps({"echo": {**ANN, **echo}, "texts": texts}))
    return problem_with(read, ANN)


def test_an_echo_may_differ_in_spelling_only() -> None:
    assert answer({"occupation": "Night nurse.", "openness": "High"}, biography="Sails.") is None
    problem = answer({"occupation": "cook"}, biography="Sails.", weekday="He sails.")
    assert problem == (
        "echo: occupation is 'night_nurse', not 'cook'; weekday: 'He', but sex is female"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"echo": {}, "texts": {"biography": "Sails."}},
        {"echo": {"age": "9", "more": "x"}, "texts": {"biography": "Sails."}},
        {"echo": {"age": "9"}, "texts": {"biography": ""}},
        {"echo": {"age": "9"}, "texts": {}},
        {"biography": "Sails."},
    ],
)
def test_an_answer_without_all_parts_is_none(wrong: object) -> None:
    with pytest.raises(ValidationError):
        prose_shape(("age",), ("biography",)).model_validate(wrong)


def test_a_persona_costs_at_most_so_many_tokens_of_prompt() -> None:
    attributes = {f"attribute_number_{n}": f"a category of it, the {n}th" for n in range(20)}
    levels = dict.fromkeys(INVENTORIES["big_five"], LEVELS[0])
    texts = dict.fromkeys(("biography", "weekday", "speaking_style"), "What it says, " * 10)
    prompt = Message("user", prose_prompt(attributes, levels, texts))
    # A server without schemas is told the shape in words.
    whole = instructed((prompt,), prose_shape((*attributes, *levels), tuple(texts)))
    assert prompt_tokens_about([prompt]) < prompt_tokens_about(whole) < MOST_TOKENS


def test_an_alias_stands_for_a_biography_by_it() -> None:
    short = PopulationSpec(size=3, prose="ana")  # type: ignore[arg-type]
    assert short.prose == ProseSpec(model="ana")
    assert short.model_dump()["prose"] == "ana"
    long = PopulationSpec.model_validate(
        {"size": 3, "prose": {"model": "ana", "fields": {"weekday": "A weekday."}, "reasks": 0}}
    )
    assert PopulationSpec.model_validate(long.model_dump()) == long


def test_a_text_is_not_called_like_an_attribute() -> None:
    declared = {"targets": {"job": {"nurse": 1.0}}, "prose": {"model": "a", "fields": {"job": "x"}}}
    with pytest.raises(ValidationError, match="two parts of the population are called job"):
        PopulationSpec.model_validate({"size": 3, **declared})


def test_the_page_names_every_rule() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "populations.md").read_text("utf-8")
    listed = re.findall(r"^- \*\*(\w+)\*\*: (.*?)\.$", page, re.MULTILINE)
    assert listed[0][0] == "echo"
    assert listed[1:] == [(rule.name, rule.about) for rule in RULES]
