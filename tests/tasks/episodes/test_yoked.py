"""A yoked seat is asked as the donor's seat was, and reads what the donor's seat read."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.gateway import Question
from schemas.keys import digest
from tasks.episodes import play
from tasks.episodes.yoked import Donor
from tests.tasks.episodes.games import episode, members

TALK = {"brief": "Plan a festival.", "seats": ["m", "m", "n", "n"]}
REDRAWN = {"network": "small_world", "neighbours": 2, "rewired": 0.5, "redraw_every_rounds": 1}
PROTOCOLS = st.fixed_dictionaries(
    {"rounds": st.integers(1, 4)},
    optional={
        "floor": st.sampled_from(["rotated", "latin_square", "shuffled", "shuffled_once"]),
        "barrier": st.sampled_from(["turn", "round"]),
        "visibility": st.sampled_from(
            [
                "nobody",
                {"network": "ring"},
                {
                    "network": "small_world",
                    "neighbours": 2,
                    "rewired": 0.5,
                    "redraw_every_rounds": 1,
                },
            ]
        ),
        "decision": st.sampled_from(
            [
                {"options": ["bus", "tram"], "ballots": "open", "at": "every_round"},
                {"options": ["bus", "tram"], "rule": "unanimity"},
            ]
        ),
    },
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "memory": st.sampled_from(["own", "none", {"kind": "last", "size": 3}]),
        "present": st.just("block"),
        "interventions": st.just(
            [
                {"do": "crash", "seat": 2, "at": {"after_rounds": 1}, "notice": True},
                {"do": "swap", "seats": [1, 3], "at": {"after_turns": 2}},
            ]
        ),
    },
)


def answer(question: Question, whose: str) -> str:
    """A ballot or words that tell whose they are and where they were said."""
    draw = digest(whose, question.ordinal)
    if question.answer is not None:
        return f'{{"choice": "{"bus" if int(draw, 16) % 2 else "tram"}"}}'
    return f"{whose} {question.subject} {question.ordinal}"


def pair(gateways: Any, protocol: Mapping[str, Any], parts: Mapping[str, Any]) -> tuple[Any, ...]:
    """The rows and questions of a donor, and of an episode that is yoked to it."""
    theirs = gateways(lambda question: answer(question, "donor"))
    mine = gateways(lambda question: answer(question, "own"))
    first = episode("discussion", {**TALK, **protocol}, **parts)
    rows = asyncio.run(play(first, theirs)).rows
    donor = Donor.of(first.key, rows["actions"], rows["events"])
    second = dataclasses.replace(first, key=digest("yoked"), donor=donor)
    return rows, theirs.questions, asyncio.run(play(second, mine)).rows, mine.questions


def unlike(question: Question, whose: str) -> list[tuple[str, str]]:
    """The messages of a prompt without those that are the seat's own words."""
    return [
        (message.role, message.text)
        for message in question.messages
        if message.role != "assistant" and f"{whose} {question.subject}" not in message.text
    ]


@settings(max_examples=60, deadline=None)
@given(protocol=PROTOCOLS, parts=PARTS)
def test_a_yoked_seat_is_asked_at_the_same_places_and_shown_what_the_donors_seat_was_shown(
    memory_gateway: Any, protocol: dict[str, Any], parts: dict[str, Any]
) -> None:
    _, theirs, _, mine = pair(memory_gateway, protocol, parts)
    assert [one.subject for one in mine] == [one.subject for one in theirs]
    if parts.get("present") == "block":
        return  # the seat's own words stand in one message with everything else
    for own, other in zip(mine, theirs, strict=True):
        assert unlike(own, "own") == unlike(other, "donor")
        said = [message.text for message in own.messages if message.role == "assistant"]
        assert not [text for text in said if "donor" in text]
        assert len(said) == sum(message.role == "assistant" for message in other.messages)


