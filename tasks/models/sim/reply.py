"""The answer of a simulated model to one question."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import orjson

from schemas.gateway import Question
from schemas.keys import generator
from schemas.study.models import ModelSpec
from tasks.models.sim import anything, discussion, judge, market, phrases, writer
from tasks.models.sim.contract import SimReply
from tasks.models.sim.policies import AgentPolicy, Faults, JudgePolicy, WriterPolicy
from tasks.models.sim.presets import policy_of

#: Characters of a token, near enough for counting.
CHARACTERS_PER_TOKEN = 4


def reply(spec: ModelSpec, question: Question, call_key: str, attempt: int = 1) -> SimReply:
    """What a simulated model answers: the same for the same specification, question and key.

    Args:
        spec: The model, named ``sim/NAME``.
        question: The question, with its observation.
        call_key: Key of the call; everything random is drawn from it.
        attempt: Number of the attempt, from 1; only failures depend on it.

    Raises:
        Mistake: The model or one of its parameters does not exist.
    """
    policy = policy_of(spec)
    prompt_tokens = sum(len(message.text) for message in question.messages) // CHARACTERS_PER_TOKEN
    if policy.failure_rate and _draw("failure", call_key, attempt) < policy.failure_rate:
        return SimReply("", prompt_tokens, 0, "stop", policy.latency_s, "server_error")
    if policy.malformed_rate and _draw("malformed", call_key) < policy.malformed_rate:
        text = '{"answer": ' if question.answer else ""
    else:
        text = _text(policy, question, generator("sim", call_key))
    tokens = -(-len(text) // CHARACTERS_PER_TOKEN)
    return SimReply(text, prompt_tokens, tokens, "stop", policy.latency_s)


def _draw(*values: object) -> float:
    return generator("fault", *values).random()


def _text(policy: Faults, question: Question, rng: random.Random) -> str:
    seen: Mapping[str, Any] = question.observation or {}
    if isinstance(policy, AgentPolicy) and seen.get("environment") == "discussion":
        return discussion.message(policy, seen, rng)
    value = _value(policy, question, seen, rng)
    return rng.choice(phrases.PHATIC) if value is None else orjson.dumps(value).decode()


def _value(
    policy: Faults, question: Question, seen: Mapping[str, Any], rng: random.Random
) -> dict[str, Any] | None:
    """A structured answer; nothing where none was asked for."""
    where = (seen.get("environment"), seen.get("role"))
    value: dict[str, Any] | None = None
    match policy:
        case AgentPolicy() if where == ("market", "customer"):
            habits = generator("habits", question.unit_key, question.subject)
            value = market.customer_action(policy, seen, habits, rng)
        case AgentPolicy() if where == ("market", "business"):
            value = market.business_action(policy, seen, rng)
        case JudgePolicy() if "items" in seen and "flags" in seen:
            value = judge.judgements(policy, seen, rng)
        case WriterPolicy() if "attributes" in seen:
            value = writer.biography(policy, seen, rng)
        case _ if question.answer is not None:
            value = anything.instance(question.answer, rng)
    return value
