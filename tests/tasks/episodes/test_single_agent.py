"""One model plays every seat in one conversation, and is asked as often as a group."""

from __future__ import annotations

import asyncio
import dataclasses
from itertools import pairwise
from typing import Any

import pytest

from schemas.gateway import Question
from tasks.episodes import play
from tasks.episodes.episode import acted_by
from tests.tasks.episodes.games import episode

TALK = {"brief": "Plan a festival.", "rounds": 2, "seats": ["m", "m", "n"]}


def numbered(question: Question) -> str:
    if question.answer is not None:
        return '{"choice": "bus"}' if "choice" in question.answer.model_fields else '{"amount": 2}'
    return f"Words {question.ordinal}."


def played(gateway: Any, declared: dict[str, Any] | None = None, **parts: Any) -> Any:
    one = episode("discussion", declared or TALK, single_agent="n", **parts)
    one = dataclasses.replace(one, seats=acted_by(one.seats, one.parts))
    return asyncio.run(play(one, gateway)).rows


def exchanged(question: Question) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in question.messages]


def seen(row: dict[str, Any]) -> list[int]:
    return [seq for span in row["seqs"] for seq in range(span["first"], span["last"] + 1)]


@pytest.mark.parametrize("barrier", ["turn", "round"])
def test_every_answer_stands_in_the_conversation_as_its_own_words(
    memory_gateway: Any, barrier: str
) -> None:
    gateway = memory_gateway(numbered)
    rows = played(gateway, {**TALK, "barrier": barrier})
    assert [one.subject for one in gateway.questions] == ["s1", "s2", "s3"] * 2
    assert {one.model.model for one in gateway.questions} == {"sim/reserved"}
    first = exchanged(gateway.questions[0])
    assert [role for role, _ in first] == ["system", "user"]
    assert first[1][1] == "Plan a festival."
    for number, (before, after) in enumerate(pairwise(gateway.questions)):
        told = exchanged(after)
        assert told[: len(before.messages)] == exchanged(before)
        assert told[len(before.messages)] == ("assistant", f"Words {number}.")
        assert len(told) == len(before.messages) + 2
    assert [seen(row) for row in rows["exposures"]] == [list(range(n)) for n in range(6)]


def test_a_seat_is_introduced_once_and_then_told_that_it_is_its_turn(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    played(gateway)
    asked = [exchanged(one)[-1][1] for one in gateway.questions]
    assert asked[1].startswith("You are Agent-B in a group chat.")
    assert "Plan a festival." not in asked[1]
    assert asked[3:] == [f"Agent-{letter}, it is your turn again." for letter in "ABC"]


def test_notices_are_told_once_and_ballots_are_its_own_words_too(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    notice = {"do": "inject", "text": "Hurry.", "at": {"after_rounds": 1}}
    decision = {"options": ["bus", "tram"], "ballots": "secret"}
    played(gateway, {**TALK, "decision": decision}, interventions=[notice])
    last = exchanged(gateway.questions[-1])
    assert [text for _, text in last].count("[Moderator]: Hurry.") == 1
    assert sum(role == "assistant" for role, _ in last) == 8
    assert ("assistant", '{"choice":"bus"}') in last


def test_an_unusable_answer_is_no_part_of_the_conversation(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: "" if question.ordinal == 1 else "Words.")
    rows = played(gateway)
    assert [row["absent"] for row in rows["actions"]][:3] == [False, True, False]
    told = exchanged(gateway.questions[2])
    assert [role for role, _ in told] == ["system", "user", "assistant", "user"]
    assert "Agent-B in a group chat" not in " ".join(text for _, text in told)


def test_probes_are_answered_in_the_conversation_and_leave_no_trace(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    probe = {"name": "mood", "ask": "How are you?", "at": {"after_rounds": 1}, "seats": [2]}
    played(gateway, probes=[probe])
    (asked,) = [one for one in gateway.questions if one.purpose == "probe"]
    assert sum(message.role == "assistant" for message in asked.messages) == 3
    assert "How are you?" in asked.messages[-1].text
    assert "How are you?" not in str(exchanged(gateway.questions[-1]))


def test_it_plays_other_environments(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    one = episode("commons", {"seats": ["m", "m"], "months": 2}, single_agent="n")
    one = dataclasses.replace(one, seats=acted_by(one.seats, one.parts))
    rows = asyncio.run(play(one, gateway)).rows
    assert rows["episodes"][0]["completed_rounds"] == 2
    last = exchanged(gateway.questions[-1])
    assert sum(role == "assistant" for role, _ in last) == len(gateway.questions) - 1
