from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.environment import Event, Step
from schemas.gateway import Question
from schemas.keys import digest
from schemas.tables import TABLES
from schemas.unit import Failure
from tasks.episodes import play
from tasks.episodes.asking import spans
from tests.tasks.episodes.games import Whispers, episode, members, whispers


def bidding(question: Question) -> str | Failure:
    """A fixed answer for every place in the episode; some are unusable."""
    draw = int(digest("bid", question.ordinal, question.subject), 16)
    if draw % 11 == 0:
        return "no JSON"
    return f'{{"amount": {draw % 60}}}'


def played(gateway: Any, *args: Any, **declared: Any) -> Any:
    return asyncio.run(play(whispers(*args, **declared), gateway))


@settings(max_examples=40, deadline=None)
@given(
    n_seats=st.integers(1, 6),
    rounds=st.integers(1, 5),
    seed=st.integers(0, 99),
    in_flight=st.integers(1, 8),
    order=st.integers(0, 999),
)
def test_the_same_answers_give_the_same_rows_in_whatever_order_they_come(
    memory_gateway: Any, n_seats: int, rounds: int, seed: int, in_flight: int, order: int
) -> None:
    one_by_one = played(memory_gateway(bidding, in_flight=1), n_seats, rounds, seed)
    at_once = played(
        memory_gateway(bidding, in_flight=in_flight, order_seed=order), n_seats, rounds, seed
    )
    assert one_by_one == at_once


@settings(max_examples=40, deadline=None)
@given(n_seats=st.integers(1, 6), rounds=st.integers(1, 5), seed=st.integers(0, 99))
def test_no_prompt_shows_an_invisible_event_and_exposures_say_what_was_shown(
    memory_gateway: Any, n_seats: int, rounds: int, seed: int
) -> None:
    gateway = memory_gateway(bidding)
    rows = played(gateway, n_seats, rounds, seed).rows
    assert [event["seq"] for event in rows["events"]] == list(range(len(rows["events"])))
    could_see = members(rows)
    seqs = {
        row["call_key"]: {n for span in row["seqs"] for n in range(span["first"], span["last"] + 1)}
        for row in rows["exposures"]
    }
    secrets = {event["text"]: event for event in rows["events"] if event["kind"] == "chance"}
    for question in gateway.questions:
        shown = seqs[digest("call", question.unit_key, question.ordinal)]
        assert all(question.subject in could_see[seq] for seq in shown)
        prompt = "\n".join(message.text for message in question.messages)
        for text, event in secrets.items():
            assert (text in prompt) == (event["seq"] in shown)


def test_simultaneous_questions_see_a_frozen_observation(memory_gateway: Any) -> None:
    gateway = memory_gateway(bidding)
    rows = played(gateway, 4, 3).rows
    turns = {row["call_key"]: row["turn"] for row in rows["actions"]}
    for row in rows["exposures"]:
        last = max((span["last"] for span in row["seqs"]), default=-1)
        # The events of the turn before are logged under its own number, in its own round.
        turn = turns[row["call_key"]]
        assert all(event["turn"] < max(turn, 1) for event in rows["events"][: last + 1])


def test_questions_are_numbered_in_the_order_of_seats(memory_gateway: Any) -> None:
    gateway = memory_gateway(bidding)
    played(gateway, 3, 2)
    by_number = sorted(gateway.questions, key=lambda question: question.ordinal)
    assert [question.subject for question in by_number] == ["s1", "s2", "s3"] * 2


