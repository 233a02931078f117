from __future__ import annotations

import asyncio
import itertools
import random
import time
from typing import Any

import pytest

from schemas.environment import Ask, Event, Logged, Observation, Seat
from schemas.study import ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.episodes import play
from tasks.episodes.render import Renderer, template_digests

MODELS = {"m": ModelSpec(model="sim/agent")}
SEATS = [Seat(seat=f"s{n}", position=n, name=f"Agent-{n}", model="m") for n in (1, 2)]
DATA = {
    "you": "Agent-1",
    "others": ["Agent-2"],
    "brief": "Plan a festival.",
    "persona": "",
    "max_words": None,
}
ASK = Ask("turn")


def said(seq: int, actor: str, text: str) -> Logged:
    return Logged(seq, 0, seq, Event("say", actor, text=text))


def test_own_messages_are_the_assistants_and_others_carry_their_name() -> None:
    history = [said(0, "s2", "Hi."), said(1, "s1", "Hello."), said(2, "s2", "So?")]
    renderer = Renderer(Discussion(), SEATS)
    renderer.answered("s1", 1, "Hello.")
    prompt = renderer.messages(ASK, "s1", Observation(DATA, history))
    assert [(message.role, message.text) for message in prompt] == [
        ("system", "You are Agent-1 in a group chat.\nOther participants: Agent-2."),
        ("user", "Plan a festival."),
        ("user", "[Agent-2]: Hi."),
        ("assistant", "Hello."),
        ("user", "[Agent-2]: So?"),
    ]


def test_the_seat_is_asked_again_where_it_spoke_last() -> None:
    history = [said(0, "s1", "Hello.")]
    renderer = Renderer(Discussion(), SEATS)
    renderer.answered("s1", 0, "Hello.")
    prompt = renderer.messages(ASK, "s1", Observation(DATA, history))
    assert prompt[-1].role == "user"
    assert "your turn" in prompt[-1].text


def test_persona_and_length_stand_in_the_system_prompt() -> None:
    data = {**DATA, "persona": "Age group: 35-44.", "max_words": 60}
    system = Renderer(Discussion(), SEATS).messages(ASK, "s1", Observation(data))[0].text
    assert "Age group: 35-44." in system
    assert "under 60 words" in system


def test_successive_prompts_share_their_messages(memory_gateway: Any) -> None:
    environment = Discussion()
    params = DiscussionParams.model_validate(
        {"brief": "Plan.", "rounds": 4, "seats": ["m", "m", "m"]}
    )
    gateway = memory_gateway(lambda question: f"Message {question.ordinal}.")
    seats = environment.seats(params, {}, random.Random(0))
    asyncio.run(play(environment, params, seats, MODELS, 1, "0" * 32, gateway, 0))
    by_seat: dict[str, list[Any]] = {}
    for question in gateway.questions:
        by_seat.setdefault(question.subject, []).append(question.messages)
    for prompts in by_seat.values():
        for before, after in itertools.pairwise(prompts):
            assert all(a is b for a, b in zip(before, after, strict=False))
            assert len(after) > len(before)


def test_only_simulated_models_are_handed_the_observation(memory_gateway: Any) -> None:
    environment = Discussion()
    params = DiscussionParams.model_validate({"brief": "Plan.", "rounds": 1, "seats": ["a", "b"]})
    models = {"a": ModelSpec(model="sim/agent"), "b": ModelSpec(model="openai/some-model")}
    gateway = memory_gateway(lambda question: "Fine.")
    seats = environment.seats(params, {"a": "sim/agent", "b": "x"}, random.Random(0))
    asyncio.run(play(environment, params, seats, models, 1, "0" * 32, gateway, 0))
    assert [question.observation is None for question in gateway.questions] == [False, True]


def test_digests_follow_the_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    before = template_digests(Discussion())
    monkeypatch.setattr(
        "tasks.episodes.render.prompt_texts", lambda environment: {"system": "Another prompt."}
    )
    assert template_digests(Discussion())["system"] != before["system"]


def test_a_call_of_a_long_discussion_costs_well_below_a_millisecond(memory_gateway: Any) -> None:
    environment = Discussion()
    params = DiscussionParams.model_validate({"brief": "Plan.", "rounds": 20, "seats": ["m"] * 8})
    gateway = memory_gateway(lambda question: "A message of some length. " * 10)
    seats = environment.seats(params, {}, random.Random(0))
    started = time.process_time()
    asyncio.run(play(environment, params, seats, MODELS, 1, "0" * 32, gateway, 0))
    per_call_s = (time.process_time() - started) / 160
    assert per_call_s < 0.001


def test_an_answer_that_led_to_several_events_is_shown_as_it_was_given() -> None:
    renderer = Renderer(Discussion(), SEATS)
    renderer.answered("s1", 0, '{"to": ["s2", "s3"]}')
    history = [
        Logged(0, 0, 0, Event("say", "s1", text="To you.")),
        Logged(1, 0, 0, Event("say", "s2", text="Meanwhile.")),
        Logged(2, 0, 0, Event("say", "s1", text="And to you.")),
    ]
    prompt = renderer.messages(ASK, "s1", Observation(DATA, history))
    assert [message.text for message in prompt if message.role == "assistant"] == [
        '{"to": ["s2", "s3"]}'
    ]
