"""A gateway in memory for tests of the engine and of stages."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Answer, Question
from schemas.keys import digest
from schemas.unit import Failure
from tasks.models.sim import reply

Respond = Callable[[Question], str | Failure]


class MemoryGateway:
    """Answers from a function, in shuffled order, with a limit on questions in flight."""

    def __init__(self, respond: Respond, in_flight: int = 1000, order_seed: int = 0) -> None:
        self._respond = respond
        self._slots = asyncio.Semaphore(in_flight)
        self._rng = random.Random(order_seed)
        self.questions: list[Question] = []

    async def ask(self, question: Question) -> Answer:
        self.questions.append(question)
        key = digest("call", question.unit_key, question.ordinal)
        async with self._slots:
            for _ in range(self._rng.randrange(4)):
                await asyncio.sleep(0)
            given = self._respond(question)
        if isinstance(given, Failure):
            return Answer(key, "", None, 1 + question.reasks, given, (key,))
        try:
            value: Any = question.answer.model_validate_json(given) if question.answer else given
        except ValidationError as error:
            failure = Failure("bad_shape", str(error))
            return Answer(key, given, None, 1 + question.reasks, failure, (key,))
        problem = question.check(value) if question.check else None
        if problem is not None:
            kind = "bad_shape" if given else "empty"
            return Answer(key, given, None, 1 + question.reasks, Failure(kind, problem), (key,))
        return Answer(key, given, value, 1, None, (key,))

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        return {"calls": [], "attempts": [], "prompt_messages": []}


def simulated(question: Question) -> str | Failure:
    key = digest("call", question.unit_key, question.ordinal)
    return reply(question.model, question, key).text


@pytest.fixture(scope="session")
def memory_gateway() -> type[MemoryGateway]:
    """Makes gateways: ``memory_gateway(respond, in_flight=..., order_seed=...)``."""
    return MemoryGateway


@pytest.fixture(scope="session")
def simulate() -> Respond:
    """Answers as the simulated model of a question would."""
    return simulated
