"""When interventions happen: by chance, and once something holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from tasks.episodes import play
from tasks.episodes.parts import EpisodeParts, part_problems
from tests.tasks.episodes.games import episode

TALK: dict[str, Any] = {"brief": "Plan a festival.", "rounds": 4, "seats": ["m", "m", "n"]}
VOTE = {"options": ["yes", "no"], "rule": "unanimity", "at": "every_round"}
INJECT = {"do": "inject", "text": "Hear this."}


def answering(question: Question) -> str:
    """Words with the number of the question; a vote on which nobody agrees before round 3."""
    if question.answer is None:
        return f"Words {question.ordinal}."
    rounds = (question.observation or {})["round"]
    return '{"choice": "yes"}' if rounds > 1 or question.subject != "s3" else '{"choice": "no"}'


def times(
    gateway: Any, *interventions: Mapping[str, Any], seed: int = 1, **params: Any
) -> list[tuple[int, int]]:
    """Round and turn of every intervention that happened."""
    declared = episode("discussion", TALK | params, seed=seed, interventions=list(interventions))
    result = asyncio.run(play(declared, gateway(answering)))
    assert result.failure is None
    return [
        (event["round"], event["turn"])
        for event in result.rows["events"]
        if event["kind"] == "intervene"
    ]


def test_a_seats_turn_is_waited_for(memory_gateway: Any) -> None:
    second = {**INJECT, "when": {"turn_of": 2}}
    assert times(memory_gateway, second) == [(0, 1)]
    assert times(memory_gateway, {**second, "at": ["start", {"every_rounds": 2}]}) == [
        (0, 1),
        (2, 7),
    ]
    assert times(memory_gateway, {**second, "at": {"after_turns": 2}}) == [(1, 4)]
    assert times(memory_gateway, second, barrier="round") == [(0, 0)]


def test_a_leaked_error_stands_at_the_seats_own_turn(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    crash = {"do": "crash", "seat": 2, "leak": "⚠ Gone.", "when": {"turn_of": 2}}
    rows = asyncio.run(play(episode("discussion", TALK, interventions=[crash]), gateway)).rows
    assert [event["actor"] for event in rows["events"]][:4] == ["s1", "s2", "s3", "s1"]


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        ({"kind": "say"}, [(0, 1)]),
        ({"kind": "say", "at_least": 5}, [(1, 5)]),
        ({"by": 3}, [(1, 3)]),
        ({"by": "s3", "at_least": 2}, [(2, 6)]),
        ({"containing": "WORDS 7"}, [(2, 8)]),
        ({"containing": "boat"}, []),
        ({"kind": "choose"}, []),
    ],
)
def test_what_was_said_is_waited_for(
    memory_gateway: Any, happened: Mapping[str, Any], expected: list[tuple[int, int]]
) -> None:
    assert times(memory_gateway, {**INJECT, "when": {"happened": happened}}) == expected


def test_only_what_happens_from_its_time_on_counts(memory_gateway: Any) -> None:
    twice = {"happened": {"by": 1, "at_least": 2}}
    every = {**INJECT, "at": {"every_rounds": 1}, "when": twice}
    assert times(memory_gateway, {**INJECT, "at": {"after_rounds": 1}, "when": twice}) == [(2, 7)]
    # Every round it begins to wait anew, and one message of a seat in a round is never two.
    assert times(memory_gateway, every) == []


def test_agreement_in_the_last_vote_is_waited_for(memory_gateway: Any) -> None:
    def at(share: float) -> list[tuple[int, int]]:
        return times(memory_gateway, {**INJECT, "when": {"agreement": share}}, decision=VOTE)

    assert at(0.6) == [(1, 4)]
    assert at(0.7) == []  # a vote of all for one option decides, which ends the talk


def test_all_of_a_condition_must_hold_at_once(memory_gateway: Any) -> None:
    both = {"turn_of": 1, "happened": {"kind": "say", "at_least": 2}}
    assert times(memory_gateway, {**INJECT, "when": both}) == [(1, 3)]


def test_chance_is_drawn_for_each_time_from_the_seed(memory_gateway: Any) -> None:
    often = {**INJECT, "at": {"every_rounds": 1}, "probability": 0.5}
    found = [times(memory_gateway, often, seed=seed) for seed in range(60)]
    assert found == [times(memory_gateway, often, seed=seed) for seed in range(60)]
    rounds = Counter(round_ for one in found for round_, _ in one)
    assert set(rounds) == {1, 2, 3}
    assert all(18 <= n <= 42 for n in rounds.values())
    # Two interventions that may happen at one time have draws of their own.
    pairs = Counter(len(times(memory_gateway, often, often, seed=seed)) for seed in range(20))
    assert len(pairs) > 2


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"agreement": 0},
        {"agreement": 1.5},
        {"happened": {"at_least": 0}},
        {"happened": {"kind": "shout"}},
        {"turn": 1},
    ],
)
def test_conditions_that_make_no_sense_are_refused(when: Any) -> None:
    with pytest.raises(ValidationError):
        EpisodeParts.model_validate({"interventions": [{**INJECT, "when": when}]})


@pytest.mark.parametrize("probability", [0, 1.2])
def test_a_probability_that_is_none_is_refused(probability: float) -> None:
    with pytest.raises(ValidationError):
        EpisodeParts.model_validate({"interventions": [{**INJECT, "probability": probability}]})


def test_a_condition_on_a_seat_that_is_not_there_is_refused() -> None:
    for when in ({"turn_of": 4}, {"happened": {"by": "s9"}}):
        one = episode("discussion", TALK, interventions=[{**INJECT, "when": when}])
        (found,) = part_problems(one.parts, one.roster, None, 4)
        assert found[0] == ("interventions", 0)
        assert "no seat" in found[1]


def test_an_intervention_on_a_condition_may_follow_any_other() -> None:
    recover = {"do": "recover", "seat": 1, "when": {"happened": {"containing": "where"}}}
    crash = {"do": "crash", "seat": 1, "at": {"after_rounds": 2}}
    one = episode("discussion", TALK, interventions=[recover, crash])
    assert not list(part_problems(one.parts, one.roster, None, 4))
