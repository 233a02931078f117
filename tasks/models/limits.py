"""Limits on asking one model: calls in flight, requests and tokens per minute.

The number in flight adapts: it starts low, doubles while all goes well until the first refusal,
is cut to four fifths when the provider says it is too much, and recovers by one per round of
successes. Limits decide when a call is made, never what it says.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

from schemas.gateway import PAID
from schemas.study.models import ModelSpec

START = 16
CUT = 0.8
FLOOR = 2
_LEARNING = 0.2


class Account(NamedTuple):
    """Whom a provider counts requests against."""

    provider: str
    api_base: str | None
    model: str
    key: str | None


def account_of(spec: ModelSpec) -> Account:
    """The account that a model's calls count against."""
    provider, _, model = spec.model.partition("/")
    return Account(
        provider if model else "", spec.api_base, spec.model, spec.api_key_env or spec.api_key_block
    )


def part_of(spec: ModelSpec, parts: int) -> ModelSpec:
    """A model with its part of the declared limits, where several gateways ask it at once.

    Example:
        >>> shared = ModelSpec(model="openai/m", max_in_flight=64, requests_per_minute=90)
        >>> part_of(shared, 3).max_in_flight, part_of(shared, 3).requests_per_minute
        (21, 30.0)
    """
    if parts == 1:
        return spec
    rates = {name: getattr(spec, name) for name in ("requests_per_minute", "tokens_per_minute")}
    declared = {name: rate / parts for name, rate in rates.items() if rate is not None}
    in_flight = max(1, spec.max_in_flight // parts)
    return spec.model_copy(update={"max_in_flight": in_flight, **declared})


@dataclass(slots=True)
class Pace:
    """A steady rate per minute with a small burst: a bucket that refills.

    Attributes:
        per_minute: The rate.
        level: What the bucket holds now; below 0 means that others have drawn ahead.
        seen_s: When the level was last brought up to date.
    """

    per_minute: float
    level: float
    seen_s: float

    @classmethod
    def starting(cls, per_minute: float, now_s: float) -> Pace:
        """A bucket that allows a burst of one second's worth, one at least."""
        return cls(per_minute, max(1.0, per_minute / 60), now_s)

    def draw(self, amount: float, now_s: float) -> float:
        """Takes an amount; gives the seconds until it may be used.

        Example:
            >>> pace = Pace.starting(60, now_s=0.0)
            >>> pace.draw(1, 0.0), pace.draw(1, 0.0), pace.draw(1, 0.5)
            (0.0, 1.0, 1.5)
        """
        burst = max(1.0, self.per_minute / 60)
        self.level = min(burst, self.level + (now_s - self.seen_s) * self.per_minute / 60)
        self.seen_s = now_s
        short = max(0.0, amount - self.level) if self.level < amount else 0.0
        self.level -= amount
        return short * 60 / self.per_minute

    def give_back(self, amount: float) -> None:
        """Returns what was taken and not used; a negative amount takes more."""
        self.level += amount


class Pass(NamedTuple):
    """Admission of one request: the tokens of its prompt, about, and those counted for it."""

    prompt_tokens: float
    counted_tokens: float


class Limiter:
    """Admission to one model; shared by everything in the process that asks it.

    Args:
        spec: The model, with its limits.
        clock: Monotonic time in seconds.
    """

    def __init__(self, spec: ModelSpec, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.most = spec.max_in_flight
        self.allowed = float(min(START, self.most))
        self.in_flight = 0
        self.refusals = 0
        self._added_tokens = 0.0
        self._lessons = 0
        self._slow_start = True
        self._cut_at_s = float("-inf")
        self._paused_until_s = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._requests: Pace | None = None
        self._tokens: Pace | None = None
        self.tighten(spec)

    def tighten(self, spec: ModelSpec) -> None:
        """Takes over whatever limits of another declaration of the same model are lower."""
        now = self._clock()
        self.most = min(self.most, spec.max_in_flight)
        self.allowed = min(self.allowed, float(self.most))
        self._requests = _slower(self._requests, spec.requests_per_minute, now)
        self._tokens = _slower(self._tokens, spec.tokens_per_minute, now)

    async def enter(self, tokens: float) -> Pass:
        """Waits until a request of about so many tokens may be made.

        Args:
            tokens: Tokens of the prompt, about; what answers usually add is learnt.

        Returns:
            A pass to be handed to :meth:`done`.
        """
        if self.in_flight >= int(self.allowed) or self._waiting:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
        else:
            self.in_flight += 1
        given = Pass(tokens, tokens + self._added_tokens)
        try:
            await self._paced(given.counted_tokens)
        except BaseException:
            self._leave()
            raise
        return given

    async def _paced(self, tokens: float) -> None:
        now = self._clock()
        wait = self._paused_until_s - now
        if self._requests is not None:
            wait = max(wait, self._requests.draw(1.0, now))
        if self._tokens is not None:
            wait = max(wait, self._tokens.draw(tokens, now))
        if wait > 0:
            await asyncio.sleep(wait)

    def done(self, kind: str, given: Pass, tokens: float | None = None) -> None:
        """Gives the place back and learns from how the attempt ended.

        Args:
            kind: How it ended.
            given: What :meth:`enter` gave.
            tokens: What was used, if that is known.
        """
        if self._tokens is not None and tokens is not None:
            self._tokens.give_back(given.counted_tokens - tokens)
            self._lessons += 1
            rate = max(_LEARNING, 1 / self._lessons)
            added = max(0.0, tokens - given.prompt_tokens)
            self._added_tokens += rate * (added - self._added_tokens)
        if kind == "rate_limit":
            self._cut()
        elif kind in PAID:
            step = 1.0 if self._slow_start else 1.0 / max(self.allowed, 1.0)
            self.allowed = min(float(self.most), self.allowed + step)
        self._leave()

    def pause(self, seconds: float) -> None:
        """Makes no further request for a while, as the provider asked."""
        self._paused_until_s = max(self._paused_until_s, self._clock() + seconds)

    @property
    def paused_s(self) -> float:
        """Seconds until the next request may be made, where the provider asked to wait."""
        return max(0.0, self._paused_until_s - self._clock())

    def _cut(self) -> None:
        self.refusals += 1
        self._slow_start = False
        now = self._clock()
        if now - self._cut_at_s < 1.0:
            return  # the refusals of one burst count once
        self._cut_at_s = now
        self.allowed = max(float(min(FLOOR, self.most)), self.allowed * CUT)

    def _leave(self) -> None:
        self.in_flight -= 1
        while self._waiting and self.in_flight < int(self.allowed):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)


def _slower(pace: Pace | None, per_minute: float | None, now_s: float) -> Pace | None:
    if per_minute is None or (pace is not None and pace.per_minute <= per_minute):
        return pace
    return Pace.starting(per_minute, now_s)


_LIMITERS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Account, Limiter]] = (
    WeakKeyDictionary()
)


def limiter_of(spec: ModelSpec) -> Limiter:
    """The limiter of a model on the running event loop; the same for the same account."""
    held = _LIMITERS.setdefault(asyncio.get_running_loop(), {})
    account = account_of(spec)
    limiter = held.get(account)
    if limiter is None:
        limiter = held[account] = Limiter(spec)
    else:
        limiter.tighten(spec)
    return limiter


def limits_in_use(loop: asyncio.AbstractEventLoop) -> list[tuple[Account, Limiter]]:
    """The limiters of an event loop, for people to look at, also from another thread."""
    return list(_LIMITERS.get(loop, {}).items())
