"""What holds for every registered environment, played with random usable answers."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.gateway import Question
from schemas.keys import digest, generator
from schemas.tables import TABLES
from tasks.environments.registry import ENVIRONMENTS
from tasks.episodes import Episode, play
from tasks.episodes.counting import question_counts
from tasks.models.sim.anything import instance
from tests.tasks.episodes.games import episode, members

CATALOGUE = {
    "name": "town",
    "customers": [
        {
            "id": f"c{n}",
            "name": f"Customer {n}",
            "request": "a bun",
            "menu_features": {"bun": 3.0},
            "amenity_features": [],
        }
        for n in (1, 2, 3)
    ],
    "businesses": [
        {
            "id": f"b{n}",
            "name": f"Business {n}",
            "description": "buns",
            "rating": 0.9,
            "menu_features": {"bun": 3.0 + n},
            "amenity_features": {},
        }
        for n in (1, 2)
    ],
}

#: Parameters of a small episode of every environment.
SMALL: dict[str, dict[str, Any]] = {
    "discussion": {"brief": "Talk.", "rounds": 3, "seats": ["m", "n", "m"], "floor": "shuffled"},
    "market": {
        "catalogue": CATALOGUE,
        "models": {"customer": "m", "business": "n"},
        "max_rounds": 4,
    },
    "commons": {"seats": ["m", "n", "m"], "months": 3},
    "debate": {
        "seats": ["m", "n", "m"],
        "rounds": 3,
        "problems": [{"ask": "7 + 5?", "options": ["11", "12", "13"], "correct": "12"}],
    },
    "product_choice": {
        "seats": ["m", "n"],
        "rounds": 3,
        "seller": {"model": "n", "product": "p2", "after_rounds": 1},
        "tasks": ["choose", "budget"],
    },
    "auction": {"seats": ["m", "n", "m"], "rounds": 2, "form": "ascending", "increment": 25},
    "bargaining": {"seats": ["m", "n"], "offers": 3, "rounds": 3},
    "ultimatum": {"seats": ["m", "n"], "rounds": 3},
    "binary_choice": {"seats": ["m", "n"], "rounds": 3, "answers": 2, "order": "shuffled"},
    "posted_market": {"seats": ["m", "n", "m"], "sellers": 1, "rounds": 3},
    "strategy_auction": {
        "seats": ["m", "n", "m"],
        "prices": [0.1, 1.0, 0.2],
        "rounds": 3,
        "tasks": [{"ask": "7 + 5?", "options": ["11", "12"], "correct": "12", "level": 2}],
    },
}
PROBE = {"name": "mood", "ask": "How are you?", "at": ["start", {"every_rounds": 1}, "end"]}


def test_every_environment_is_played_here() -> None:
    assert set(SMALL) == set(ENVIRONMENTS)


def usable(question: Question) -> str:
    """Random usable words or data; policies of simulated models would leave much untried."""
    rng = generator("usable", question.unit_key, question.ordinal)
    if question.answer is None:
        return f"words {question.ordinal}"
    for _ in range(200):
        value = question.answer.model_validate(_valid(question, rng))
        if question.check is None or question.check(value) is None:
            return value.model_dump_json()
    return "nothing usable"


def _valid(question: Question, rng: random.Random) -> Any:
    while True:
        try:
            value = instance(question.answer, rng)  # type: ignore[arg-type]
            question.answer.model_validate(value)  # type: ignore[union-attr]
        except ValueError:
            continue
        return value


def words_of(name: str, respond: Any, gateway: Any, seed: int, **parts: Any) -> tuple[Any, Any]:
    used = gateway(respond)
    result = asyncio.run(play(episode(name, SMALL[name], seed=seed, **parts), used))
    assert result.failure is None
    return result.rows, used.questions


@pytest.mark.parametrize("name", sorted(SMALL))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), policy=st.booleans())
def test_no_prompt_shows_what_its_seat_could_not_see(
    memory_gateway: Any, simulate: Any, name: str, seed: int, policy: bool
) -> None:
    rows, questions = words_of(
        name, simulate if policy else usable, memory_gateway, seed, probes=[PROBE]
    )
    could_see = members(rows)
    exposed = {
        row["call_key"]: {n for span in row["seqs"] for n in range(span["first"], span["last"] + 1)}
        for row in rows["exposures"]
    }
    for question in questions:
        shown = exposed[digest("call", question.unit_key, question.ordinal)]
        assert all(question.subject in could_see[seq] for seq in shown)
        # An event that it cannot see is not in the prompt by another way either.
        prompt = "\n".join(message.text for message in question.messages)
        for event in rows["events"]:
            unseen = question.subject not in could_see[event["seq"]]
            if unseen and event["kind"] == "say" and event["text"].startswith("words "):
                assert f"{event['text']}\n" not in f"{prompt}\n"


@pytest.mark.parametrize("name", sorted(SMALL))
def test_rows_fit_their_tables_and_repeat(memory_gateway: Any, simulate: Any, name: str) -> None:
    rows, _ = words_of(name, simulate, memory_gateway, 7, probes=[PROBE])
    again, _ = words_of(name, simulate, memory_gateway, 7, probes=[PROBE])
    assert rows == again
    for table, some in rows.items():
        for row in some:
            TABLES[table].model_validate(row)
    assert rows["episodes"][0]["status"] == "terminated"


@pytest.mark.parametrize("name", sorted(SMALL))
@pytest.mark.parametrize(
    "memory",
    [
        "none",
        "own",
        {"kind": "last", "size": 1},
        {"kind": "tokens", "size": 30},
        {"kind": "summary", "every": 2},
        {"kind": "retrieval", "size": 2, "recent": 1, "rate_every": 2, "plan": {}},
    ],
    ids=str,
)
def test_simulated_agents_play_with_any_memory(
    memory_gateway: Any, simulate: Any, name: str, memory: Any
) -> None:
    rows, questions = words_of(name, simulate, memory_gateway, 5, memory=memory)
    noted = [row for row in rows["events"] if row["phase"] == "memory"]
    assert len(noted) == len([one for one in questions if one.purpose == "memory"])
    assert all(row["valid"] or not row["attempts"] for row in rows["actions"])
    assert rows["episodes"][0]["status"] == "terminated"


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_seat_may_be_absent_at_any_time(memory_gateway: Any, simulate: Any, name: str) -> None:
    n_seats = len(episode(name, SMALL[name]).seats)
    crashes = [
        {"do": "crash", "seat": 1},
        {"do": "crash", "seat": min(3, n_seats), "at": {"after_turns": 2}},
    ]
    rows, questions = words_of(name, simulate, memory_gateway, 3, interventions=crashes)
    first = rows["seats"][0]["seat"]
    assert first not in {question.subject for question in questions}
    assert all(row["absent"] for row in rows["actions"] if row["seat"] == first)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_states_are_values(name: str) -> None:
    played: Episode = episode(name, SMALL[name])
    game = played.environment.game(played.params, played.seats)
    state = game.start(generator("start")).state
    before = pickle.dumps(state)
    assert pickle.loads(before) == state == copy.deepcopy(state)
    asks = game.asks(state)
    assert asks
    step = game.step(state, {}, generator("step"))
    assert pickle.dumps(state) == before
    assert game.round_of(step.state) >= game.round_of(state)
    first = dataclasses.fields(state)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(state, first, None)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_questions_are_counted_by_playing(memory_gateway: Any, simulate: Any, name: str) -> None:
    counts = question_counts(episode(name, SMALL[name]))
    assert set(counts) == {("m", "agent"), ("n", "agent")}
    _, questions = words_of(name, simulate, memory_gateway, 1)
    total = [sum(span[end] for span in counts.values()) for end in (0, 1)]
    assert 0.5 * total[0] <= len(questions) <= 2 * total[1]
