"""The answer of a simulated model to one question."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import orjson

from schemas.environment import PROBE
from schemas.gateway import CHARACTERS_PER_TOKEN, Question
from schemas.keys import generator
from schemas.study.models import ModelSpec
from tasks.environments.registry import ENVIRONMENTS
from tasks.environments.talk.phrases import PHATIC
from tasks.models.sim import anything, judge, probed, reader, remembered, writer
from tasks.models.sim.contract import SimReply
from tasks.models.sim.heeding import NOTHING, heeding, prompt_terms
from tasks.models.sim.policies import AgentPolicy, Faults, JudgePolicy, WriterPolicy
from tasks.models.sim.presets import policy_of


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
    policy = policy_of(spec, environment=(question.observation or {}).get("environment", ""))
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
    value = _value(policy, question, question.observation or {}, rng)
    if value is None:
        return rng.choice(PHATIC)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _value(
    policy: Faults, question: Question, seen: Mapping[str, Any], rng: random.Random
) -> Mapping[str, Any] | str | None:
    """An answer: a text or data of the type asked for; ``None`` where any text will do."""
    value: Mapping[str, Any] | str | None = None
    match policy:
        case AgentPolicy():
            shown = prompt_terms(policy, seen) if policy.by_prompt else NOTHING
            moved = heeding(policy, seen.get("heeded", NOTHING), shown)
            value = _acted(moved, question, seen, rng)
        case JudgePolicy() if "items" in seen and "flags" in seen:
            value = judge.judgements(policy, seen, rng)
        case WriterPolicy() if "attributes" in seen:
            value = writer.prose(policy, seen, rng)
        case WriterPolicy() if seen.get("environment") == "profiles":
            value = reader.profile(policy, seen, rng)
    if value is None and question.answer is not None:
        value = anything.instance(question.answer, rng)
    return value


def _acted(
    policy: AgentPolicy, question: Question, seen: Mapping[str, Any], rng: random.Random
) -> Mapping[str, Any] | str | None:
    """What an agent answers to a probe, or by the environment's own policy, where it has one."""
    if "memory" in seen:
        return remembered.answer(policy, seen, rng)
    if question.purpose == "intervention":
        return _checked(policy, seen, rng)
    name = seen.get("environment", "")
    ask = PROBE if "probe" in seen else seen.get("ask", "")
    acting = ENVIRONMENTS[name].policy if name in ENVIRONMENTS else None
    value: Mapping[str, Any] | str | None = None
    if acting is not None:
        habits = generator("habits", question.unit_key, question.subject)
        value = acting.answer(policy.habits[name], ask, seen, habits, rng)
    if value is None and "probe" in seen:
        value = probed.answer(policy, seen["probe"], rng, seen.get("heeded", NOTHING))
    return value


def _checked(policy: AgentPolicy, seen: Mapping[str, Any], rng: random.Random) -> str:
    """What an agent that checks facts finds wrong, message by message."""
    disputed = [name for name, _ in seen["statements"] if rng.random() < policy.disputes]
    if not disputed:
        return "Nothing that was said is wrong."
    return " ".join(f"What {name} said is not borne out." for name in disputed)
