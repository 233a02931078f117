"""Interventions in whole episodes: who is asked, what prompts show, what stands in the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from tasks.episodes import Episode, play
from tasks.episodes.parts import EpisodeParts
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
