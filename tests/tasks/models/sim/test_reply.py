from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from schemas.errors import Mistake
from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study import ModelSpec
from tasks.models.sim import check_spec, policy_of, reply

SEEN: dict[str, Any] = {
    "environment": "discussion",
    "ask": "turn",
    "seat": "s1",
    "you": "Agent-A",
    "others": ["Agent-B"],
    "names": {"s1": "Agent-A", "s2": "Agent-B"},
    "brief": "Plan a music festival with a small budget.",
    "round": 0,
    "rounds": 3,
    "history": [],
}


class Shape(BaseModel):
    choice: Literal["left", "right"]
    amount: float = Field(ge=0, le=10)
    notes: list[str]
    nested: dict[str, int] = {}
    maybe: int | None


def question(spec: ModelSpec, answer: type[BaseModel] | None = None, seen: Any = None) -> Question:
    return Question(
        model=spec,
        messages=(Message("system", "You are Agent-A."), Message("user", "Plan a festival.")),
        unit_key="0" * 32,
        ordinal=0,
        purpose="agent",
        subject="s1",
        answer=answer,
        observation=seen,
    )


def test_a_reply_depends_on_nothing_but_its_arguments() -> None:
    asked = question(ModelSpec(model="sim/agent"), seen=SEEN)
    assert reply(asked.model, asked, digest(1)) == reply(asked.model, asked, digest(1))
    texts = {reply(asked.model, asked, digest(n)).text for n in range(30)}
    assert len(texts) > 15


def test_tokens_are_counted() -> None:
    asked = question(ModelSpec(model="sim/agent"), seen=SEEN)
    given = reply(asked.model, asked, digest(1))
    assert given.prompt_tokens > 0
    assert given.completion_tokens == -(-len(given.text) // 4)
    assert (given.latency_s, given.failure_kind, given.finish_reason) == (0.0, None, "stop")


def test_latency_is_told_and_not_slept() -> None:
    asked = question(ModelSpec(model="sim/agent", sim={"latency_s": 5.0}), seen=SEEN)
    assert reply(asked.model, asked, digest(1)).latency_s == 5.0


def test_failures_come_at_their_rate_and_pass_with_another_attempt() -> None:
    asked = question(ModelSpec(model="sim/agent", sim={"failure_rate": 0.3}), seen=SEEN)
    kinds = [reply(asked.model, asked, digest(n), 1).failure_kind for n in range(1000)]
    assert 250 < kinds.count("server_error") < 350
    failed = kinds.index("server_error")
    assert any(
        reply(asked.model, asked, digest(failed), attempt).failure_kind is None
        for attempt in range(2, 12)
    )


def test_malformed_answers_come_at_their_rate() -> None:
    spec = ModelSpec(model="sim/agent", sim={"malformed_rate": 0.2})
    empty = [reply(spec, question(spec, seen=SEEN), digest(n)).text == "" for n in range(500)]
    assert 70 < sum(empty) < 130

    def broken(n: int) -> bool:
        try:
            json.loads(reply(spec, question(spec, Shape), digest(n)).text)
        except json.JSONDecodeError:
            return True
        return False

    assert 70 < sum(broken(n) for n in range(500)) < 130


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000))
def test_a_shape_that_no_policy_knows_is_answered_at_random_within_its_schema(n: int) -> None:
    spec = ModelSpec(model="sim/agent")
    Shape.model_validate_json(reply(spec, question(spec, Shape), digest(n)).text)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"model": "sim/talkativ"}, "write sim/talkative"),
        ({"model": "sim/agent", "sim": {"phatik": 0.1}}, "write phatic"),
        ({"model": "sim/agent", "sim": {"phatic": 1.5}}, "less than or equal to 1"),
        ({"model": "sim/agent", "sim": {"phatic": 0.9, "meta": 0.5}}, "above 1 - phatic"),
        ({"model": "sim/judge", "sim": {"sensitivity_of": {"meta": 2}}}, "not between 0 and 1"),
        ({"model": "openai/gpt-5", "sim": {"phatic": 0.1}}, "not simulated"),
    ],
)
def test_what_a_user_got_wrong_is_told(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(Mistake, match=message.replace("(", r"\(")):
        check_spec(ModelSpec.model_validate(spec), "models.a")


def test_parameters_of_a_study_override_the_presets() -> None:
    spec = ModelSpec(model="sim/talkative", sim={"lead": 0.01, "greed": 0.9})
    own: Any = policy_of(spec)
    preset: Any = policy_of(ModelSpec(model="sim/talkative"))
    assert own.habits["discussion"].lead == own.habits["commons"].lead == 0.01
    assert own.habits["discussion"].meta == preset.habits["discussion"].meta == 0.35
    assert own.habits["commons"].greed == 0.9
    assert own.habits["market"] == preset.habits["market"]
    check_spec(spec)
    check_spec(ModelSpec(model="openai/gpt-5"))
