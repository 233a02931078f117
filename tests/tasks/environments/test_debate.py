"""Debates by scripts whose result is known, and simulated debaters against an oracle."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.debate.environment import Debate
from tasks.environments.debate.params import DebateParams
from tasks.episodes import play
from tasks.episodes.episode import Episode, seats_of

PROBLEM = {"ask": "7 + 5?", "options": ["11", "12", "13", "14"], "correct": "12"}


def played(gateway: Any, seed: int = 1, **fields: Any) -> Mapping[str, list[dict[str, Any]]]:
    environment, sim = Debate(), fields.pop("sim", {})
    params = DebateParams.model_validate({"problems": [PROBLEM], **fields})
    models = {"m": ModelSpec(model="sim/agent", sim=sim)}
    seats = seats_of(environment, params, models, seed)
    episode = Episode(f"{seed:032x}", environment, params, seats, models, seed)
    return asyncio.run(play(episode, gateway)).rows


def outcomes(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        row["metric"]: row["label"] if row["value"] is None else row["value"]
        for row in rows["outcomes"]
        if row["scope"] == "episode"
    }


def scripted(*rounds: str) -> Any:
    """Answers by round, a letter for each seat; ``-`` is none that can be used."""
    letters = {"a": "11", "b": "12", "c": "13", "-": "?"}

    def answer(question: Question) -> str:
        seen = question.observation or {}
        letter = rounds[seen["round"]][int(seen["seat"][1:]) - 1]
        return f'{{"reasoning": "so", "answer": "{letters[letter]}"}}'

    return answer


def test_most_decide_and_who_changed_is_counted(memory_gateway: Any) -> None:
    found = outcomes(
        played(memory_gateway(scripted("abb", "bcb")), seats=["m", "m", "m"], rounds=2)
    )
    assert found["decision"] == "12"
    assert found["correct"] == 1
    assert found["right_at_first"] == found["right_at_last"] == pytest.approx(2 / 3)
    assert found["mended"] == found["spoilt"] == pytest.approx(1 / 3)


def test_who_gives_no_answer_keeps_to_what_it_said(memory_gateway: Any) -> None:
    rows = played(memory_gateway(scripted("ba", "-a")), seats=["m", "m"], rounds=2)
    seats = {row["subject"]: row["label"] for row in rows["outcomes"] if row["metric"] == "answer"}
    assert seats == {"s1": "12", "s2": "11"}


def test_all_read_the_answers_of_the_round_before_and_none_of_their_own_round(
    memory_gateway: Any,
) -> None:
    rows = played(memory_gateway(scripted("abc", "abc")), seats=["m", "m", "m"], rounds=2)
    shown = [[(one["first"], one["last"]) for one in row["seqs"]] for row in rows["exposures"]]
    assert shown == [[], [], [], [(0, 2)], [(0, 2)], [(0, 2)]]


def test_an_answer_must_be_an_option_and_the_right_one_is_one() -> None:
    with pytest.raises(ValidationError, match="none of the options"):
        DebateParams.model_validate({"seats": ["m"], "problems": [{**PROBLEM, "correct": "99"}]})


def plurality_accuracy(n: int, p: float, wrong: int) -> float:
    """Probability that the right option of n independent answers has most, ties drawn by lot."""
    total = 0.0
    for counts in itertools.product(range(n + 1), repeat=wrong):
        right = n - sum(counts)
        if right < 0 or right < max(counts):
            continue
        ways = math.factorial(n) / math.prod(map(math.factorial, (right, *counts)))
        chance = ways * p**right * ((1 - p) / wrong) ** (n - right)
        total += chance / (1 + sum(count == right for count in counts))
    return total


@pytest.mark.parametrize(("n", "rounds"), [(16, 1), (8, 2), (2, 8)])
def test_who_heeds_nobody_votes_as_often_right_as_independent_answers_do(
    n: int, rounds: int, memory_gateway: Any, simulate: Any
) -> None:
    """However many rounds: the last answers are the first ones."""
    sim, trials = {"competence": 0.45, "conformity": 0.0}, 250
    right = sum(
        outcomes(played(memory_gateway(simulate), seed, seats=["m"] * n, rounds=rounds, sim=sim))[
            "correct"
        ]
        for seed in range(trials)
    )
    truth = plurality_accuracy(n, 0.45, 3)
    assert abs(right / trials - truth) < 4 * math.sqrt(truth * (1 - truth) / trials)


def test_one_right_answer_spreads_among_the_discerning(memory_gateway: Any, simulate: Any) -> None:
    """Eight who read a right answer once and always take it are right if any of them was."""
    sim, trials = {"competence": 0.1, "conformity": 0.0, "discernment": 1.0}, 120
    right = sum(
        outcomes(played(memory_gateway(simulate), seed, seats=["m"] * 8, rounds=2, sim=sim))[
            "correct"
        ]
        for seed in range(trials)
    )
    truth = 1 - 0.9**8
    assert abs(right / trials - truth) < 4 * math.sqrt(truth * (1 - truth) / trials)
