"""How a run gets on, measured: for the terminal, for programs and for Prefect alike."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from pydantic import Field

from schemas.base import Record
from schemas.counts import counted
from schemas.unit import Stage
from tasks.models.limits import limits_in_use

if TYPE_CHECKING:
    from flows.planning import StepPlan
    from schemas.unit import Failure
    from tasks.models.estimate import Span
    from tasks.models.usage import Usage

#: Rates are those of so many seconds.
WINDOW_S = 30.0
#: Below it, rates and the time left are guesses, and are not told.
SETTLED_S = 2.0


class ModelLimits(Record):
    """How fast one model may be asked now."""

    model: str = Field(description="The model.")
    in_flight: int = Field(description="Requests that wait for their answer.")
    allowed: int = Field(description="Requests that may be in flight now.")
    refusals: int = Field(description="Requests that the provider refused for coming too fast.")
    paused_s: float = Field(description="Seconds until it may be asked again, as it asked for.")


class Snapshot(Record):
    """How a step of a run gets on."""

    study: str = Field(description="Name of the study.")
    version: str = Field(description="Its version.")
    stage: Stage = Field(description="The stage.")
    step: str = Field(description="The step of the stage.")
    title: str = Field(description="What its units are called.")
    units: int = Field(description="Units of the step.")
    held: int = Field(description="Units that were done before the run.")
    done: int = Field(description="Units that the run finished.")
    failed: dict[str, int] = Field(description="Units that the run tried and that failed, by kind.")
    calls: int = Field(description="Model calls of the run, all steps.")
    calls_per_s: float | None = Field(description="Calls per second, of late.")
    tokens: int = Field(description="Tokens of their prompts and answers.")
    cost_usd: float = Field(description="What they cost, as far as prices are known.")
    expected_usd: tuple[float, float] | None = Field(
        description="What the run will have cost at the end of the step, at least and at most; "
        "null where no price is known."
    )
    elapsed_s: float = Field(description="Seconds since the step began.")
    left_s: float | None = Field(description="Seconds until its end, at the rate of late.")
    limits: tuple[ModelLimits, ...] = Field(description="How fast each model may be asked now.")


class Meter:
    """Counts what a run does; whoever wants to know takes a snapshot, from any thread.

    Args:
        study: Name of the study.
        version: Its version.
        usage: What the run has asked and spent.
    """

    def __init__(self, study: str, version: str, usage: Usage) -> None:
        self._study = study
        self._version = version
        self._usage = usage
        self._loop = asyncio.get_running_loop()
        self._plan: StepPlan | None = None
        self._expected: Span | None = None
        self._n_held = self._n_done = 0
        self._failed: dict[str, str] = {}
        self._began_s = time.monotonic()
        self._seen: deque[tuple[float, int, int]] = deque()

    def begin(self, plan: StepPlan) -> None:
        """Begin to count the units of a step."""
        self._plan = plan
        self._expected = None
        self._n_held, self._n_done = len(plan.held), 0
        self._failed = {}
        self._began_s = time.monotonic()
        self._seen = deque([(self._began_s, self._usage.calls_asked, 0)])

    @property
    def expected(self) -> Span | None:
        """What the run will have cost at the end of the step."""
        return self._expected

    def expect(self, usd: Span) -> None:
        """Say what the step will cost from here to its end."""
        spent = self._usage.cost_usd
        self._expected = type(usd)(spent + usd.low, spent + usd.high)

    def count(self, key: str, failure: Failure | None) -> None:
        """Count a unit that ended; one that failed before and is done now has not failed."""
        if failure is None:
            self._n_done += 1
            self._failed.pop(key, None)
        else:
            self._failed[key] = failure.kind

    def refuse(self, key: str, failure: Failure) -> None:
        """Count a unit as failed that had ended well, but whose rows were refused."""
        self._n_done -= 1
        self._failed[key] = failure.kind

    def snapshot(self) -> Snapshot | None:
        """How the step that is being worked gets on; ``None`` before the first."""
        plan = self._plan
        if plan is None:
            return None
        usage, now_s = self._usage, time.monotonic()
        calls, ended = usage.calls_asked, self._n_done + len(self._failed)
        seen = self._seen
        seen.append((now_s, calls, ended))
        while len(seen) > 2 and now_s - seen[0][0] > WINDOW_S:
            seen.popleft()
        since_s, calls_then, ended_then = seen[0]
        during_s = now_s - since_s
        settled = now_s - self._began_s >= SETTLED_S and during_s > 0
        left = len(plan.units) - self._n_held - ended
        rate = (ended - ended_then) / during_s if settled else 0.0
        expected = self._expected
        return Snapshot(
            study=self._study,
            version=self._version,
            stage=plan.step.stage,
            step=plan.step.name,
            title=plan.step.title,
            units=len(plan.units),
            held=self._n_held,
            done=self._n_done,
            failed=dict(Counter(list(self._failed.values()))),
            calls=calls,
            calls_per_s=(calls - calls_then) / during_s if settled else None,
            tokens=usage.prompt_tokens + usage.completion_tokens,
            cost_usd=usage.cost_usd,
            expected_usd=(expected.low, expected.high) if expected else None,
            elapsed_s=now_s - self._began_s,
            left_s=max(left, 0) / rate if rate else None,
            limits=tuple(
                ModelLimits(
                    model=account.model,
                    in_flight=limiter.in_flight,
                    allowed=int(limiter.allowed),
                    refusals=limiter.refusals,
                    paused_s=limiter.paused_s,
                )
                for account, limiter in limits_in_use(self._loop)
            ),
        )


def in_parts(snapshot: Snapshot) -> list[str]:
    """What a snapshot says beside the units done, in short parts.

    Example:
        >>> parts = in_parts(Snapshot(
        ...     study="s", version="v", stage="codes", step="code", title="codings", units=9,
        ...     held=0, done=2, failed={"timeout": 1}, calls=1200, calls_per_s=12.34, tokens=45_600,
        ...     cost_usd=0.5, expected_usd=(1, 2.5), elapsed_s=60, left_s=75.0,
        ...     limits=(ModelLimits(model="openai/m", in_flight=3, allowed=4, refusals=2,
        ...                         paused_s=0),)))
        >>> parts[:4]
        ['1 failed (1 timeout)', '1,200 calls, 12.3/s', '45,600 tokens', '$0.50 of $1.00 to $2.50']
        >>> parts[4:]
        ['1:15 left', 'openai/m: 3 of 4 in flight, refused 2 times']
    """
    parts = []
    if snapshot.failed:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in snapshot.failed.items())
        parts.append(f"{sum(snapshot.failed.values()):,} failed ({kinds})")
    if snapshot.calls:
        rate = f", {snapshot.calls_per_s:.1f}/s" if snapshot.calls_per_s is not None else ""
        parts.append(f"{counted(snapshot.calls, 'call')}{rate}")
        parts.append(counted(snapshot.tokens, "token"))
    if snapshot.expected_usd is not None:
        low, high = snapshot.expected_usd
        parts.append(f"${snapshot.cost_usd:,.2f} of ${low:,.2f} to ${high:,.2f}")
    elif snapshot.cost_usd:
        parts.append(f"${snapshot.cost_usd:,.2f}")
    if snapshot.left_s is not None:
        parts.append(f"{clock(snapshot.left_s)} left")
    for one in snapshot.limits:
        refused = f", refused {counted(one.refusals, 'time')}" if one.refusals else ""
        paused = f", paused for {one.paused_s:.0f} s" if one.paused_s > 0 else ""
        parts.append(f"{one.model}: {one.in_flight} of {one.allowed} in flight{refused}{paused}")
    return parts


def clock(seconds: float) -> str:
    """A time span as clocks show it.

    Example:
        >>> clock(75), clock(3_700), clock(0.4)
        ('1:15', '1:01:40', '0:00')
    """
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
