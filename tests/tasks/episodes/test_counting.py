from __future__ import annotations

import time
from typing import Any

from schemas.study import ModelSpec
from tasks.episodes.counting import question_counts
from tests.tasks.episodes.games import episode, whispers

TALK: dict[str, Any] = {"brief": "Plan.", "rounds": 4, "seats": ["a", "b", "a"]}
MODELS = {
    "a": ModelSpec(model="openai/gpt-5"),
    "b": ModelSpec(model="sim/reserved", sim={"failure_rate": 0.9, "malformed_rate": 0.9}),
    "c": ModelSpec(model="openai/gpt-5"),
}


def test_a_talk_asks_every_seat_in_every_round_whatever_its_model() -> None:
    assert question_counts(episode("discussion", TALK, MODELS)) == {
        ("a", "agent"): (8, 8),
        ("b", "agent"): (4, 4),
    }


def test_interventions_and_probes_count_and_probes_are_told_from_turns() -> None:
    parts = {
        "interventions": [
            {"do": "crash", "seat": 2, "at": {"after_rounds": 1}},
            {"do": "replace", "seat": 1, "model": "c", "at": {"after_rounds": 3}},
        ],
        "probes": [{"name": "mood", "items": {"x": "How?", "y": "Why?"}, "at": "end"}],
    }
    counts = question_counts(episode("discussion", TALK, MODELS, **parts))
    assert counts == {
        ("a", "agent"): (7, 7),
        ("b", "agent"): (1, 1),
        ("c", "agent"): (1, 1),
        ("a", "probe"): (2, 2),
        ("c", "probe"): (2, 2),
    }


def test_a_game_without_a_policy_is_counted_by_random_answers() -> None:
    assert question_counts(whispers(4, 5)) == {("m", "agent"): (20, 20)}


def test_a_long_episode_is_counted_by_its_first_rounds() -> None:
    started = time.process_time()
    long = {**TALK, "rounds": 1000, "seats": ["a", "b"] * 40}
    assert question_counts(episode("discussion", long, MODELS)) == {
        ("a", "agent"): (40_000, 40_000),
        ("b", "agent"): (40_000, 40_000),
    }
    assert time.process_time() - started < 20
