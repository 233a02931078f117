"""What the gateway expects of simulated models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from schemas.gateway import Question
from schemas.study.models import ModelSpec


@dataclass(frozen=True, slots=True)
class SimReply:
    """What a simulated model says to one attempt at a call.

    Attributes:
        text: The answer; the JSON text of an instance where the question declares a type.
        prompt_tokens: Tokens of the prompt, as a provider would count them.
        completion_tokens: Tokens of the answer.
        finish_reason: Why it stopped: ``stop``, ``length`` or ``content_filter``.
        latency_s: Time that the answer takes; waited for only if above 0.
        failure_kind: One of ``schemas.gateway.ATTEMPT_KINDS`` that the attempt fails with instead
            of being answered; nothing for an answer. Transient kinds are tried again.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"
    latency_s: float = 0.0
    failure_kind: str | None = None


class Simulator(Protocol):
    """How the gateway asks a simulated model; ``tasks.models.sim.reply`` is one."""

    def __call__(
        self, spec: ModelSpec, question: Question, call_key: str, attempt: int = 1
    ) -> SimReply:
        """The reply to a question, the same whenever spec, question, key and attempt are the same.

        Args:
            spec: The model; ``spec.model`` is ``sim/NAME``, ``spec.sim`` its parameters.
            question: The question. ``question.messages`` of a re-ask end with the bad answer and
                the problem. ``question.observation`` and ``question.answer`` are there for it.
            call_key: Key of the call; seed everything random from it.
            attempt: Number of the attempt at this call, from 1, so that a simulated fault can pass.
        """
        ...