@settings(max_examples=60, deadline=None)
@given(protocol=PROTOCOLS, parts=PARTS)
def test_nobody_reads_a_yoked_seat_and_everybody_reads_the_donor_as_its_group_did(
    memory_gateway: Any, protocol: dict[str, Any], parts: dict[str, Any]
) -> None:
    donor, _, rows, _ = pair(memory_gateway, protocol, parts)
    could_see, donor_could_see = members(rows), members(donor)
    for event in rows["events"]:
        readers = could_see[event["seq"]]
        if event["kind"] in {"say", "choose"}:
            assert readers <= {event["actor"]}
        if event["kind"] == "show":
            original = donor["events"][event["data"]["seq"]]
            assert event["data"]["kind"] == original["kind"]
            assert (event["text"], event["actor"]) == (original["text"], original["actor"])
            assert readers == donor_could_see[original["seq"]] - {event["actor"]}
            assert event["call_key"] is None
    shown = [event["data"]["seq"] for event in rows["events"] if event["kind"] == "show"]
    read_by_others = [
        event["seq"]
        for event in donor["events"]
        if event["kind"] != "intervene" and donor_could_see[event["seq"]] - {event["actor"]}
    ]
    assert shown == read_by_others
    for row in rows["exposures"]:
        for span in row["seqs"]:
            for seq in range(span["first"], span["last"] + 1):
                assert row["seat"] in could_see[seq]


def test_own_words_stand_in_the_place_of_the_donors(memory_gateway: Any) -> None:
    _, _, rows, _ = pair(memory_gateway, {"rounds": 1, "barrier": "round"}, {})
    told = [(event["kind"], event["actor"]) for event in rows["events"]]
    assert told == [(kind, f"s{n}") for n in range(1, 5) for kind in ("say", "show")]


def test_a_yoked_episode_ends_where_the_donor_ended_with_what_its_own_seats_decided(
    memory_gateway: Any,
) -> None:
    decision = {"options": ["bus", "tram"], "at": "every_round", "rule": "unanimity"}
    protocol = {**TALK, "rounds": 5, "decision": decision}
    first = episode("discussion", protocol)

    def bus(question: Question) -> str:
        return '{"choice": "bus"}' if question.answer else "The bus."

    def split(question: Question) -> str:
        alone = question.subject == "s1"
        return f'{{"choice": "{"bus" if alone else "tram"}"}}' if question.answer else "Hm."

    theirs = asyncio.run(play(first, memory_gateway(bus))).rows
    donor = Donor.of(first.key, theirs["actions"], theirs["events"])
    second = dataclasses.replace(first, key=digest("yoked"), donor=donor)
    mine = asyncio.run(play(second, memory_gateway(split))).rows
    assert theirs["episodes"][0]["completed_rounds"] == 1
    assert mine["episodes"][0]["completed_rounds"] == 1
    found = {row["metric"]: row for row in mine["outcomes"] if row["scope"] == "episode"}
    assert found["decided"]["value"] == 0.0
    assert found["agreement"]["value"] == 0.75
    assert mine["episodes"][0]["params"]["yoked"] == {"episode_key": first.key}


def test_a_donor_that_was_asked_otherwise_is_a_bug(memory_gateway: Any) -> None:
    first = episode("discussion", {**TALK, "rounds": 1})
    gateway = memory_gateway(lambda question: "Words.")
    rows = asyncio.run(play(first, gateway)).rows
    other = Donor.of(first.key, rows["actions"][1:], rows["events"])
    with pytest.raises(RuntimeError, match="turn 0 asks"):
        asyncio.run(play(dataclasses.replace(first, donor=other), gateway))
    changed = [{**row, "text": "Other words."} for row in rows["events"]]
    other = Donor.of(first.key, rows["actions"], changed)
    with pytest.raises(RuntimeError, match="turn 0 has no say of s1"):
        asyncio.run(play(dataclasses.replace(first, donor=other), gateway))
