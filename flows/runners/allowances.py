"""What shards that are worked elsewhere may spend of the budget of a run.

A gateway elsewhere cannot look at the run's budget, so each shard leaves with an allowance, and the
allowances that are out never come to more than what is left. What a shard did not use comes back
with it. The allowance of a shard whose worker died is taken for spent, since nobody knows.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TypeVar

from tasks.models.budget import Budget

N = TypeVar("N", int, float)

#: An allowance that did not suffice is followed by one so many times as large.
GROWTH = 4


@dataclass(frozen=True)
class Allowance:
    """What one shard may spend; ``None`` for no limit.

    Attributes:
        usd: Dollars.
        calls: Calls.
        last: Whether it is all that is left, with no other allowance out.
    """

    usd: float | None = None
    calls: int | None = None
    last: bool = False

    def grown(self) -> Allowance:
        """What is wanted by a shard that this did not suffice.

        Example:
            >>> Allowance(usd=0.5, calls=3).grown()
            Allowance(usd=2.0, calls=12, last=False)
        """
        return Allowance(
            None if self.usd is None else self.usd * GROWTH,
            None if self.calls is None else self.calls * GROWTH,
        )


class Allowances:
    """Gives allowances out of a budget, and puts what was spent into it.

    Args:
        budget: The budget of the run.
        at_once: Shards that are worked at once, at most.
    """

    def __init__(self, budget: Budget, at_once: int) -> None:
        self._budget = budget
        self._at_once = at_once
        self._out: list[Allowance] = []
        self._changed = asyncio.Event()

    async def take(self, wanted: Allowance, *, again: bool) -> Allowance:
        """An allowance for one shard, when there is one to be given.

        A shard that is sent for the first time has an equal part of what is left, or less if it
        wants less. One that an allowance did not suffice waits until it can have what it wants, or
        until all that is left is there to be given.

        Args:
            wanted: What it will need at most, as far as that is known.
            again: Whether an allowance did not suffice it.
        """
        while True:
            usd, calls = self._left()
            idle = max(1, self._at_once - len(self._out)) if not again else 1
            offer = Allowance(
                _least(wanted.usd, None if usd is None else usd / idle),
                _least(wanted.calls, None if calls is None else math.ceil(calls / idle)),
            )
            last = not self._out
            enough = (offer.usd, offer.calls) == (wanted.usd, wanted.calls) if again else True
            if last or (enough and _is_some(offer)):
                whole = last and (again or not _is_some(offer))
                given = Allowance(usd, calls, last=True) if whole else offer
                self._out.append(given)
                return given
            self._changed.clear()
            await self._changed.wait()

    def settle(self, given: Allowance, spent_usd: float, spent_calls: int) -> None:
        """Take back an allowance of which so much was spent."""
        self._out.remove(given)
        self._budget.spent_usd += spent_usd
        self._budget.spent_calls += spent_calls
        self._changed.set()

    def write_off(self, given: Allowance) -> None:
        """Take an allowance for spent, since its worker died."""
        self.settle(given, given.usd or 0.0, given.calls or 0)

    def _left(self) -> tuple[float | None, int | None]:
        budget = self._budget
        usd = calls = None
        if budget.usd is not None:
            usd = max(0.0, budget.usd - budget.spent_usd - sum(one.usd or 0.0 for one in self._out))
        if budget.calls is not None:
            out = sum(one.calls or 0 for one in self._out)
            calls = max(0, budget.calls - budget.spent_calls - out)
        return usd, calls


def _least(wanted: N | None, offered: N | None) -> N | None:
    if offered is None:
        return None
    return offered if wanted is None else min(wanted, offered)


def _is_some(offer: Allowance) -> bool:
    """Whether there is anything in it, of every kind that is limited."""
    return offer.usd != 0 and offer.calls != 0
