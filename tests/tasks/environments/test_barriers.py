from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.environment import Action
from schemas.study import ModelSpec
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk import Talk, TalkProtocol
from tasks.episodes import play
from tests.tasks.episodes.games import episode

MODELS = {"a": ModelSpec(model="openai/gpt-5"), "b": ModelSpec(model="ollama/llama3")}
STAGGERED = {"kind": "staggered", "gap_s": 1, "latency_s": 3.5}


def params(**fields: Any) -> dict[str, Any]:
    seats = ["a", "b", "a", "a", "a"]
    return {"brief": "Plan.", "rounds": 2, "seats": seats, "barrier": STAGGERED, **fields}


def played(given: dict[str, Any], gateway: Any, seed: int = 1) -> Any:
    result = asyncio.run(play(episode("discussion", given, MODELS, seed), gateway))
    assert result.failure is None
    return result.rows


def heard(rows: Any) -> list[tuple[str, int]]:
    """Each question's seat, and how many events its prompt showed."""
    return [
        (row["seat"], sum(span["last"] - span["first"] + 1 for span in row["seqs"]))
        for row in rows["exposures"]
    ]


def test_a_seat_reads_what_was_published_before_it_began(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: f"words of {question.subject}")
    rows = played(params(), gateway)
    # Seats begin at 0, 1, 2, 3 and 4 s and write for 3.5 s; the first is done at 3.5 s.
    one_round = [("s1", 0), ("s2", 0), ("s3", 0), ("s4", 0), ("s5", 1)]
    assert heard(rows) == one_round + [(seat, 5 + n) for seat, n in one_round]
    assert [event["actor"] for event in rows["events"]] == ["s1", "s2", "s3", "s4", "s5"] * 2
    assert rows["events"][4]["data"] == {"start_s": 4.0, "end_s": 7.5}


def test_who_writes_faster_is_read_first_and_keeps_its_words_and_call(memory_gateway: Any) -> None:
    barrier = {**STAGGERED, "latency_s_of": {"b": 0.5, 1: 100}}
    gateway = memory_gateway(lambda question: f"words of {question.subject}")
    rows = played(params(barrier=barrier), gateway)
    assert [event["actor"] for event in rows["events"]][:5] == ["s2", "s3", "s4", "s5", "s1"]
    # s2 begins at 1 s and is done at 1.5 s; s1 is still writing when all others are done.
    assert heard(rows)[:5] == [("s1", 0), ("s2", 0), ("s3", 1), ("s4", 1), ("s5", 1)]
    acted = {(row["turn"], row["seat"]): row["call_key"] for row in rows["actions"]}
    for event in rows["events"]:
        assert event["call_key"] == acted[event["turn"], event["actor"]]
    again = [question for question in gateway.questions if question.subject == "s1"][1]
    words = [(message.role, message.text) for message in again.messages]
    assert ("assistant", "words of s1") in words
    assert ("user", "[Agent-B]: words of s2") in words


def test_times_are_drawn_from_the_seed_and_not_from_the_answers(memory_gateway: Any) -> None:
    barrier = {"kind": "staggered", "latency_s": {"median_s": 4, "sigma": 1}}

    def order(seed: int) -> list[str]:
        rows = played(params(barrier=barrier), memory_gateway(lambda _: "Fine."), seed)
        return [event["actor"] for event in rows["events"]]

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(5)}) > 1


@settings(max_examples=60, deadline=None)
@given(
    barrier=st.sampled_from(["turn", "round"])
    | st.fixed_dictionaries(
        {
            "kind": st.just("staggered"),
            "gap_s": st.floats(0.1, 5),
            "latency_s": st.fixed_dictionaries(
                {"median_s": st.floats(0.1, 20), "sigma": st.floats(0, 2)}
            ),
        }
    ),
    floor=st.sampled_from(["fixed", "rotated", "latin_square", "shuffled"]),
    n=st.integers(1, 9),
    seed=st.integers(0, 10_000),
)
def test_at_every_barrier_each_seat_has_read_exactly_what_ended_before_it_began(
    barrier: Any, floor: str, n: int, seed: int
) -> None:
    rng = random.Random(seed)
    seats = [f"s{place}" for place in range(1, n + 1)]
    protocol = TalkProtocol.model_validate({"rounds": 3, "barrier": barrier, "floor": floor})
    talk = Talk(seats, {"": protocol})
    state = talk.start(rng).state
    published: list[str] = []
    while not talk.over(state):
        round_, asked = state.round, {}
        for turn in state.turns[state.first : state.until]:
            before = [one.seat for one in state.turns if one.end <= turn.start]
            assert sorted(published) == sorted(before)
            asked[turn.seat] = Action(f"words of {turn.seat}")
        assert asked.keys() == talk.asks(state).keys()
        talked = talk.step(state, asked, rng)
        published += [event.actor for event in talked.events]
        state = talked.state
        if state.round > round_:
            assert sorted(published) == seats
            published = []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"floor": "random"}, "needs barrier: turn"),
        ({"barrier": {**STAGGERED, "latency_s": 0}}, "greater than 0"),
        ({"barrier": {**STAGGERED, "latency_s_of": {"c": 1}}}, "'c' is neither"),
        ({"barrier": {**STAGGERED, "latency_s_of": {6: 1}}}, "'6' is neither"),
    ],
)
def test_clocks_that_make_no_sense_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DiscussionParams.model_validate(params(**given))
