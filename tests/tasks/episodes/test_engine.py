from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Record
from schemas.environment import (
    Action,
    Ask,
    Event,
    JsonValue,
    Logged,
    Observation,
    Outcomes,
    Seat,
    Step,
)
from schemas.gateway import Question
from schemas.keys import digest
from schemas.study import ModelSpec
from schemas.tables import EpisodeRow, EventRow, ExposureRow, OutcomeRow, SeatRow
from schemas.unit import Failure
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.episodes import play
from tasks.episodes.history import spans

ROWS = {
    "episodes": EpisodeRow,
    "seats": SeatRow,
    "events": EventRow,
    "exposures": ExposureRow,
    "outcomes": OutcomeRow,
}
MODELS = {"m": ModelSpec(model="sim/agent")}


class WhisperParams(Record):
    n_seats: int
    rounds: int


class Bid(Record):
    amount: int


class Whispers(Discussion):
    """Simultaneous bids; the rules whisper to a random subset of the seats in every round."""

    name = "whispers"
    params_model = WhisperParams

    def aliases(self, params: Any) -> Mapping[tuple[str | int, ...], str]:
        return {(): "m"}

    def seats(self, params: Any, models: Mapping[str, str], rng: random.Random) -> tuple[Seat, ...]:
        return tuple(
            Seat(seat=f"s{n}", position=n, name=f"N{n}", model="m")
            for n in range(1, params.n_seats + 1)
        )

    def planned_rounds(self, params: Any) -> int | None:
        return int(params.rounds)

    def reset(self, params: Any, seats: Sequence[Seat], rng: random.Random) -> Step:
        names = [seat.seat for seat in seats]
        state = {"seats": names, "round": 0, "rounds": params.rounds, "sum": {}}
        return Step(state, self._whispers(names, rng))

    def _whispers(self, names: Sequence[str], rng: random.Random) -> tuple[Event, ...]:
        heard = tuple(name for name in names if rng.random() < 0.5)
        return (
            Event("chance", "env", text=f"secret {rng.random()}", visible_to=heard),
            Event("say", "env", text=f"public {rng.random()}"),
        )

    def asks(self, state: JsonValue) -> Mapping[str, Ask]:
        # Out of order on purpose: the engine orders questions by seat.
        return {name: Ask("bid", Bid, {"amount": 0}) for name in reversed(state["seats"])}

    def observe(self, state: JsonValue, seat: str, history: Sequence[Logged]) -> Observation:
        data = {"you": seat, "others": [], "brief": "bid", "persona": "", "max_words": None}
        return Observation(data, list(history))

    def check(self, state: JsonValue, seat: str, action: Mapping[str, Any]) -> str | None:
        return "too much" if action["amount"] > 50 else None

    def step(self, state: JsonValue, actions: Mapping[str, Action], rng: random.Random) -> Step:
        bids = tuple(
            Event("bid", name, value=action.value["amount"], visible_to=(name,))
            for name, action in actions.items()
            if action.value["amount"]
        )
        after = {**state, "round": state["round"] + 1}
        over = after["round"] == state["rounds"]
        events = (*bids, *self._whispers(state["seats"], rng))
        return Step(after, events, state["round"], "terminated" if over else "running")

    def outcome(self, state: JsonValue) -> Outcomes:
        return {("episode", ""): {"rounds": state["round"], "word": "done", "none": None}}


# The template folder is found beside the module of the class.
Whispers.__module__ = Discussion.__module__


def bidding(question: Question) -> str | Failure:
    """A fixed answer for every place in the episode; some are unusable."""
    draw = int(digest("bid", question.ordinal, question.subject), 16)
    if draw % 11 == 0:
        return "no JSON"
    return f'{{"amount": {draw % 60}}}'


def played(gateway: Any, n_seats: int, rounds: int, seed: int = 1) -> Any:
    environment = Whispers()
    params = WhisperParams(n_seats=n_seats, rounds=rounds)
    return asyncio.run(
        play(
            environment,
            params,
            environment.seats(params, {}, random.Random(0)),
            MODELS,
            seed,
            digest("unit", n_seats, rounds, seed),
            gateway,
            2,
        )
    )


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
    seqs = {
        row["call_key"]: {n for span in row["seqs"] for n in range(span["first"], span["last"] + 1)}
        for row in rows["exposures"]
    }
    secrets = {event["text"]: event for event in rows["events"] if event["kind"] == "chance"}
    for question in gateway.questions:
        shown = seqs[digest("call", question.unit_key, question.ordinal)]
        for seq in shown:
            visible = rows["events"][seq]["visible_to"]
            assert visible is None or question.subject in visible
        prompt = "\n".join(message.text for message in question.messages)
        for text, event in secrets.items():
            assert (text in prompt) == (event["seq"] in shown)
            heard = question.subject in event["visible_to"]
            assert heard or text not in prompt


def test_simultaneous_questions_see_a_frozen_observation(memory_gateway: Any) -> None:
    gateway = memory_gateway(bidding)
    rows = played(gateway, 4, 3).rows
    acted = {row["call_key"]: row for row in rows["events"] if row["call_key"]}
    for row in rows["exposures"]:
        last = max((span["last"] for span in row["seqs"]), default=-1)
        turn = acted[row["call_key"]]["turn"]
        # The events of the turn before are logged under its own number, in its own round.
        assert all(event["turn"] < max(turn, 1) for event in rows["events"][: last + 1])


