"""Works units: what every step leaves to the runner is done here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemas.failures import UnitCounts
from schemas.gateway import NO_CREDIT, Gateway
from schemas.unit import AnyUnit, Failure, Result, UnitFailed
from tasks.concurrency import gather_all
from tasks.models.accounts import AccountEmpty
from tasks.models.budget import BudgetSpent
from tasks.stages.base import AnyStep

if TYPE_CHECKING:
    import polars as pl

#: Kinds of the failures of units that the budget stopped, or that an account without credit did;
#: they are no failures of the units' own, and are left for the next run.
BUDGET, UNPAID = "budget", "unpaid"
LEFT = frozenset({BUDGET, UNPAID})

#: Takes the result of a unit over as soon as it is there.
Take = Callable[[Result], Awaitable[None]]


class Slots:
    """Units that are worked at once: so many and no more, in the order in which they come.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._free = asyncio.Semaphore(size)
        self._waiting = 0
        self.closed = False
        self._all_begun = asyncio.Event()
        self._all_begun.set()

    def close(self) -> None:
        """Let no further unit begin; those that wait end without a result."""
        self.closed = True

    def announce(self, count: int) -> None:
        """Say that units are coming; each takes a slot by ``async with``."""
        self._waiting += count
        if self._waiting:
            self._all_begun.clear()

    async def __aenter__(self) -> None:
        await self._free.acquire()
        self._waiting -= 1
        if not self._waiting:
            self._all_begun.set()

    async def __aexit__(self, *error: object) -> None:
        self._free.release()

    async def free(self) -> None:
        """Wait until all units that were announced have begun, and one more could."""
        await self._all_begun.wait()
        async with self._free:
            return


async def work_units(
    step: AnyStep,
    units: Sequence[AnyUnit],
    rows: Mapping[str, pl.DataFrame],
    gateway: Gateway,
    slots: Slots,
    take: Take,
) -> UnitCounts:
    """Work units, each as soon as there is a slot, and hand over each result when it is there.

    Units that did not begin, or that are left for the next run, are no part of the counts.

    Args:
        step: Their step.
        units: The units, announced to the slots.
        rows: What the step reads for them, by table.
        gateway: The way to models.
        slots: How many units are worked at once.
        take: Takes the results over.

    Returns:
        How the units ended.
    """
    prepared = step.prepare(units, rows)
    counts = UnitCounts()

    async def worked(unit: AnyUnit) -> None:
        async with slots:
            if slots.closed:
                return
            # In the slot, so that results never pile up faster than they are taken.
            result = await result_of(step, unit, prepared, gateway)
            await take(result)
            if result.failure is None or result.failure.kind not in LEFT:
                counts.count(result.failure)

    await gather_all(worked(unit) for unit in units)
    return counts


async def results_of(
    step: AnyStep, units: Sequence[AnyUnit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
) -> list[Result]:
    """What working some units gave, in their order; see :func:`work_units`."""
    found: dict[str, Result] = {}

    async def take(result: Result) -> None:
        found[result.unit.key] = result

    slots = Slots(len(units) + 1 if step.concurrent else 1)
    slots.announce(len(units))
    await work_units(step, units, rows, gateway, slots, take)
    return [found[unit.key] for unit in units]


async def result_of(step: AnyStep, unit: AnyUnit, prepared: Any, gateway: Gateway) -> Result:
    """What working one unit gave: its rows with those of its calls, or why there are none.

    Args:
        step: Its step.
        unit: The unit.
        prepared: What the step prepared for the units of the shard.
        gateway: The way to models; hands over what it recorded for the unit.
    """
    failure = None
    try:
        rows = await step.work(unit, prepared, gateway)
    except UnitFailed as failed:
        rows, failure = failed.rows, failed.failure
    except BudgetSpent as spent:
        rows, failure = {}, Failure(BUDGET, spent.message())
    except AccountEmpty as empty:
        rows, failure = {}, Failure(UNPAID, empty.message())
    recorded = gateway.rows(unit.key) if step.asks is not None else {}
    calls = {table: found for table, found in recorded.items() if found}
    if failure is not None and failure.kind == UNPAID and _found_unpaid(recorded):
        failure = Failure(NO_CREDIT, failure.message)
    return Result(unit, {**rows, **calls}, failure)


def _found_unpaid(recorded: Mapping[str, Sequence[Mapping[str, Any]]]) -> bool:
    """Whether a unit's own calls found that an account has no credit left: the unit failed then."""
    return any(call["error_kind"] == NO_CREDIT for call in recorded.get("calls", ()))
