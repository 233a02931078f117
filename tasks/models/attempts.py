"""One call: attempts within the limits until an answer comes or trying again is of no use."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from schemas.gateway import UNUSABLE, Message, Question
from schemas.study.models import ModelSpec
from tasks.models.completions import reply_kind
from tasks.models.limits import Limiter
from tasks.models.prices import Prices
from tasks.models.replies import Attempt, AttemptFailed, Outcome, Reply
from tasks.models.retry import Backoff
from tasks.models.sim.contract import Simulator

_JITTER = random.Random()  # decides when an attempt is made, never what it says
_TOKENS_PER_MESSAGE = 6
_CHARACTERS_PER_TOKEN = 3.5


def prompt_tokens_about(messages: Sequence[Message]) -> float:
    """Roughly how many tokens a prompt has, rather too many than too few."""
    characters = sum(len(message.text) for message in messages)
    return characters / _CHARACTERS_PER_TOKEN + _TOKENS_PER_MESSAGE * len(messages)


class Tries:
    """The attempts at one call, as they are made."""

    def __init__(self, prices: Prices, before: tuple[Attempt, ...] = ()) -> None:
        self._prices = prices
        self._asked_at_s = time.time()
        self._cost_usd: float | None = 0.0
        self.made = list(before)

    def note(self, what: Reply | AttemptFailed | None, waited_s: float, latency_s: float) -> str:
        """Records an attempt and gives its kind; an answer is paid for, usable or not."""
        if isinstance(what, Reply):
            message = None if what.kind == "ok" else f"the answer is {what.kind}"
            self.made.append(Attempt(what.kind, 200, message, waited_s, latency_s))
            cost = self._prices.cost_usd(what.prompt_tokens, what.completion_tokens)
            if cost is None or self._cost_usd is None:
                self._cost_usd = None
            else:
                self._cost_usd += cost
            return what.kind
        if what is None:
            raise TypeError("an attempt gives an answer or fails")
        self.made.append(Attempt(what.kind, what.status_code, str(what), waited_s, latency_s))
        return what.kind

    def kinds(self) -> list[str]:
        """How the attempts so far ended, in order."""
        return [attempt.kind for attempt in self.made]

    def outcome(self, reply: Reply | None) -> Outcome:
        """What the call came to."""
        return Outcome(reply, tuple(self.made), self._cost_usd, self._asked_at_s)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a provider is asked.

    Attributes:
        spec: The model, for its time-out and its number of attempts.
        limiter: Admission to the model.
        backoff: When to try again.
        tokens: About how many tokens a request has.
    """

    spec: ModelSpec
    limiter: Limiter
    backoff: Backoff
    tokens: float


async def called(
    terms: Terms,
    attempt: Callable[[], Awaitable[Reply]],
    keep: Callable[[Outcome], Awaitable[None]],
    tries: Tries,
) -> Outcome:
    """What a call to a provider comes to.

    A call is in flight until its answer is kept, so that no more answers than may be in flight
    are lost when the process is killed.

    Args:
        terms: Limits and patience.
        attempt: Makes one attempt.
        keep: Puts an answer on disk.
        tries: Where attempts are recorded.
    """
    limiter, backoff = terms.limiter, terms.backoff
    waited_s = 0.0
    while True:
        given = await limiter.enter(terms.tokens)
        kind, used = "cancelled", None
        try:
            reply, failure, latency_s = await _attempted(terms.spec, attempt)
            kind = tries.note(reply or failure, waited_s, latency_s)
            used = _tokens(reply) if reply is not None else None
            if failure is not None and failure.told_s and kind == "rate_limit":
                limiter.pause(min(failure.told_s, backoff.longest_told_s))
            number = len(tries.made)
            if not backoff.again(tries.kinds(), terms.spec.max_attempts):
                outcome = tries.outcome(reply)
                await keep(outcome)
                return outcome
        finally:
            limiter.done(kind, given, used)
        waited_s = backoff.wait_s(number, failure.told_s if failure else None, _JITTER)
        await asyncio.sleep(waited_s)


async def _attempted(
    spec: ModelSpec, attempt: Callable[[], Awaitable[Reply]]
) -> tuple[Reply | None, AttemptFailed | None, float]:
    """What one attempt gave, and the seconds that it took."""
    began = time.perf_counter()
    reply, failure = None, None
    try:
        async with asyncio.timeout(spec.attempt_timeout_s):
            reply = await attempt()
    except TimeoutError:
        failure = AttemptFailed("timeout", f"no answer within {spec.attempt_timeout_s:g} s")
    except AttemptFailed as error:
        failure = error
    return reply, failure, time.perf_counter() - began


async def simulated(
    question: Question, call_key: str, simulate: Simulator, backoff: Backoff, tries: Tries
) -> Outcome:
    """What a call to a simulated model comes to; nothing is waited for but declared latency."""
    spec = question.model
    number = 0
    while True:
        number += 1
        said = simulate(spec, question, call_key, number)
        if said.latency_s > 0:
            await asyncio.sleep(said.latency_s)
        kind = said.failure_kind
        reply = None
        if kind is not None and kind not in UNUSABLE:
            tries.note(AttemptFailed(kind, "a simulated fault"), 0.0, said.latency_s)
        else:
            kind = kind or reply_kind(said.text, said.finish_reason)
            reply = Reply(
                said.text,
                said.finish_reason,
                spec.model,
                said.prompt_tokens,
                said.completion_tokens,
                kind=kind,
            )
            tries.note(reply, 0.0, said.latency_s)
        if not backoff.again(tries.kinds(), spec.max_attempts):
            return tries.outcome(reply)


def _tokens(reply: Reply) -> float | None:
    if reply.prompt_tokens is None:
        return None
    return float(reply.prompt_tokens + (reply.completion_tokens or 0))