def test_questions_are_numbered_in_the_order_of_seats(memory_gateway: Any) -> None:
    gateway = memory_gateway(bidding)
    played(gateway, 3, 2)
    by_number = sorted(gateway.questions, key=lambda question: question.ordinal)
    assert [question.subject for question in by_number] == ["s1", "s2", "s3"] * 2


def test_every_answer_leaves_an_event_and_unusable_ones_take_the_fallback(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(
        lambda question: "no JSON" if question.subject == "s2" else '{"amount": 7}'
    )
    rows = played(gateway, 3, 2).rows
    by_seat = {
        seat: [event for event in rows["events"] if event["actor"] == seat]
        for seat in ("s1", "s2", "s3")
    }
    assert [event["kind"] for event in by_seat["s1"]] == ["bid", "bid"]
    assert all(event["valid"] and event["attempts"] == 1 for event in by_seat["s1"])
    assert [event["kind"] for event in by_seat["s2"]] == ["ask", "ask"]
    for event in by_seat["s2"]:
        assert (event["valid"], event["fallback"], event["attempts"]) == (False, True, 3)
        assert event["visible_to"] == []


def test_an_illegal_action_is_told_and_then_replaced_by_the_fallback(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: '{"amount": 99}')
    rows = played(gateway, 1, 1).rows
    (event,) = [one for one in rows["events"] if one["actor"] == "s1"]
    assert (event["kind"], event["valid"], event["fallback"]) == ("ask", False, True)


@pytest.mark.parametrize("kind", ["rate_limit", "timeout", "server_error", "connection"])
def test_a_failure_of_the_provider_fails_the_episode_and_is_no_message(
    memory_gateway: Any, kind: str
) -> None:
    def respond(question: Question) -> str | Failure:
        return Failure(kind, "the server said no") if question.ordinal == 4 else '{"amount": 1}'

    result = played(memory_gateway(respond), 3, 3)
    assert result.failure.kind == kind
    assert not result.rows


def test_playing_again_with_the_answers_at_hand_gives_the_same_rows(memory_gateway: Any) -> None:
    assert played(memory_gateway(bidding), 4, 4) == played(memory_gateway(bidding), 4, 4)
    other = played(memory_gateway(bidding), 4, 4, seed=2)
    assert other.rows["events"] != played(memory_gateway(bidding), 4, 4).rows["events"]


def test_rows_are_rows_of_their_tables(memory_gateway: Any) -> None:
    for table, rows in played(memory_gateway(bidding), 3, 2).rows.items():
        for row in rows:
            ROWS[table].model_validate(row)


def test_outcomes_are_numbers_or_words(memory_gateway: Any) -> None:
    rows = played(memory_gateway(bidding), 2, 3).rows["outcomes"]
    assert {row["metric"]: (row["value"], row["label"]) for row in rows} == {
        "rounds": (3.0, None),
        "word": (None, "done"),
        "none": (None, None),
    }


class Endless(Whispers):
    def step(self, state: JsonValue, actions: Mapping[str, Action], rng: random.Random) -> Step:
        return Step(state)


Endless.__module__ = Discussion.__module__


def test_an_environment_that_never_ends_is_a_bug(
    memory_gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.episodes.engine.STEP_LIMIT", 5)
    environment = Endless()
    params = WhisperParams(n_seats=1, rounds=1)
    seats = environment.seats(params, {}, random.Random(0))
    with pytest.raises(RuntimeError, match="no end after 5 steps"):
        asyncio.run(
            play(environment, params, seats, MODELS, 1, "0" * 32, memory_gateway(bidding), 0)
        )


@given(st.sets(st.integers(0, 60)))
def test_spans_hold_exactly_the_numbers(seqs: set[int]) -> None:
    runs = spans(sorted(seqs))
    assert {n for run in runs for n in range(run["first"], run["last"] + 1)} == seqs
    assert all(b["first"] > a["last"] + 1 for a, b in itertools.pairwise(runs))


def test_silence_is_recorded_and_leaves_nothing_to_read(memory_gateway: Any) -> None:
    environment = Discussion()
    params = DiscussionParams.model_validate({"brief": "Talk.", "rounds": 2, "seats": ["m", "m"]})
    gateway = memory_gateway(lambda question: "" if question.subject == "s1" else "Hello.")
    seats = environment.seats(params, {}, random.Random(0))
    rows = asyncio.run(play(environment, params, seats, MODELS, 1, "0" * 32, gateway, 1)).rows
    kinds = [(event["actor"], event["kind"], event["valid"]) for event in rows["events"]]
    assert kinds == [("s1", "ask", False), ("s2", "say", True)] * 2
    assert rows["episodes"][0]["status"] == "complete"
    assert rows["episodes"][0]["completed_rounds"] == 2
    assert all(
        "s1" not in row["seat"] or row["seqs"] == [] or row["seqs"][0]["first"] == 1
        for row in rows["exposures"]
    )
