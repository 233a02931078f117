from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from schemas.codebook import Codebook, Flag
from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study import ModelSpec
from tasks.coding.items import Item
from tasks.coding.judge_schema import answer_shape, judged_of, problem_with
from tasks.coding.prompt import flags_shown, shown
from tasks.environments.talk.cues import CUES
from tasks.models.sim import reply
from tasks.studies.yamltext import document

ROOT = Path(__file__).resolve().parents[4]
BOOK = Codebook.model_validate(
    document((ROOT / "studies" / "codebooks" / "differentiation.yaml").read_text(), "").value
)
TEXTS = (
    "Thanks, all!",
    "Let us sum up where this discussion stands before we go any further with the plan we have.",
    "@Agent-B, please take the cost estimate and report back in the next round when you are done.",
    "I would build on Redis and Flutter, since the team knows them well and they are cheap to run.",
    "I agree with Agent-C on the budget, and I would add that the deadline is rather tight for us.",
    "The budget is what decides here, so we should put a number on it before all else is done.",
)


def items(n: int) -> list[Item]:
    texts = [TEXTS[number % len(TEXTS)] for number in range(n)]
    return [Item(number, number, None, "Agent-A", text) for number, text in enumerate(texts)]


def judged(spec: ModelSpec, asked: list[Item], book: Codebook, call: int = 0) -> Any:
    flags = list(book.flags)
    question = Question(
        model=spec,
        messages=(Message("user", "code this"),),
        unit_key="0" * 32,
        ordinal=call,
        purpose="judge",
        answer=answer_shape(book, flags),
        observation={
            "items": [shown(item, masked=True) for item in asked],
            "flags": flags_shown(book, flags),
        },
    )
    assert question.answer is not None
    answer = question.answer.model_validate_json(reply(spec, question, digest(call)).text)
    assert problem_with(answer, items=asked, codebook=book, flags=flags) is None
    return judged_of(answer, book, flags)


def test_a_perfect_judge_reports_what_the_cues_show() -> None:
    spec = ModelSpec(model="sim/judge", sim={"sensitivity": 1.0, "specificity": 1.0})
    found = judged(spec, items(len(TEXTS)), BOOK)
    shown_flags = [
        {name for name, (value, _) in found[number].items() if value}
        for number in range(len(TEXTS))
    ]
    assert shown_flags == [{"phatic"}, {"meta"}, {"lead"}, {"tech"}, {"agree"}, set()]


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.75, 0.99), (0.95, 0.9)])
def test_sensitivity_and_specificity_are_recovered(sensitivity: float, specificity: float) -> None:
    sim = {"sensitivity": sensitivity, "specificity": specificity}
    spec = ModelSpec(model="sim/judge", sim=sim)
    asked = items(3000)
    found = judged(spec, asked, BOOK)
    for flag in BOOK.flags:
        cues = {item.id: CUES[flag](item.text) is not None for item in asked}
        for present, rate in ((True, sensitivity), (False, 1 - specificity)):
            values = [found[item.id][flag][0] for item in asked if cues[item.id] is present]
            error = math.sqrt(rate * (1 - rate) / len(values))
            assert abs(sum(values) / len(values) - rate) < 4 * error


def test_error_rates_can_be_declared_by_flag() -> None:
    sim = {"sensitivity": 1.0, "specificity": 1.0, "sensitivity_of": {"tech": 0.0}}
    found = judged(ModelSpec(model="sim/judge", sim=sim), items(60), BOOK)
    assert not any(codes["tech"][0] for codes in found.values())
    assert any(codes["meta"][0] for codes in found.values())


def test_it_answers_any_codebook_levels_and_conditions_included() -> None:
    book = Codebook(
        name="b",
        flags={
            "stance": Flag(definition="Stance on the plan.", levels=("against", "neutral", "for")),
            "budget": Flag(definition="Speaks of the budget."),
            "firm": Flag(definition="Firmly so.", when="budget"),
        },
    )
    found = judged(
        ModelSpec(model="sim/judge", sim={"sensitivity": 1.0, "specificity": 1.0}), items(12), book
    )
    assert found[5]["budget"][0] == 1.0
    assert found[0]["budget"][0] == 0.0
    assert found[0]["firm"][0] is None
    assert found[5]["firm"][0] is not None


def test_the_same_call_gives_the_same_codes_and_another_one_others() -> None:
    spec = ModelSpec(model="sim/judge", sim={"sensitivity": 0.5})
    assert judged(spec, items(50), BOOK, 1) == judged(spec, items(50), BOOK, 1)
    assert judged(spec, items(50), BOOK, 1) != judged(spec, items(50), BOOK, 2)
