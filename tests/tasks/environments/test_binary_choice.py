from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from statsmodels.sandbox.stats.runs import Runs

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.binary_choice.environment import BinaryChoiceParams
from tasks.environments.binary_choice.sequences import runs_z, scores
from tasks.episodes import Played, play
from tests.tasks.episodes.games import episode


def played(
    gateway: Any, respond: Any, sim: Mapping[str, Any] | None = None, **fields: Any
) -> Played:
    models = {"m": ModelSpec(model="sim/agent", sim=dict(sim or {}))}
    declared = {"seats": ["m"], **fields}
    return asyncio.run(play(episode("binary_choice", declared, models), gateway(respond)))


def outcome(found: Played, metric: str) -> Any:
    rows = {(row["subject"], row["metric"]): row["value"] for row in found.rows["outcomes"]}
    return rows["", metric]


def test_a_sequence_is_scored_as_by_hand() -> None:
    found = scores([[True, True, True, False, True, False, False, False, True]], [True] * 9)
    assert found["share"] == pytest.approx(5 / 9)
    assert found["switches"] == pytest.approx(4 / 8)
    # After a first: first, first, second, second; after a second: first, second, second, first.
    assert found["dependence"] == pytest.approx(0)
    assert found["switch_after_3"] == 1
    assert found["longest_run"] == 3


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_runs_are_those_of_wald_and_wolfowitz(answers: list[bool]) -> None:
    n, m = sum(answers), len(answers) - sum(answers)
    runs = 1 + sum(a != b for a, b in itertools.pairwise(answers))
    found = runs_z([(n, n + m)], [runs])
    if found is None:
        assert not n or not m or n + m == 2
    else:
        z, _ = Runs(np.array(answers, dtype=int)).runs_test(correction=False)
        assert found == pytest.approx(z)


def test_a_fair_coin_has_what_is_said_of_it() -> None:
    rng = random.Random(1)
    drawn = [scores([[rng.random() < 0.5 for _ in range(400)]], [True] * 400) for _ in range(200)]

    def mean(metric: str) -> float:
        return float(np.mean([one[metric] for one in drawn if one[metric] is not None]))

    assert mean("share") == pytest.approx(0.5, abs=0.01)
    assert mean("switches") == pytest.approx(0.5, abs=0.01)
    assert mean("switch_after_3") == pytest.approx(0.5, abs=0.02)
    assert mean("dependence") == pytest.approx(0, abs=0.01)
    assert mean("runs_z") == pytest.approx(0, abs=0.25)


@pytest.mark.parametrize("answers", [1, 50])
def test_simulated_seats_lean_as_declared(memory_gateway: Any, simulate: Any, answers: int) -> None:
    sim = {"first_option": 0.8}
    found = played(memory_gateway, simulate, sim, rounds=1000 // answers, answers=answers)
    assert outcome(found, "answers") == 1000
    assert outcome(found, "share") == pytest.approx(0.8, abs=0.04)
    assert outcome(found, "dependence") == pytest.approx(0, abs=0.1)


def test_alternation_shows_in_one_call_and_not_in_many(memory_gateway: Any, simulate: Any) -> None:
    sim = {"alternation": 0.5}
    one_call = played(memory_gateway, simulate, sim, rounds=1, answers=1000)
    many = played(memory_gateway, simulate, sim, rounds=1000, answers=1)
    seen = played(memory_gateway, simulate, sim, rounds=300, answers=1, history=True)
    assert outcome(one_call, "switches") == pytest.approx(0.75, abs=0.04)
    assert outcome(one_call, "runs_z") > 5
    assert outcome(many, "switches") == pytest.approx(0.5, abs=0.05)
    assert outcome(seen, "switches") == pytest.approx(0.75, abs=0.07)


def test_the_order_is_drawn_and_a_bias_to_it_is_no_bias_to_an_option(
    memory_gateway: Any, simulate: Any
) -> None:
    found = played(memory_gateway, simulate, {"order_bias": 1.0}, rounds=600, order="shuffled")
    assert outcome(found, "shown_first") == 1
    assert outcome(found, "share") == pytest.approx(0.5, abs=0.07)


def test_a_question_is_put_as_if_it_were_the_first(memory_gateway: Any) -> None:
    used = memory_gateway(lambda question: '{"answer": "no"}')
    asyncio.run(play(episode("binary_choice", {"seats": ["m"], "rounds": 3}), used))
    assert len({question.messages for question in used.questions}) == 1
    used = memory_gateway(lambda question: '{"answer": "no"}')
    shown = {"seats": ["m"], "rounds": 3, "history": True}
    asyncio.run(play(episode("binary_choice", shown), used))
    assert [len(question.messages) for question in used.questions] == [2, 3, 4]


def test_an_answer_that_is_no_option_is_asked_again_and_then_missing(memory_gateway: Any) -> None:
    def respond(question: Question) -> str:
        return json.dumps({"answer": ["yes", "no", "perhaps"]})

    found = played(memory_gateway, respond, rounds=1, answers=3)
    assert outcome(found, "answers") == 0
    assert found.rows["actions"][0]["absent"]


def test_answers_follow_one_another_within_a_call_and_not_from_call_to_call(
    memory_gateway: Any,
) -> None:
    def respond(question: Question) -> str:
        return json.dumps({"answer": ["yes", "yes", "no"]})

    found = played(memory_gateway, respond, rounds=2, answers=3)
    labels = {row["metric"]: row["label"] for row in found.rows["outcomes"] if row["subject"]}
    assert labels["sequence"] == "110 110"
    assert outcome(found, "switches") == 1 / 2  # one of two pairs in each call
    assert outcome(found, "longest_run") == 2
    found = played(memory_gateway, lambda question: '{"answer": "yes"}', rounds=4)
    labels = {row["metric"]: row["label"] for row in found.rows["outcomes"] if row["subject"]}
    assert labels["sequence"] == "1111"


def test_two_options_differ() -> None:
    with pytest.raises(ValidationError, match="the same"):
        BinaryChoiceParams.model_validate({"seats": ["m"], "options": ["a", "a"]})
