"""Interventions, probes, memory and names in episodes that are played."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from schemas.gateway import Question
from schemas.unit import Failure
from tasks.episodes import play
from tests.tasks.episodes.games import episode

TALK = {"brief": "Plan a festival.", "rounds": 4, "seats": ["m", "m", "n"]}


def numbered(question: Question) -> str:
    return f"Words {question.ordinal}."


def rows_of(gateway: Any, **parts: Any) -> Mapping[str, Any]:
    result = asyncio.run(play(episode("discussion", TALK, **parts), gateway))
    assert result.failure is None
    return result.rows


def texts(question: Question) -> str:
    return "\n".join(message.text for message in question.messages)


def of_seat(gateway: Any, seat: str) -> list[Question]:
    return [question for question in gateway.questions if question.subject == seat]


def test_a_crashed_seat_is_absent_from_then_on_and_asked_nothing(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    crash = {"do": "crash", "seat": 2, "at": {"after_rounds": 2}, "notice": True}
    rows = rows_of(gateway, interventions=[crash])
    mine = [row for row in rows["actions"] if row["seat"] == "s2"]
    assert [row["absent"] for row in mine] == [False, False, True, True]
    assert [row["attempts"] for row in mine] == [1, 1, 0, 0]
    assert len(of_seat(gateway, "s2")) == 2
    (event,) = [event for event in rows["events"] if event["kind"] == "intervene"]
    assert (event["item"], event["target"], event["round"]) == ("crash", "s2", 2)
    assert "Agent-B has disconnected." in texts(of_seat(gateway, "s1")[2])
    assert "disconnected" not in texts(of_seat(gateway, "s3")[1])
    assert rows["episodes"][0]["status"] == "terminated"


def test_an_episode_in_which_nobody_is_left_still_ends(memory_gateway: Any) -> None:
    crashes = [{"do": "crash", "seat": seat} for seat in (1, 2, 3)]
    gateway = memory_gateway(numbered)
    rows = rows_of(gateway, interventions=crashes)
    assert not gateway.questions
    assert len(rows["actions"]) == 12
    assert {event["kind"] for event in rows["events"]} == {"intervene"}


def test_another_model_takes_a_seat_over_with_its_history(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    replace = {"do": "replace", "seat": "s1", "model": "n", "at": {"after_rounds": 2}}
    rows_of(gateway, interventions=[replace])
    asked = of_seat(gateway, "s1")
    assert [question.model.model for question in asked] == ["sim/agent"] * 2 + ["sim/reserved"] * 2
    own = [m.text for m in asked[-1].messages if m.role == "assistant"]
    assert own == ["Words 0.", "Words 3.", "Words 6."]


def test_renamed_seats_have_their_new_names_in_old_messages_too(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rename = {"do": "rename", "names": ["Ann", "Bob", "Cat"], "at": {"after_rounds": 1}}
    rows = rows_of(gateway, interventions=[rename])
    before, after = of_seat(gateway, "s1")[:2]
    assert "You are Agent-A" in texts(before)
    assert "You are Ann" in texts(after)
    assert "[Bob]: Words 1." in texts(after)
    assert "Agent-" not in texts(after)
    assert [seat["name"] for seat in rows["seats"]] == ["Agent-A", "Agent-B", "Agent-C"]


def test_an_injected_message_reaches_whom_it_is_for(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    inject = {"do": "inject", "text": "Think of the rain.", "to": "s2", "at": {"after_rounds": 1}}
    rows = rows_of(gateway, interventions=[inject])
    assert "[Moderator]: Think of the rain." in texts(of_seat(gateway, "s2")[1])
    assert all("rain" not in texts(q) for q in gateway.questions if q.subject != "s2")
    (event,) = [event for event in rows["events"] if event["kind"] == "intervene"]
    assert event["audience"] == "s2"


MOOD = {"name": "mood", "ask": "How do you feel?", "answer": {"scale": [1, 7]}}


def answering(question: Question) -> str:
    return '{"answer": 3}' if question.answer else numbered(question)


def test_probes_are_asked_when_due_and_remembered_by_nobody(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    probe = {**MOOD, "at": ["start", {"every_rounds": 2}, "end"], "seats": [1, "s3"]}
    rows = rows_of(gateway, probes=[probe])
    asked = [(row["after_rounds"], row["seat"], row["value"]) for row in rows["responses"]]
    assert asked == [(n, seat, 3.0) for n in (0, 2, 4) for seat in ("s1", "s3")]
    assert {row["instrument"] for row in rows["responses"]} == {"mood"}
    probes = [question for question in gateway.questions if question.answer]
    assert all("How do you feel?" in question.messages[-1].text for question in probes)
    others = [question for question in gateway.questions if not question.answer]
    assert all("feel" not in texts(question) for question in others)
    assert len(rows["events"]) == 12
    assert {row["call_key"] for row in rows["responses"]} <= {
        row["call_key"] for row in rows["exposures"]
    }


def test_the_end_of_an_episode_is_in_the_prompt_of_its_last_probe(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows_of(gateway, probes=[{**MOOD, "at": "end"}])
    last = of_seat(gateway, "s1")[-1]
    assert "[Agent-C]: Words 11." in texts(last)


def test_a_crashed_seat_is_not_probed(memory_gateway: Any) -> None:
    rows = rows_of(
        memory_gateway(answering),
        probes=[{**MOOD, "at": "end"}],
        interventions=[{"do": "crash", "seat": 1}],
    )
    assert [row["seat"] for row in rows["responses"]] == ["s2", "s3"]


def test_a_probe_without_a_usable_answer_is_a_response_without_a_value(memory_gateway: Any) -> None:
    rows = rows_of(memory_gateway(lambda question: "Well."), probes=[{**MOOD, "at": "start"}])
    assert [(row["value"], row["text"]) for row in rows["responses"]] == [(None, None)] * 3


def test_a_probe_that_time_would_mend_fails_the_episode(memory_gateway: Any) -> None:
    def respond(question: Question) -> str | Failure:
        return Failure("timeout", "late") if question.answer else numbered(question)

    talk = episode("discussion", TALK, probes=[{**MOOD, "at": {"after_rounds": 1}}])
    result = asyncio.run(play(talk, memory_gateway(respond)))
    assert result.failure is not None
    assert (result.failure.kind, result.rows) == ("timeout", {})


@pytest.mark.parametrize(
    ("memory", "shown"),
    [
        ("full", ["Words 0.", "Words 1.", "Words 2.", "Words 3.", "Words 4.", "Words 5."]),
        ({"kind": "last", "size": 2}, ["Words 4.", "Words 5."]),
        ("own", ["Words 0.", "Words 3."]),
        ("none", []),
    ],
)
def test_a_prompt_shows_what_memory_selects_and_exposures_say_so(
    memory_gateway: Any, memory: Any, shown: list[str]
) -> None:
    gateway = memory_gateway(numbered)
    rows = rows_of(gateway, memory=memory)
    third = of_seat(gateway, "s1")[2]
    assert [f"Words {n}." for n in range(12) if f"Words {n}." in texts(third)] == shown
    exposed = rows["exposures"][6]
    seqs = [n for span in exposed["seqs"] for n in range(span["first"], span["last"] + 1)]
    assert [f"Words {n}." for n in seqs] == shown


def test_a_block_is_one_message(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rows_of(gateway, present="block")
    last = of_seat(gateway, "s2")[-1]
    assert [message.role for message in last.messages] == ["system", "user"]
    assert "[Agent-B]: Words 1.\n[Agent-C]: Words 2." in last.messages[1].text


def test_names_may_come_from_the_study(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rows = rows_of(gateway, names="model")
    assert [seat["name"] for seat in rows["seats"]] == ["agent-1", "agent-2", "reserved"]
    assert "Other participants: agent-2, reserved." in texts(gateway.questions[0])
