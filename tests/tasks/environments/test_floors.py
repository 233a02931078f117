"""Floors that are more than an order, phases, passing and stopping."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.discussion.params import DiscussionParams
from tasks.episodes import play
from tests.tasks.episodes.games import episode, members

MODELS = {"a": ModelSpec(model="openai/gpt-5"), "b": ModelSpec(model="ollama/llama3")}
SEATS = ["a", "b", "a", "a"]


def params(**fields: Any) -> dict[str, Any]:
    return {"brief": "Plan.", "rounds": 2, "seats": SEATS, **fields}


def played(given: dict[str, Any], gateway: Any, seed: int = 1, **parts: Any) -> Any:
    talk = episode("discussion", given, MODELS, seed, reasks=0, **parts)
    result = asyncio.run(play(talk, gateway))
    assert result.failure is None
    return result.rows


def talker(**answers: Callable[[Question], str]) -> Callable[[Question], str]:
    """Plain words for a message, and an answer of its own for each other kind of question."""

    def respond(question: Question) -> str:
        kind = "" if question.answer is None else question.answer.__name__
        if kind in answers:
            return answers[kind](question)
        return f"words {question.ordinal}"

    return respond


def said(rows: Any) -> list[str]:
    return [event["actor"] for event in rows["events"] if event["kind"] == "say"]


def last_words(question: Question) -> str:
    return question.messages[-1].text


def listed(question: Question) -> list[str]:
    """Names that a moderator is shown, in order."""
    lines = last_words(question).splitlines()[1:]
    assert [line.split(".")[0] for line in lines] == [str(n) for n in range(1, len(lines) + 1)]
    return [line.split(". ")[1] for line in lines]


def test_a_moderator_gives_the_floor_by_number_to_a_shown_name(memory_gateway: Any) -> None:
    def choose(question: Question) -> str:
        return json.dumps({"speaker": listed(question).index("Agent-D") + 1})

    gateway = memory_gateway(talker(NextSpeaker=choose))
    rows = played(params(floor={"kind": "moderated", "by": 2}), gateway)
    assert said(rows) == ["s4"] * 6
    asked = [question for question in gateway.questions if question.answer is not None]
    assert {question.subject for question in asked} == {"s2"}
    orders = [tuple(listed(question)) for question in asked]
    assert {tuple(sorted(order)) for order in orders} == {("Agent-A", "Agent-C", "Agent-D")}
    assert len(set(orders)) > 1
    given = [event for event in rows["events"] if event["kind"] == "choose"]
    assert {(one["actor"], one["target"], one["audience"]) for one in given} == {
        ("s2", "s4", "nobody")
    }


def test_without_a_usable_choice_the_floor_goes_to_who_has_waited_longest(
    memory_gateway: Any,
) -> None:
    for bad in ('{"speaker": 9}', "Agent-C, please"):
        gateway = memory_gateway(talker(NextSpeaker=lambda _, bad=bad: bad))
        rows = played(params(floor={"kind": "moderated", "by": 1, "speaks": True}), gateway)
        assert said(rows) == ["s2", "s3", "s4", "s1"] * 2
        choices = [row for row in rows["actions"] if row["ask"] == "next_speaker"]
        assert all(row["fallback"] and not row["valid"] for row in choices)
        assert len(choices) == 8


def test_a_moderator_that_is_out_leaves_the_floor_to_who_has_waited_longest(
    memory_gateway: Any,
) -> None:
    floor = {"kind": "moderated", "by": 1, "messages": 2}
    rows = played(
        params(floor=floor), memory_gateway(talker()), interventions=[{"do": "crash", "seat": 1}]
    )
    assert said(rows) == ["s2", "s3", "s4", "s2"]


def test_the_highest_bid_gets_the_floor_and_low_ones_end_the_round(memory_gateway: Any) -> None:
    bids = {"s1": [3, 9, 2], "s2": [8, 1, 2], "s3": [0, 0, 1], "s4": [8, 0, 0]}
    asked: Counter[str] = Counter()

    def bid(question: Question) -> str:
        asked[question.subject] += 1
        made = bids[question.subject]
        return json.dumps({"bid": made[asked[question.subject] - 1]})

    gateway = memory_gateway(talker(Bid=bid))
    floor = {"kind": "bids", "threshold": 3}
    rows = played(params(floor=floor, rounds=1), gateway)
    first, second = said(rows)
    assert (first in {"s2", "s4"}, second) == (True, "s1")
    choices = [event for event in rows["events"] if event["kind"] == "choose"]
    assert [(one["item"], one["value"]) for one in choices] == [
        ("floor", 8),
        ("floor", 9),
        ("silence", 2),
    ]
    # Equal bids are settled by the seed.
    winners = set()
    for seed in range(8):
        asked.clear()
        winners.add(said(played(params(floor=floor, rounds=1), gateway, seed))[0])
    assert winners == {"s2", "s4"}


def test_bids_are_private_and_leave_no_words_behind(memory_gateway: Any) -> None:
    gateway = memory_gateway(talker(Bid=lambda question: '{"bid": 7}'))
    rows = played(params(floor={"kind": "bids"}), gateway)
    assert not any(
        '"bid"' in message.text for question in gateway.questions for message in question.messages
    )
    seen = {n for row in rows["exposures"] for span in row["seqs"] for n in span.values()}
    assert all(rows["events"][seq]["kind"] == "say" for seq in seen)


def test_a_leader_opens_and_sums_up_every_round(memory_gateway: Any) -> None:
    gateway = memory_gateway(talker())
    rows = played(params(floor={"kind": "led", "leader": 3}), gateway)
    assert said(rows) == ["s3", "s1", "s2", "s4", "s3"] * 2
    opening, *others, synthesis = gateway.questions[:5]
    assert "Open the round" in last_words(opening)
    assert "bring together" in last_words(synthesis)
    assert not any("You lead" in last_words(other) for other in others)
    together = played(params(floor={"kind": "led", "leader": 3}, barrier="round"), gateway)
    seen = [sum(s["last"] - s["first"] + 1 for s in row["seqs"]) for row in together["exposures"]]
    assert seen[:5] == [0, 1, 1, 1, 4]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_in_a_round_robin_everybody_meets_everybody_once(n: int, memory_gateway: Any) -> None:
    rounds = n - 1 + n % 2
    floor = {"kind": "pairs", "draw": "round_robin"}
    given = params(floor=floor, rounds=rounds, seats=["a"] * n)
    rows = played(given, memory_gateway(talker()))
    could_see = members(rows)
    met = Counter(frozenset(could_see[event["seq"]]) for event in rows["events"])
    assert met == {
        frozenset(pair): 2 for pair in itertools.combinations([f"s{k + 1}" for k in range(n)], 2)
    }


def test_pairs_talk_at_the_same_time_and_hear_nobody_else(memory_gateway: Any) -> None:
    floor = {"kind": "pairs", "exchanges": 2}
    gateway = memory_gateway(talker())
    rows = played(params(floor=floor, rounds=6), gateway)
    assert [row["turn"] for row in rows["actions"][:8]] == [0, 0, 1, 1, 2, 2, 3, 3]
    could_see = members(rows)
    assert all(len(could_see[event["seq"]]) == 2 for event in rows["events"])
    partners = {frozenset(could_see[event["seq"]]) for event in rows["events"]}
    assert len(partners) > 2
    for question, row in zip(gateway.questions, rows["exposures"], strict=True):
        shown = {n for s in row["seqs"] for n in range(s["first"], s["last"] + 1)}
        assert all(question.subject in could_see[seq] for seq in shown)
    names = {"Agent-A", "Agent-B", "Agent-C", "Agent-D"}
    whom = {f"Only {name} can read what you write now." for name in names}
    assert last_words(gateway.questions[0]) in whom


def test_of_two_sides_the_first_begins_and_each_meets_the_other_side(memory_gateway: Any) -> None:
    floor = {"kind": "pairs", "draw": "round_robin", "sides": [[1, 3], [2, 4]]}
    rows = played(params(floor=floor), memory_gateway(talker()))
    could_see = members(rows)
    pairs = [sorted(could_see[event["seq"]]) for event in rows["events"]]
    first = [["s1", "s2"], ["s3", "s4"]] * 2
    assert sorted(pairs) == sorted(first + [["s1", "s4"], ["s2", "s3"]] * 2)
    assert said(rows)[:2] == ["s1", "s3"]


PHASES = [
    {
        "name": "conference",
        "speakers": [1, 2, 3, 4],
        "visibility": {"groups": [[1, 2], [3, 4]]},
        "instruction": {"accuser": "Agree on what you accuse of.", "defender": "Agree."},
        "max_words": 30,
    },
    {
        "name": "argument",
        "speakers": [[1, 2], [3, 4]],
        "rounds": 3,
        "instruction": "Argue for your side.",
    },
]
COURT = [
    {"model": "a", "role": "accuser"},
    {"model": "a", "role": "accuser"},
    {"model": "b", "role": "defender"},
    {"model": "b", "role": "defender"},
    "a",
]


def test_phases_follow_each_other_with_speakers_that_take_turns(memory_gateway: Any) -> None:
    decision = {"options": ["guilty", "not guilty"], "by": [5]}
    gateway = memory_gateway(talker(Vote=lambda question: '{"choice": "guilty"}'))
    given = {"brief": "A case.", "seats": COURT, "phases": PHASES, "decision": decision}
    rows = played(given, gateway)
    talk = [event for event in rows["events"] if event["kind"] == "say"]
    assert [event["phase"] for event in talk] == ["conference"] * 4 + ["argument"] * 6
    assert [event["round"] for event in talk] == [0, 0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert said(rows)[4:] == ["s1", "s3", "s2", "s4", "s1", "s3"]
    assert rows["episodes"][0]["planned_rounds"] == 4
    assert rows["episodes"][0]["completed_rounds"] == 4
    assert [row["seat"] for row in rows["actions"] if row["ask"] == "ballot"] == ["s5"]
    could_see = members(rows)
    assert could_see[0] == could_see[1] == {"s1", "s2"}
    assert could_see[2] == could_see[3] == {"s3", "s4"}
    # The one who decides has heard the argument and no conference.
    (judged,) = (row for row in rows["exposures"] if row["seat"] == "s5")
    assert judged["seqs"] == [{"first": 4, "last": 9}]


def test_a_phase_tells_its_speakers_what_it_is_for_and_who_reads_them(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(talker())
    played({"brief": "A case.", "seats": COURT, "phases": PHASES}, gateway)
    assert last_words(gateway.questions[0]).splitlines() == [
        "Agree on what you accuse of.",
        "Only Agent-B can read what you write now.",
        "Keep your message under 30 words.",
    ]
    assert last_words(gateway.questions[2]).splitlines()[0] == "Agree."
    assert last_words(gateway.questions[4]).splitlines() == [
        "Argue for your side.",
        "Everybody can read what you write now.",
    ]


def test_what_stands_beside_phases_holds_for_those_that_do_not_say_otherwise() -> None:
    phases = [{"name": "one"}, {"name": "two", "rounds": 1, "floor": "fixed"}]
    given = DiscussionParams.model_validate(
        params(phases=phases, floor="rotated", barrier="round", max_words=50)
    )
    one, two = given.phases
    assert (one.rounds, one.floor, one.barrier, one.max_words) == (2, "rotated", "round", None)
    assert (two.rounds, two.floor, two.barrier) == (1, "fixed", "round")
    alone = DiscussionParams.model_validate({"brief": "x", "seats": SEATS, "phases": phases})
    assert alone.phases[0].rounds == 1


def test_a_change_of_visibility_is_refused_where_phases_have_their_own() -> None:
    given = DiscussionParams.model_validate(params(phases=[{"name": "one"}]))
    held = {name: getattr(given, name) for name in DiscussionParams.model_fields}
    assert DiscussionParams.model_validate({**held, "max_words": 9}).phases == given.phases
    with pytest.raises(ValidationError, match="phases have their own"):
        DiscussionParams.model_validate({**held, "visibility": {"network": "ring"}})


def test_who_passes_leaves_nothing_to_read_and_a_round_of_passes_ends_the_talk(
    memory_gateway: Any,
) -> None:
    def respond(question: Question) -> str:
        return "words" if question.ordinal < 3 else '"Pass."'

    gateway = memory_gateway(respond)
    rows = played(params(may_pass=True, rounds=9, stop={"all_pass": True}), gateway)
    assert said(rows) == ["s1", "s2", "s3"]
    passes = [event for event in rows["events"] if event["item"] == "pass"]
    assert [event["actor"] for event in passes] == ["s4", "s1", "s2", "s3", "s4"]
    assert {event["audience"] for event in passes} == {"nobody"}
    assert rows["episodes"][0]["status"] == "terminated"
    assert rows["episodes"][0]["completed_rounds"] == 2
    assert all("answer PASS" in last_words(question) for question in gateway.questions)


def test_a_budget_of_tokens_ends_the_talk_at_once(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: "x" * 40)
    rows = played(params(stop={"said_tokens": 25}, rounds=9), gateway)
    assert said(rows) == ["s1", "s2", "s3"]
    rows = played(params(stop={"said_tokens": 25}, rounds=9, barrier="round"), gateway)
    assert said(rows) == ["s1", "s2", "s3", "s4"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"floor": {"kind": "moderated", "by": 5}}, r"floor\.by: seat 5 of 4"),
        ({"floor": {"kind": "moderated", "by": 1}, "seats": ["a", "a"]}, "at least to choose"),
        ({"floor": {"kind": "moderated", "by": 1}, "speakers": [1, 2, 3]}, "speaks: true"),
        ({"floor": {"kind": "moderated", "by": 1}, "barrier": "round"}, "needs barrier: turn"),
        ({"floor": {"kind": "bids", "threshold": 11}}, "less than or equal to 10"),
        ({"floor": {"kind": "bids"}, "may_pass": True}, "bids 0"),
        ({"floor": {"kind": "bids"}, "seats": ["a"]}, "two speakers"),
        ({"floor": {"kind": "led", "leader": 1}, "speakers": [2, 3]}, "none of the speakers"),
        ({"floor": {"kind": "led", "leader": 1}, "speakers": [[1, 2], 3]}, "a floor in an order"),
        ({"floor": {"kind": "pairs"}, "visibility": "nobody"}, "among themselves"),
        ({"floor": {"kind": "pairs"}, "seats": ["a"]}, "two speakers"),
        ({"floor": {"kind": "pairs", "sides": [[1], [1]]}}, "each position once"),
        ({"floor": {"kind": "pairs", "sides": [[1], [2]]}, "speakers": [1, 2]}, "sides say who"),
        ({"floor": {"kind": "pairs", "sides": [[1], [7]]}}, r"floor\.sides: seat 7 of 4"),
        ({"speakers": [1, 1]}, "each position once"),
        ({"speakers": [1, [2, 9]]}, "speakers: seat 9 of 4"),
        ({"visibility": {"groups": [[1, 2], [3]]}}, "seat 4 speaks and is in no group"),
        ({"visibility": {"groups": [[1, 2], [2, 3, 4]]}}, "seat 2 is given twice"),
        ({"visibility": {"groups": [[1, 2], [3, 4, 5]]}}, "seat 5 of 4"),
        ({"stop": {}}, "leave stop out"),
        ({"stop": {"all_pass": True}}, "nobody can pass"),
        ({"phases": [{"name": "x"}, {"name": "x"}]}, "the same name"),
        ({"phases": [{"name": "x", "speakers": [9]}]}, "phase x: speakers: seat 9 of 4"),
        ({"phases": [{"name": "x", "instruction": {"judge": "J."}}]}, "no seat has the role judge"),
    ],
)
def test_protocols_that_make_no_sense_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DiscussionParams.model_validate(params(**given))


SIMULATED: list[dict[str, Any]] = [
    {"floor": {"kind": "moderated", "by": 1}},
    {"floor": {"kind": "bids", "threshold": 4}, "stop": {"all_pass": True}},
    {"floor": {"kind": "led", "leader": 2}, "barrier": {"kind": "staggered"}},
    {"floor": {"kind": "pairs", "exchanges": 2}},
    {"may_pass": True, "stop": {"all_pass": True}, "barrier": "round"},
]


@pytest.mark.parametrize("given", SIMULATED)
def test_simulated_models_answer_every_question_of_the_floor(
    given: dict[str, Any], memory_gateway: Any, simulate: Any
) -> None:
    models = {"a": ModelSpec(model="sim/talkative"), "b": ModelSpec(model="sim/reserved")}
    declared = params(**given, rounds=4)
    talk = episode("discussion", declared, models, 1, reasks=0)
    rows = asyncio.run(play(talk, memory_gateway(simulate))).rows
    assert all(row["valid"] and not row["fallback"] for row in rows["actions"])
    assert said(rows)
