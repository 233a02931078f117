"""Seats that are told what to hold, or what to say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.episodes import play
from tasks.episodes.parts import EpisodeParts
from tasks.episodes.preflight import script_problems
from tests.tasks.episodes.games import episode

TALK: dict[str, Any] = {"brief": "Plan a festival.", "rounds": 3, "seats": ["m", "m", "n"]}
VOTE = {"options": ["bus", "tram"], "rule": "majority", "at": "end"}
COMMONS: dict[str, Any] = {"seats": ["m", "m", "n"], "months": 3, "talk_rounds": 1}


def answering(question: Question) -> str:
    if question.answer is None:
        return f"Words {question.ordinal}."
    return '{"amount": 3}' if "amount" in question.answer.model_fields else '{"choice": "bus"}'


def rows_of(
    gateway: Any, name: str, params: Mapping[str, Any], *interventions: Any, **more: Any
) -> Any:
    one = episode(name, params, interventions=list(interventions), **more)
    result = asyncio.run(play(one, gateway))
    assert result.failure is None
    return result.rows


def said(rows: Any, seat: str) -> list[str]:
    return [e["text"] for e in rows["events"] if e["kind"] == "say" and e["actor"] == seat]


def told(question: Question) -> str:
    return "\n".join(message.text for message in question.messages)


def test_scripted_lines_are_said_in_place_of_asking_until_they_are_used_up(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(answering)
    script = {"do": "script", "seat": 2, "lines": ["I object.", "So I do still."]}
    rows = rows_of(gateway, "discussion", TALK, script)
    assert said(rows, "s2") == ["I object.", "So I do still.", "Words 5."]
    assert [q.subject for q in gateway.questions].count("s2") == 1
    mine = [row for row in rows["actions"] if row["seat"] == "s2"]
    assert [(row["valid"], row["absent"], row["attempts"]) for row in mine] == [
        (True, False, 0),
        (True, False, 0),
        (True, False, 1),
    ]
    assert [row["call_key"] is None for row in mine] == [True, True, False]
    assert "[Agent-B]: I object." in told(gateway.questions[1])
    own = [m.text for m in gateway.questions[-2].messages if m.role == "assistant"]
    assert own == ["I object.", "So I do still."]
    (event,) = [event for event in rows["events"] if event["kind"] == "intervene"]
    assert (event["audience"], event["data"]) == (
        "nobody",
        {"lines": ["I object.", "So I do still."]},
    )


def test_lines_may_repeat_and_begin_later(memory_gateway: Any) -> None:
    script = {"do": "script", "seat": 1, "lines": ["No."], "repeat": True}
    rows = rows_of(
        memory_gateway(answering), "discussion", TALK, {**script, "at": {"after_rounds": 1}}
    )
    assert said(rows, "s1") == ["Words 0.", "No.", "No."]


def test_a_script_answers_questions_of_other_forms(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    greedy = {"do": "script", "seat": 3, "answers": {"harvest": {"amount": 20}}}
    rows = rows_of(gateway, "commons", COMMONS, greedy)
    wanted = {e["actor"]: e["value"] for e in rows["events"] if e["item"] == "harvest"}
    assert wanted == {"s1": 3, "s2": 3, "s3": 20}
    assert {q.answer is None for q in gateway.questions if q.subject == "s3"} == {True}
    vote = {"do": "script", "seat": 1, "answers": {"ballot": {"choice": "tram"}}}
    voted = rows_of(memory_gateway(answering), "discussion", {**TALK, "decision": VOTE}, vote)
    assert [e["item"] for e in voted["events"] if e["kind"] == "choose"] == ["tram", "bus", "bus"]


def test_what_the_rules_do_not_allow_is_no_answer_of_a_script_either(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    absurd = {"do": "script", "seat": 3, "answers": {"harvest": {"amount": 900}}}
    rows = rows_of(gateway, "commons", COMMONS, absurd)
    harvests = [r for r in rows["actions"] if r["seat"] == "s3" and r["ask"] == "harvest"]
    assert all((row["absent"], row["valid"]) == (True, False) for row in harvests)
    assert not [q for q in gateway.questions if q.subject == "s3" and q.answer]


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("commons", {"harvst": {"amount": 1}}, "there are harvest, turn"),
        ("commons", {"turn": {"text": "x"}}, "write it under lines"),
        ("commons", {"harvest": {"amount": -1}}, "amount: Input should be"),
        ("discussion", {"ballot": {"choice": "bus"}}, "no question is called 'ballot'"),
        ("commons", {"harvest": {"amount": 9}}, None),
    ],
)
def test_scripts_that_answer_what_is_not_asked_are_found_beforehand(
    name: str, answers: Mapping[str, Any], words: str | None
) -> None:
    script = {"do": "script", "seat": 1, "answers": answers}
    params = TALK if name == "discussion" else COMMONS
    found = [text for _, text in script_problems(episode(name, params, interventions=[script]))]
    assert [words in text for text in found if words] == ([True] if words else [])


def test_an_instruction_is_in_the_seats_own_prompt_alone(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    instruct = {"do": "instruct", "seats": [2], "stance": "tram", "at": {"after_rounds": 1}}
    rows = rows_of(gateway, "discussion", {**TALK, "decision": VOTE}, instruct)
    (event,) = [event for event in rows["events"] if event["kind"] == "intervene"]
    text = event["data"]["instruction"]
    assert (event["target"], event["audience"], event["data"]["stance"]) == ("s2", "nobody", "tram")
    holds = [(q.subject, text in told(q)) for q in gateway.questions]
    assert {one for one, has in holds if has} == {"s2"}
    assert [has for one, has in holds if one == "s2"] == [False, True, True, True]
    own = [question for question in gateway.questions if question.subject == "s2"]
    assert [(q.observation or {}).get("stance") for q in own] == [None, "tram", "tram", "tram"]


def test_simulated_seats_heed_an_instruction_as_often_as_they_obey(
    memory_gateway: Any, simulate: Any
) -> None:
    def held(obeys: float) -> tuple[int, str]:
        models = {
            alias: ModelSpec(model="sim/agent", sim={"obeys": obeys, "conformity": 0.0})
            for alias in ("m", "n")
        }
        instruct = {"do": "instruct", "seats": [1], "stance": "tram"}
        params = {**TALK, "rounds": 20, "decision": {**VOTE, "correct": "bus"}}
        rows = rows_of(memory_gateway(simulate), "discussion", params, instruct, models=models)
        voted = next(e["item"] for e in rows["events"] if e["kind"] == "choose")
        return sum("I hold with tram" in text for text in said(rows, "s1")), voted

    assert held(1.0) == (20, "tram")
    assert held(0.0)[0] == 0
    assert 4 <= held(0.5)[0] <= 16


def test_a_simulated_seat_that_is_told_to_be_greedy_takes_more(
    memory_gateway: Any, simulate: Any
) -> None:
    instruct = {"do": "instruct", "seats": [1], "stance": "greedy"}
    models = {
        alias: ModelSpec(model="sim/agent", sim={"greed": 0.0, "obeys": 1.0})
        for alias in ("m", "n")
    }
    rows = rows_of(memory_gateway(simulate), "commons", COMMONS, instruct, models=models)
    first = [e["value"] for e in rows["events"] if e["item"] == "harvest" and e["round"] == 0]
    assert first == [33, 16, 16]


@pytest.mark.parametrize(
    "declared",
    [
        {"do": "script", "seat": 1},
        {"do": "script", "seat": 1, "lines": [""]},
        {"do": "instruct", "seats": [1]},
        {"do": "instruct", "seats": [], "stance": "x"},
    ],
)
def test_adversaries_without_a_part_are_refused(declared: Any) -> None:
    with pytest.raises(ValidationError):
        EpisodeParts.model_validate({"interventions": [declared]})


def checking(question: Question) -> str:
    return (
        f"Checked {question.ordinal}."
        if question.purpose == "intervention"
        else answering(question)
    )


def test_a_fact_check_reads_what_was_said_since_the_last_one_and_is_read_by_all(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(checking)
    check = {"do": "fact_check", "model": "n", "at": {"every_rounds": 1}}
    rows = rows_of(gateway, "discussion", TALK, check)
    asked = [question for question in gateway.questions if question.purpose == "intervention"]
    assert [question.model.model for question in asked] == ["sim/reserved"] * 2
    assert asked[0].messages[1].text.split("\n") == [
        "[Agent-A]: Words 0.",
        "[Agent-B]: Words 1.",
        "[Agent-C]: Words 2.",
    ]
    assert "Words 2." not in asked[1].messages[1].text
    posted = [e for e in rows["events"] if e["kind"] == "intervene"]
    assert [(e["item"], e["text"], e["audience"]) for e in posted] == [
        ("fact_check", "Checked 3.", "everyone"),
        ("fact_check", "Checked 7.", "everyone"),
    ]
    assert "[Fact check]: Checked 3." in told(gateway.questions[4])
    shown = [row for row in rows["exposures"] if row["call_key"] == posted[0]["call_key"]]
    assert [(row["seat"], row["seqs"]) for row in shown] == [
        ("intervention", [{"first": 0, "last": 2}])
    ]


def test_a_fact_check_without_anything_to_check_asks_nobody(memory_gateway: Any) -> None:
    gateway = memory_gateway(checking)
    check = {"do": "fact_check", "model": "n"}
    alone = {"do": "fact_check", "model": "n", "at": {"every_rounds": 1}}
    rows_of(gateway, "discussion", TALK, check)
    rows_of(gateway, "discussion", {**TALK, "visibility": "nobody"}, alone)
    assert {question.purpose for question in gateway.questions} == {"agent"}


def test_a_simulated_model_disputes_messages_at_its_rate(
    memory_gateway: Any, simulate: Any
) -> None:
    def disputed(rate: float) -> int:
        models = {
            "m": ModelSpec(model="sim/agent"),
            "n": ModelSpec(model="sim/agent", sim={"disputes": rate}),
        }
        check = {"do": "fact_check", "model": "n", "at": {"every_rounds": 1}}
        params = {**TALK, "rounds": 20}
        rows = rows_of(memory_gateway(simulate), "discussion", params, check, models=models)
        texts = [e["text"] for e in rows["events"] if e["kind"] == "intervene"]
        return sum(text.count("not borne out") for text in texts)

    assert disputed(1.0) == 57
    assert disputed(0.0) == 0
    assert 15 <= disputed(0.5) <= 42