def test_every_question_is_an_action_and_unusable_answers_take_the_fallback(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(
        lambda question: "no JSON" if question.subject == "s2" else '{"amount": 7}'
    )
    rows = played(gateway, 3, 2).rows
    assert [(row["turn"], row["seat"]) for row in rows["actions"]] == [
        (turn, seat) for turn in (0, 1) for seat in ("s1", "s2", "s3")
    ]
    for row in rows["actions"]:
        own = row["seat"] != "s2"
        assert (row["valid"], row["fallback"], row["absent"]) == (own, not own, False)
        assert row["attempts"] == (1 if own else 3)
        assert row["answer"] == {"amount": 7 if own else 0}
        assert (row["ask"], row["round"]) == ("bid", row["turn"])
    # The fallback bids nothing, and nothing is made up to say so.
    assert {event["actor"] for event in rows["events"]} == {"env", "s1", "s3"}
    calls = {row["seat"]: row["call_key"] for row in rows["actions"] if row["turn"] == 0}
    bids = [event for event in rows["events"] if event["kind"] == "bid" and event["turn"] == 0]
    assert all(event["call_key"] == calls[event["actor"]] for event in bids)


def test_an_illegal_action_is_told_and_then_replaced_by_the_fallback(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: '{"amount": 99}')
    (row,) = played(gateway, 1, 1).rows["actions"]
    assert (row["valid"], row["fallback"]) == (False, True)


@pytest.mark.parametrize(
    "kind", ["rate_limit", "timeout", "server_error", "connection", "authentication"]
)
@pytest.mark.parametrize("no_answer", ["fail", "fallback", "absent"])
def test_a_failure_that_time_mends_fails_the_episode_and_is_no_message(
    memory_gateway: Any, kind: str, no_answer: Any
) -> None:
    def respond(question: Question) -> str | Failure:
        return Failure(kind, "the server said no") if question.ordinal == 4 else '{"amount": 1}'

    result = played(memory_gateway(respond), 3, 3, no_answer=no_answer)
    assert result.failure.kind == kind
    assert not result.rows


@pytest.mark.parametrize("kind", ["bad_request", "refused", "empty", "bad_shape", "truncated"])
def test_one_seat_that_is_refused_for_good_does_not_end_a_long_episode(
    memory_gateway: Any, kind: str
) -> None:
    def respond(question: Question) -> str | Failure:
        refused = question.subject == "s3"
        return Failure(kind, "not this one") if refused else '{"amount": 1}'

    assert played(memory_gateway(respond), 3, 3, no_answer="fail").failure.kind == kind
    rows = played(memory_gateway(respond), 6, 60, no_answer="absent").rows
    assert len(rows["actions"]) == 360
    assert rows["episodes"][0]["status"] == "terminated"
    absent = [row for row in rows["actions"] if row["absent"]]
    assert {row["seat"] for row in absent} == {"s3"}
    assert len(absent) == 60
    assert all(
        (row["valid"], row["fallback"], row["answer"]) == (False, False, None) for row in absent
    )
    assert all(row["call_key"] for row in absent)
    assert "s3" not in {event["actor"] for event in rows["events"]}


def test_playing_again_with_the_answers_at_hand_gives_the_same_rows(memory_gateway: Any) -> None:
    assert played(memory_gateway(bidding), 4, 4) == played(memory_gateway(bidding), 4, 4)
    other = played(memory_gateway(bidding), 4, 4, seed=2)
    assert other.rows["events"] != played(memory_gateway(bidding), 4, 4).rows["events"]


def test_rows_are_rows_of_their_tables(memory_gateway: Any) -> None:
    probe = {"name": "mood", "ask": "How are you?", "at": ["start", "end"]}
    crash = {"do": "crash", "seat": 2, "at": {"after_rounds": 1}}
    given = played(memory_gateway(bidding), 3, 2, probes=[probe], interventions=[crash])
    for table, rows in given.rows.items():
        assert rows, table
        for row in rows:
            TABLES[table].model_validate(row)


def test_outcomes_are_numbers_or_words(memory_gateway: Any) -> None:
    rows = played(memory_gateway(bidding), 2, 3).rows["outcomes"]
    assert {row["metric"]: (row["value"], row["label"]) for row in rows} == {
        "rounds": (3.0, None),
        "word": (None, "done"),
        "none": (None, None),
    }


class Endless(Whispers):
    def step(self, state: Any, actions: Any, rng: Any) -> Step[Any]:
        return Step(state)


def test_a_game_that_never_ends_is_a_bug(
    memory_gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.episodes.engine.STEP_LIMIT", 5)
    with pytest.raises(RuntimeError, match="no end after 5 steps"):
        played(memory_gateway(bidding), 1, 1, plays=Endless)


class Collapsing(Whispers):
    def asks(self, state: Any) -> Any:
        return {} if state.round == 2 else super().asks(state)


class Limited(Whispers):
    def step(self, state: Any, actions: Any, rng: Any) -> Step[Any]:
        return Step(state, (), state.round, "truncated")


def test_what_the_rules_end_before_the_planned_rounds_is_terminated(memory_gateway: Any) -> None:
    (row,) = played(memory_gateway(bidding), 2, 9, plays=Collapsing).rows["episodes"]
    assert (row["status"], row["planned_rounds"], row["completed_rounds"]) == ("terminated", 9, 2)
    (row,) = played(memory_gateway(bidding), 2, 9, plays=Limited).rows["episodes"]
    assert (row["status"], row["end_reason"]) == ("truncated", "limit")


class Gossip(Whispers):
    def start(self, rng: Any) -> Step[Any]:
        step = super().start(rng)
        return Step(step.state, (Event("say", "env", text="x", audience="friends"),))


def test_an_audience_that_nobody_named_is_a_bug(memory_gateway: Any) -> None:
    with pytest.raises(ValueError, match="no audience 'friends'"):
        played(memory_gateway(bidding), 2, 1, plays=Gossip)


@given(st.sets(st.integers(0, 60)))
def test_spans_hold_exactly_the_numbers(seqs: set[int]) -> None:
    runs = spans(sorted(seqs))
    assert {n for run in runs for n in range(run["first"], run["last"] + 1)} == seqs
    assert all(b["first"] > a["last"] + 1 for a, b in itertools.pairwise(runs))


def test_silence_leaves_nothing_to_read_and_nothing_is_made_up(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: "" if question.subject == "s1" else "Hello.")
    talk = episode("discussion", {"brief": "Talk.", "rounds": 2, "seats": ["m", "m"]}, reasks=1)
    rows = asyncio.run(play(talk, gateway)).rows
    assert [(event["actor"], event["kind"]) for event in rows["events"]] == [("s2", "say")] * 2
    silent = [row for row in rows["actions"] if row["seat"] == "s1"]
    assert [(row["valid"], row["absent"], row["attempts"]) for row in silent] == [
        (False, True, 2)
    ] * 2
    assert rows["episodes"][0]["status"] == "terminated"
    assert rows["episodes"][0]["completed_rounds"] == 2
