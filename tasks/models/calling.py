"""One call: attempts within the limits until an answer comes or trying again is of no use."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from schemas.gateway import Message, Question
from schemas.study.models import ModelSpec
from tasks.models.faults import reply_kind
from tasks.models.limits import Limiter
from tasks.models.prices import Prices
from tasks.models.replies import Attempt, AttemptFailed, Outcome, Reply
from tasks.models.retry import Backoff
from tasks.models.sim.contract import Simulator

_JITTER = random.Random()  # decides when an attempt is made, never what it says
_ANSWERED = frozenset({"empty", "truncated", "refused"})
_TOKENS_PER_MESSAGE = 6
_CHARACTERS_PER_TOKEN = 3.5


def prompt_tokens_about(messages: tuple[Message, ...]) -> float:
    """Roughly how many tokens a prompt has, rather too many than too few."""
    characters = sum(len(message.text) for message in messages)
    return characters / _CHARACTERS_PER_TOKEN + _TOKENS_PER_MESSAGE * len(messages)


class Tries:
    """The attempts at one call, as they are made."""

    def __init__(self, prices: Prices, scrubbed: Callable[[str], str]) -> None:
        self._prices = prices
        self._scrubbed = scrubbed
        self._asked_at_s = time.time()
        self._cost_usd: float | None = 0.0
        self.made: list[Attempt] = []

    def failed(self, failure: AttemptFailed, waited_s: float, latency_s: float) -> None:
        """Records an attempt that gave no answer."""
        message = self._scrubbed(str(failure))
        self.made.append(Attempt(failure.kind, failure.status_code, message, waited_s, latency_s))

    def answered(self, reply: Reply, waited_s: float, latency_s: float) -> None:
        """Records an attempt that gave an answer, usable or not; it is paid for."""
        message = None if reply.kind == "ok" else f"the answer is {reply.kind}"
        self.made.append(Attempt(reply.kind, 200, message, waited_s, latency_s))
        cost = self._prices.cost_usd(reply.prompt_tokens, reply.completion_tokens)
        known = cost is not None and self._cost_usd is not None
        self._cost_usd = self._cost_usd + cost if known else None  # type: ignore[operator]

    def outcome(self, reply: Reply | None) -> Outcome:
        """What the call came to."""
        return Outcome(reply, tuple(self.made), self._cost_usd, self._asked_at_s)


async def called(
    spec: ModelSpec,
    attempt: Callable[[], Awaitable[Reply]],
    tries: Tries,
    *,
    limiter: Limiter,
    backoff: Backoff,
    tokens: float,
) -> Outcome:
    """What a call to a provider comes to.

    Args:
        spec: The model, for its time-out and its number of attempts.
        attempt: Makes one attempt.
        tries: Where attempts are recorded.
        limiter: Admission to the model.
        backoff: When to try again.
        tokens: About how many tokens a request has.
    """
    waited_s = 0.0
    number = 0
    while True:
        number += 1
        await limiter.enter(tokens)
        began = time.perf_counter()
        kind, reply, failure = "cancelled", None, None
        used: float | None = None
        try:
            async with asyncio.timeout(spec.attempt_timeout_s):
                reply = await attempt()
            kind = reply.kind
            used = _tokens(reply)
        except TimeoutError:
            kind = "timeout"
            failure = AttemptFailed(kind, f"no answer within {spec.attempt_timeout_s:g} s")
        except AttemptFailed as error:
            kind, failure = error.kind, error
            if kind == "rate_limit" and error.told_s:
                limiter.pause(min(error.told_s, backoff.longest_told_s))
        finally:
            limiter.done(kind, tokens, used)
        latency_s = time.perf_counter() - began
        if reply is not None:
            tries.answered(reply, waited_s, latency_s)
        elif failure is not None:
            tries.failed(failure, waited_s, latency_s)
        final = failure is not None and failure.final
        if not backoff.again(kind, number, spec.max_attempts, final):
            return tries.outcome(reply)
        waited_s = backoff.wait_s(number, failure.told_s if failure else None, _JITTER)
        await asyncio.sleep(waited_s)


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
        if kind is not None and kind not in _ANSWERED:
            tries.failed(AttemptFailed(kind, "a simulated fault"), 0.0, said.latency_s)
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
            tries.answered(reply, 0.0, said.latency_s)
        if not backoff.again(kind, number, spec.max_attempts):
            return tries.outcome(reply)


def _tokens(reply: Reply) -> float | None:
    if reply.prompt_tokens is None:
        return None
    return float(reply.prompt_tokens + (reply.completion_tokens or 0))
