from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.study import ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.episodes import play
from tasks.models.sim import PRESETS, policy_of
from tasks.models.sim.cues import CUES, PHATIC_WORDS
from tasks.models.sim.discussion import topics_of

FLAGS = ("phatic", "meta", "lead", "tech", "agree")
BRIEFS = (
    "Plan a mobile app for meal delivery in a city. The budget is 50,000 euros.",
    "Organise an open-air festival for 5,000 people with local food and a small stage.",
    "On a un client qui veut une application de livraison de repas.",
)


def messages(
    model: ModelSpec, gateway: Any, simulate: Any, rounds: int, **fields: Any
) -> Iterator[str]:
    environment = Discussion()
    for number, brief in enumerate(BRIEFS):
        params = DiscussionParams.model_validate(
            {"brief": brief, "rounds": rounds, "seats": ["m"] * 4, **fields}
        )
        seats = environment.seats(params, {"m": model.model}, random.Random(0))
        rows = asyncio.run(
            play(
                environment, params, seats, {"m": model}, 1, f"{number:032x}", gateway(simulate), 0
            )
        ).rows
        yield from (event["text"] for event in rows["events"] if event["round"] > 0)


@pytest.mark.parametrize("preset", ["agent", "talkative", "reserved"])
def test_declared_rates_are_recovered_from_transcripts(
    preset: str, memory_gateway: Any, simulate: Any
) -> None:
    model = ModelSpec(model=f"sim/{preset}")
    policy: Any = policy_of(model)
    said = list(messages(model, memory_gateway, simulate, rounds=80))
    for flag in FLAGS:
        rate = getattr(policy, flag)
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
        model, memory_gateway, simulate, rounds=20, names=["Ana", "b-2", "Cy X", "D"]
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
    environment = Discussion()
    params = DiscussionParams.model_validate({"brief": BRIEFS[0], "rounds": 30, "seats": ["m"]})
    model = ModelSpec(model="sim/talkative")
    seats = environment.seats(params, {"m": model.model}, random.Random(0))
    rows = asyncio.run(
        play(environment, params, seats, {"m": model}, 1, "0" * 32, memory_gateway(simulate), 0)
    ).rows
    for event in rows["events"]:
        assert CUES["lead"](event["text"]) is None
        assert CUES["agree"](event["text"]) is None


def test_agents_of_both_presets_differ_as_declared() -> None:
    talkative: Any = policy_of(ModelSpec(model="sim/talkative"))
    reserved: Any = policy_of(ModelSpec(model="sim/reserved"))
    assert set(PRESETS) >= {"agent", "talkative", "reserved", "judge", "writer"}
    assert talkative.talkativeness > reserved.talkativeness
    assert talkative.phatic < reserved.phatic
