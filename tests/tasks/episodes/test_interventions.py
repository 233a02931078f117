"""Interventions in whole episodes: who is asked, what prompts show, what stands in the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from tasks.episodes import Episode, play
from tasks.episodes.parts import EpisodeParts, part_problems
from tasks.episodes.preflight import edit_problems
from tests.tasks.episodes.games import episode

PARAMS: dict[str, dict[str, Any]] = {
    "discussion": {"brief": "Plan a festival.", "rounds": 4, "seats": ["m", "m", "n"]},
    "commons": {"seats": ["m", "m", "n"], "months": 4, "talk_rounds": 1},
}
ERROR = "⚠ The model has been decommissioned."


def answering(question: Question) -> str:
    return '{"amount": 3}' if question.answer else f"Words {question.ordinal}."


def declared(name: str, *interventions: Mapping[str, Any], **parts: Any) -> Episode:
    return episode(name, PARAMS[name], interventions=list(interventions), **parts)


def rows_of(gateway: Any, name: str, *interventions: Mapping[str, Any], **parts: Any) -> Any:
    result = asyncio.run(play(declared(name, *interventions, **parts), gateway))
    assert result.failure is None
    return result.rows


def happened(rows: Any) -> list[dict[str, Any]]:
    return [event for event in rows["events"] if event["kind"] == "intervene"]


def told(question: Question, role: str | None = None) -> str:
    shown = [one.text for one in question.messages if role in {None, one.role}]
    return "\n".join(shown)


def of_seat(gateway: Any, seat: str) -> list[Question]:
    return [question for question in gateway.questions if question.subject == seat]


def problems(one: Episode) -> list[str]:
    return [problem for _, problem in edit_problems(one)]


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_a_leaked_error_is_read_as_a_message_of_the_seat_and_is_none(
    memory_gateway: Any, name: str
) -> None:
    gateway = memory_gateway(answering)
    times = ["start", {"every_rounds": 2}]
    rows = rows_of(gateway, name, {"do": "crash", "seat": 2, "leak": ERROR, "at": times})
    found = [(one["round"], one["actor"], one["target"], one["text"]) for one in happened(rows)]
    assert found == [(0, "s2", "s2", ERROR), (2, "s2", "s2", ERROR)]
    assert not of_seat(gateway, "s2")
    line = f"[Agent-B]: {ERROR}"
    for seat in ("s1", "s3"):
        counts = [told(question).count(line) for question in of_seat(gateway, seat)]
        assert (counts[0], counts[-1]) == (1, 2)
        assert counts == sorted(counts)
    assert all(ERROR not in (row["text"] or "") for row in rows["events"] if row["kind"] == "say")


def test_a_notice_says_what_the_study_says(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    words = "Agent-B s'est déconnecté."
    rows_of(gateway, "discussion", {"do": "crash", "seat": 2, "notice": words})
    assert words in [message.text for message in gateway.questions[0].messages]


def test_a_crash_is_not_told_in_two_ways() -> None:
    with pytest.raises(ValidationError, match="not by both"):
        declared("discussion", {"do": "crash", "seat": 1, "notice": True, "leak": ERROR})


ABLATIONS: dict[str, tuple[Mapping[str, Any], str]] = {
    "a line by its beginning": ({"remove": ["Other"]}, "You are Agent-A in a group chat."),
    "a line by its number": ({"remove": [1]}, "Other participants: Agent-B, Agent-C."),
    "all lines": ({"remove": "all"}, ""),
    "another line": (
        {"replace": {"You are": "Your name is {you}; there are {others}."}, "remove": [2]},
        "Your name is Agent-A; there are Agent-B, Agent-C.",
    ),
    "one more line": (
        {"remove": [2], "add": ["Be brief."]},
        "You are Agent-A in a group chat.\nBe brief.",
    ),
}


@pytest.mark.parametrize("case", ABLATIONS)
def test_a_system_prompt_is_altered_line_by_line_from_the_start(
    memory_gateway: Any, case: str
) -> None:
    gateway = memory_gateway(answering)
    edit, system = ABLATIONS[case]
    rows = rows_of(gateway, "discussion", {"do": "edit_prompt", **edit})
    for question in of_seat(gateway, "s1"):
        assert told(question, "system") == system
        assert "Plan a festival." in told(question)
        seen = question.observation
        assert seen is not None
        assert seen["system"] == system
    (event,) = happened(rows)
    assert (event["audience"], event["text"]) == ("nobody", None)
    assert event["data"]["seats"] == ["s1", "s2", "s3"]
    assert {name: event["data"][name] for name in edit} == edit


def test_questions_of_a_game_are_altered_for_the_seats_and_from_the_time_that_are_named(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(answering)
    edit = {"do": "edit_prompt", "part": "harvest", "add": ["Think of next year."]}
    rows_of(gateway, "commons", {**edit, "seats": [2], "at": {"after_rounds": 2}})
    asked = {
        seat: [
            "next year" in question.messages[-1].text
            for question in of_seat(gateway, seat)
            if question.answer
        ]
        for seat in ("s1", "s2")
    }
    assert asked == {"s1": [False] * 4, "s2": [False, False, True, True]}


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("discussion", {"remove": [3]}, "no line 3"),
        ("discussion", {"remove": ["Be brief"]}, "begins with 'Be brief'"),
        ("discussion", {"part": "harvest", "add": ["x"]}, "no part 'harvest'"),
        ("commons", {"part": "event", "add": ["x"]}, "no part 'event'"),
        ("commons", {"part": "harvest", "replace": {"Month 2": "x"}}, "begins with 'Month 2'"),
        ("commons", {"part": "turn", "remove": [9]}, None),
    ],
)
def test_edits_of_lines_that_no_prompt_has_are_found_beforehand(
    name: str, edit: Mapping[str, Any], words: str | None
) -> None:
    found = problems(declared(name, {"do": "edit_prompt", **edit}))
    assert [words in one for one in found if words] == ([True] if words else [])


def test_an_edit_may_be_of_a_line_that_an_earlier_one_has_added() -> None:
    add = {"do": "edit_prompt", "add": ["Be brief."]}
    remove = {"do": "edit_prompt", "remove": ["Be brief."], "at": {"after_rounds": 1}}
    assert not problems(declared("discussion", add, remove))
    assert len(problems(declared("discussion", remove, add))) == 1


def test_an_edit_changes_something() -> None:
    with pytest.raises(ValidationError, match="removes, replaces or adds"):
        EpisodeParts.model_validate({"interventions": [{"do": "edit_prompt"}]})


def spans(rows: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    for row in rows:
        for span in row["seqs"]:
            yield from range(span["first"], span["last"] + 1)


def test_what_prompts_showed_of_an_intervention_is_recorded(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(gateway, "discussion", {"do": "crash", "seat": 2, "leak": ERROR})
    (event,) = happened(rows)
    assert list(spans(rows["exposures"])).count(event["seq"]) == len(gateway.questions) == 8


def asked_in(rows: Any, seat: str) -> list[int]:
    """The rounds in which a seat was asked by the game."""
    asked = [row["round"] for row in rows["actions"] if row["seat"] == seat and not row["absent"]]
    return sorted(set(asked))


def data_of(rows: Any) -> list[dict[str, Any]]:
    return [dict(event["data"]) for event in happened(rows)]


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_a_seat_that_recovers_is_asked_again_and_reads_what_it_missed(
    memory_gateway: Any, name: str
) -> None:
    gateway = memory_gateway(answering)
    down = {"do": "crash", "seat": 2, "at": {"after_rounds": 1}}
    back = {"do": "recover", "seat": 2, "notice": True, "at": {"after_rounds": 3}}
    rows = rows_of(gateway, name, down, back)
    assert asked_in(rows, "s2") == [0, 3]
    assert data_of(rows) == [{"state": "crashed"}, {"state": "active"}]
    missed = [e["text"] for e in rows["events"] if e["kind"] == "say" and e["round"] in (1, 2)]
    assert missed
    last = told(of_seat(gateway, "s2")[-1])
    assert all(f": {text}" in last for text in missed)
    assert "Agent-B is back." in last


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_a_seat_that_joins_is_unknown_until_then_and_reads_nothing_older(
    memory_gateway: Any, name: str
) -> None:
    gateway = memory_gateway(answering)
    probe = {"name": "p", "ask": "?", "at": ["start", {"after_rounds": 1}]}
    rows = rows_of(
        gateway, name, {"do": "join", "seat": 3, "at": {"after_rounds": 2}}, probes=[probe]
    )
    assert asked_in(rows, "s3") == [2, 3]
    assert {row["seat"] for row in rows["responses"]} == {"s1", "s2"}
    (start,) = [event for event in rows["events"] if event["item"] == "awaited"]
    assert (start["target"], start["audience"], start["seq"]) == ("s3", "nobody", 0)
    systems = [told(question, "system") for question in of_seat(gateway, "s1")]
    assert "Agent-C" not in systems[0]
    assert "Agent-C" in systems[-1]
    first = told(of_seat(gateway, "s3")[0])
    assert "Agent-C has joined." in first
    older = [e["text"] for e in rows["events"] if e["kind"] == "say" and e["round"] < 2]
    assert not [text for text in older if f": {text}" in first]


def test_a_seat_may_join_with_the_past_or_come_back(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(
        gateway,
        "discussion",
        {"do": "leave", "seat": 1, "at": {"after_rounds": 1}},
        {
            "do": "join",
            "seat": 1,
            "past": True,
            "notice": "Welcome back.",
            "at": {"after_rounds": 3},
        },
    )
    assert asked_in(rows, "s1") == [0, 3]
    assert [row["item"] for row in happened(rows)] == ["leave", "join"]
    last = told(of_seat(gateway, "s1")[-1])
    assert "[Agent-B]: Words 3." in last
    assert "Welcome back." in last
    while_gone = of_seat(gateway, "s2")[1]
    assert "Agent-A" not in told(while_gone, "system")
    assert "Agent-A has left." in told(while_gone)


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_a_muted_seat_is_silent_for_its_rounds_reads_on_and_answers_in_private(
    memory_gateway: Any, name: str
) -> None:
    gateway = memory_gateway(answering)
    mute = {"do": "mute", "seats": [2, 3], "rounds": 2, "notice": True, "at": {"after_rounds": 1}}
    probe = {"name": "p", "ask": "?", "at": {"after_rounds": 2}}
    rows = rows_of(gateway, name, mute, probes=[probe])
    assert asked_in(rows, "s2") == asked_in(rows, "s3") == [0, 3]
    assert [row["seat"] for row in rows["responses"]] == ["s1", "s2", "s3"]
    (data,) = data_of(rows)
    assert data == {"seats": ["s2", "s3"], "until_round": 3}
    assert "Muted for 2 rounds: Agent-B, Agent-C." in told(of_seat(gateway, "s2")[-1])
    assert rows["episodes"][0]["status"] == "terminated"


@pytest.mark.parametrize("memory", ["full", {"kind": "last", "size": 20}, "own"])
def test_a_wiped_memory_holds_nothing_older(memory_gateway: Any, memory: Any) -> None:
    gateway = memory_gateway(answering)
    wipe = {"do": "wipe", "seats": [1, 2], "notice": True, "at": {"after_rounds": 2}}
    rows = rows_of(gateway, "discussion", wipe, memory=memory)
    third = {seat: told(of_seat(gateway, seat)[2]) for seat in ("s1", "s2", "s3")}
    (event,) = happened(rows)
    assert event["audience"] == "s1+s2"
    for seat, number in (("s1", 0), ("s2", 1), ("s3", 2)):
        assert (f"Words {number}." in third[seat]) == (seat == "s3")
    if memory == "full":
        assert "You remember nothing" in third["s1"]
        assert "You remember nothing" not in third["s3"]
        assert "[Agent-A]: Words 6." in third["s2"]


def test_words_are_injected_in_a_seats_name_and_by_the_system(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(
        gateway,
        "discussion",
        {"do": "inject", "text": "I resign.", "by": 2, "to": [1], "at": {"after_rounds": 1}},
        {"do": "inject", "text": "It is late.", "channel": "system", "at": {"after_rounds": 1}},
    )
    s1, s2, s3 = (of_seat(gateway, seat)[1].messages for seat in ("s1", "s2", "s3"))
    assert ("user", "[Agent-B]: I resign.") in [(one.role, one.text) for one in s1]
    assert ("assistant", "I resign.") in [(one.role, one.text) for one in s2]
    assert "resign" not in "".join(one.text for one in s3)
    for messages in (s1, s2, s3):
        assert ("system", "It is late.") in [(one.role, one.text) for one in messages]
    assert [event["audience"] for event in happened(rows)] == ["s1+s2", "everyone"]


def test_what_a_seat_answers_in_the_turn_of_an_injected_message_stays_its_own(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(answering)
    inject = {"do": "inject", "text": "I resign.", "by": 1, "at": {"after_rounds": 1}}
    rows_of(gateway, "discussion", inject)
    own = [one.text for one in of_seat(gateway, "s1")[-1].messages if one.role == "assistant"]
    assert own == ["Words 0.", "I resign.", "Words 3.", "Words 6."]


def test_names_are_hidden_and_revealed_and_models_are_told(memory_gateway: Any) -> None:
    gateway = memory_gateway(answering)
    rows = rows_of(
        gateway,
        "discussion",
        {"do": "anonymise", "at": {"after_rounds": 1}},
        {"do": "reveal", "what": "names", "at": {"after_rounds": 2}},
        {"do": "reveal", "what": "models", "seats": [3], "to": [1], "at": {"after_rounds": 3}},
    )
    shown = ["Agent-C" in told(question) for question in of_seat(gateway, "s1")]
    assert shown == [True, False, True, True]
    last = {seat: told(of_seat(gateway, seat)[-1]) for seat in ("s1", "s2")}
    assert "Agent-C is reserved." in last["s1"]
    assert "Agent-C is reserved." not in last["s2"]
    assert data_of(rows)[-1] == {"models": {"s3": "reserved"}}


def problems_of(*interventions: Mapping[str, Any], rounds: int | None = 4) -> list[str]:
    one = declared("discussion", *interventions)
    return [text for _, text in part_problems(one.parts, one.roster, None, rounds)]


@pytest.mark.parametrize(
    ("interventions", "words"),
    [
        ([{"do": "recover", "seat": 2, "at": {"after_rounds": 1}}], "does not crash before"),
        (
            [
                {"do": "recover", "seat": 2, "at": {"after_rounds": 1}},
                {"do": "crash", "seat": 2, "at": {"after_rounds": 2}},
            ],
            "does not crash before",
        ),
        ([{"do": "join", "seat": 3, "at": {"after_rounds": 4}}], "never happens"),
        ([{"do": "join", "seat": 9}], "no seat 9"),
        ([{"do": "leave", "seat": "s7"}], "no seat 's7'"),
        ([{"do": "mute", "seats": [1, 1], "rounds": 1}], "named twice"),
        ([{"do": "wipe", "seats": [4], "at": {"every_rounds": 9}}], "no seat 4"),
        ([{"do": "inject", "text": "x", "at": {"every_rounds": 5}}], "never happens"),
        ([{"do": "replace", "seat": 1, "persona": "drawn"}], "has no persona"),
        ([{"do": "reveal", "what": "personas"}], "no persona"),
    ],
)
def test_interventions_that_never_do_anything_are_refused(
    interventions: list[Mapping[str, Any]], words: str
) -> None:
    (problem,) = problems_of(*interventions)
    assert words in problem


def test_interventions_that_make_sense_are_not_refused() -> None:
    assert not problems_of(
        {"do": "recover", "seat": 2, "at": {"after_rounds": 3}},
        {"do": "crash", "seat": 2, "at": {"every_rounds": 2}},
        {"do": "join", "seat": 3, "at": {"after_turns": 100}},
        {"do": "inject", "text": "x", "at": [{"after_rounds": 9}, "start"]},
    )
    assert not problems_of({"do": "join", "seat": 3, "at": {"after_rounds": 9}}, rounds=None)


@pytest.mark.parametrize(
    "declared",
    [
        {"do": "replace", "seat": 1},
        {"do": "replace", "seat": 1, "persona": "none"},
        {"do": "inject", "text": "x", "by": 1, "channel": "system"},
        {"do": "inject", "text": "x", "to": []},
        {"do": "reveal", "what": "names", "to": [1]},
        {"do": "mute", "seats": [], "rounds": 1},
        {"do": "mute", "seats": "all", "rounds": 0},
    ],
)
def test_interventions_that_contradict_themselves_are_refused(declared: Any) -> None:
    with pytest.raises(ValidationError):
        EpisodeParts.model_validate({"interventions": [declared]})
