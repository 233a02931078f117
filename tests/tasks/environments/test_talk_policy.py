from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.study import ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk.cues import CUES, PHATIC_WORDS
from tasks.environments.talk.messages import topics_of
from tasks.episodes import play
from tasks.episodes.episode import Episode, seats_of
from tasks.episodes.parts import EpisodeParts
from tasks.models.sim import PRESETS, policy_of
from tasks.models.sim.policies import AgentPolicy

FLAGS = ("phatic", "meta", "lead", "tech", "agree")
BRIEFS = (
    "Plan a mobile app for meal delivery in a city. The budget is 50,000 euros.",
    "Organise an open-air festival for 5,000 people with local food and a small stage.",
    "On a un client qui veut une application de livraison de repas.",
)


def said_in(
    brief: str, model: ModelSpec, gateway: Any, unit: int = 0, **fields: Any
) -> list[dict[str, Any]]:
    """Events of a discussion."""
    environment = Discussion()
    names = fields.pop("names", None)
    params = DiscussionParams.model_validate({"brief": brief, "seats": ["m"] * 4, **fields})
    models = {"m": model}
    seats = seats_of(environment, params, models, 1)
    parts = EpisodeParts(names=names)
    episode = Episode(f"{unit:032x}", environment, params, seats, models, 1, parts=parts)
    return list(asyncio.run(play(episode, gateway)).rows["events"])


def messages(
    model: ModelSpec, gateway: Any, simulate: Any, rounds: int, **fields: Any
) -> Iterator[str]:
    for number, brief in enumerate(BRIEFS):
        events = said_in(brief, model, gateway(simulate), number, rounds=rounds, **fields)
        yield from (event["text"] for event in events if event["round"] > 0)


def habits(model: str) -> Any:
    """How a simulated model talks."""
    policy = policy_of(ModelSpec(model=model))
    assert isinstance(policy, AgentPolicy)
    return policy.habits["discussion"]


@pytest.mark.parametrize("preset", ["agent", "talkative", "reserved"])
def test_declared_rates_are_recovered_from_transcripts(
    preset: str, memory_gateway: Any, simulate: Any
) -> None:
    model = ModelSpec(model=f"sim/{preset}")
    declared = habits(model.model)
    said = list(messages(model, memory_gateway, simulate, rounds=80))
    for flag in FLAGS:
        rate = getattr(declared, flag)
        found = sum(CUES[flag](text) is not None for text in said) / len(said)
        error = math.sqrt(rate * (1 - rate) / len(said))
        assert abs(found - rate) < 4 * error, (flag, found, rate)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_flag_is_there_always_or_never_if_so_declared(
    flag: str, rate: float, memory_gateway: Any, simulate: Any
) -> None:
    rates: dict[str, Any] = {**dict.fromkeys(FLAGS, 0.0), flag: rate}
    model = ModelSpec(model="sim/agent", sim={**rates, "talkativeness": 0.5})
    for text in messages(
        model, memory_gateway, simulate, rounds=20, names=("Ana", "b-2", "Cy X", "D")
    ):
        assert (CUES[flag](text) is not None) == bool(rate), text
        for other in set(FLAGS) - {flag}:
            assert CUES[other](text) is None, (other, text)


def test_talkativeness_is_length(memory_gateway: Any, simulate: Any) -> None:
    def mean_words(talkativeness: float) -> float:
        sim = {**dict.fromkeys(FLAGS, 0.0), "talkativeness": talkativeness}
        model = ModelSpec(model="sim/agent", sim=sim)
        said = list(messages(model, memory_gateway, simulate, rounds=10))
        return sum(len(text.split()) for text in said) / len(said)

    assert mean_words(0.0) < mean_words(0.5) < mean_words(1.0)
    assert mean_words(1.0) == pytest.approx(4 * mean_words(0.0), rel=0.2)


def test_messages_refer_to_the_brief_and_to_others(memory_gateway: Any, simulate: Any) -> None:
    model = ModelSpec(model="sim/talkative")
    said = list(messages(model, memory_gateway, simulate, rounds=6))
    substantial = [text for text in said if len(text.split()) >= PHATIC_WORDS]
    topics = {topic for brief in BRIEFS for topic in topics_of(brief)}
    assert all(any(topic in text.lower() for topic in topics) for text in substantial)
    assert sum("Agent-" in text for text in said) > len(said) / 2
    assert len(set(said)) > 0.9 * len(substantial)


def test_a_lone_participant_names_nobody(memory_gateway: Any, simulate: Any) -> None:
    model = ModelSpec(model="sim/talkative")
    gateway = memory_gateway(simulate)
    for event in said_in(BRIEFS[0], model, gateway, rounds=30, seats=["m"]):
        assert CUES["lead"](event["text"]) is None
        assert CUES["agree"](event["text"]) is None


def test_agents_of_both_presets_differ_as_declared() -> None:
    talkative, reserved = habits("sim/talkative"), habits("sim/reserved")
    assert set(PRESETS) >= {"agent", "talkative", "reserved", "judge", "writer"}
    assert talkative.talkativeness > reserved.talkativeness
    assert talkative.phatic < reserved.phatic
