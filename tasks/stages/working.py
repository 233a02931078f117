"""Works units: what every step leaves to the runner is done here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemas.gateway import Gateway
from schemas.unit import AnyUnit, Failure, Result, UnitFailed
from tasks.concurrency import gather_all
from tasks.models.budget import BudgetSpent
from tasks.stages.base import AnyStep

if TYPE_CHECKING:
    import polars as pl

#: Kind of the failure of a unit that the budget stopped; it is no failure of the unit's own.
BUDGET = "budget"


async def results_of(
    step: AnyStep,
    units: Sequence[AnyUnit],
    rows: Mapping[str, pl.DataFrame],
    gateway: Gateway,
) -> list[Result]:
    """What working some units gave, in their order.

    Args:
        step: Their step.
        units: The units.
        rows: What the step reads for them, by table.
        gateway: The way to models.
    """
    prepared = step.prepare(units, rows)
    if step.concurrent:
        return await gather_all(result_of(step, unit, prepared, gateway) for unit in units)
    return [await result_of(step, unit, prepared, gateway) for unit in units]


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
    recorded = gateway.rows(unit.key) if step.asks is not None else {}
    calls = {table: found for table, found in recorded.items() if found}
    return Result(unit, {**rows, **calls}, failure)
