"""Interventions that change the rules of an environment while it is played."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from schemas.gateway import Question
from tasks.episodes import play
from tasks.episodes.parts import part_problems
from tests.tasks.episodes.games import episode, members

TALK: dict[str, Any] = {"brief": "Plan a festival.", "rounds": 4, "seats": ["m", "m", "n", "n"]}
COMMONS: dict[str, Any] = {"seats": ["m", "m", "n"], "months": 4, "talk_rounds": 1}


def answering(question: Question) -> str:
    return '{"amount": 3}' if question.answer else f"Words {question.ordinal}."


def change(after: int, notice: Any = False, **to: Any) -> dict[str, Any]:
    return {"do": "change", "to": to, "at": {"after_rounds": after}, "notice": notice}


def rows_of(gateway: Any, name: str, params: Mapping[str, Any], *changes: Any) -> Any:
    result = asyncio.run(play(episode(name, params, interventions=list(changes)), gateway))
    assert result.failure is None
    return result.rows


def told(question: Question) -> str:
    return "\n".join(message.text for message in question.messages)


def test_a_new_topic_takes_the_place_of_the_old_one(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(gateway, "discussion", TALK, change(2, True, brief="Plan a wedding."))
    topics = ["festival" in told(question) for question in gateway.questions]
    assert topics == [True] * 8 + [False] * 8
    last = gateway.questions[-1]
    assert "There is another task: Plan a wedding." in told(last)
    assert "[Agent-A]: Words 0." in told(last)
    assert (last.observation or {})["brief"] == "Plan a wedding."
    (event,) = [event for event in rows["events"] if event["kind"] == "intervene"]
    assert (event["item"], event["data"]) == ("change", {"params": {"brief": "Plan a wedding."}})
    assert rows["episodes"][0]["brief"] == "Plan a festival."
    assert len(rows["actions"]) == 16


def test_a_rewired_talk_is_heard_by_the_new_neighbours_from_then_on(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(
        gateway,
        "discussion",
        TALK,
        change(1, visibility={"network": "chain"}),
        change(2, visibility={"edges": [[1, 4]]}),
        change(3, visibility="everyone"),
    )
    heard = {
        event["seq"]: seats
        for event, seats in zip(rows["events"], members(rows), strict=True)
        if event["kind"] == "say" and event["actor"] == "s1"
    }
    assert list(heard.values()) == [
        {"s1", "s2", "s3", "s4"},
        {"s1", "s2"},
        {"s1", "s4"},
        {"s1", "s2", "s3", "s4"},
    ]
    seen = [told(question) for question in gateway.questions if question.subject == "s4"]
    assert "Other participants: Agent-C." in seen[1]
    assert "Other participants: Agent-A." in seen[2]
    assert "Words 4." not in seen[1]
    assert "Words 8." in seen[2]


def test_a_network_is_drawn_anew_only_if_it_is_what_changes(memory_gateway: Any) -> None:
    drawn = {**TALK, "seats": ["m"] * 9, "visibility": {"network": "scale_free"}}

    def audiences(*changes: Any) -> list[list[str]]:
        rows = rows_of(memory_gateway(answering), "discussion", drawn, *changes)
        return [row["seats"] for row in rows["audiences"]]

    assert audiences(change(2, max_words=30)) == audiences()
    ring = {"network": "ring", "neighbours": 4}
    assert len(audiences(change(2, visibility=ring))) > len(audiences())


def test_the_rules_of_a_commons_change_for_the_months_that_follow(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(gateway, "commons", COMMONS, change(2, public=False, universalization=True))
    caught = [(e["round"], e["audience"]) for e in rows["events"] if e["kind"] == "transfer"]
    assert {round_ for round_, audience in caught if audience != "everyone"} == {2, 3}
    harvests = [question for question in gateway.questions if question.answer]
    told_so = ["If everybody catches more than" in told(question) for question in harvests]
    assert told_so == [False] * 6 + [True] * 6
    assert rows["episodes"][0]["completed_rounds"] == 4


@pytest.mark.parametrize(
    ("name", "to", "words"),
    [
        ("discussion", {"rounds": 9}, "rounds cannot change in an episode; what can: brief"),
        ("discussion", {"brife": "x"}, "brife cannot change"),
        ("discussion", {"max_words": 0}, "max_words: Input should be greater"),
        ("discussion", {"visibility": {"network": "star", "centre": 9}}, "centre 9 of 4"),
        ("commons", {"shortage": "lottery"}, "shortage: Input should be"),
        ("commons", {"brief": "x"}, "what can: collapse_below, public"),
    ],
)
def test_what_cannot_change_is_refused(name: str, to: Mapping[str, Any], words: str) -> None:
    params = TALK if name == "discussion" else COMMONS
    one = episode(name, params, interventions=[change(1, **to)])
    ((place, problem),) = part_problems(one.parts, one.roster, None, 4)
    assert place == ("interventions", 0)
    assert words in problem


def test_a_later_change_keeps_what_an_earlier_one_has_made(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows_of(
        gateway, "discussion", TALK, change(1, max_words=20), change(2, brief="Plan a wedding.")
    )
    last = gateway.questions[-1]
    assert "Keep each message under 20 words." in told(last)
    assert "wedding" in told(last)
