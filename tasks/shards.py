"""Shards: the pieces of a step that Prefect sees as tasks.

This is the only module outside ``flows`` that imports Prefect, and it holds no logic of a stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.gateway import Gateway
from schemas.unit import AnyUnit, Result
from tasks.stages import working
from tasks.stages.base import AnyStep

if TYPE_CHECKING:
    import polars as pl

#: The gateway of the run that is going on in this process.
gateway_in_use: ContextVar[Gateway] = ContextVar("gateway_in_use")


@dataclass(frozen=True)
class Shard:
    """Units that are worked together, with the rows that they need."""

    step: AnyStep
    units: Sequence[AnyUnit]
    rows: Mapping[str, pl.DataFrame]


@task(name="shard", task_run_name="{step} {number} of {total}", cache_policy=NO_CACHE)
async def results_of(shard: Shard, step: str, number: int, total: int) -> list[Result]:
    """What working a shard gave, one result a unit.

    Args:
        shard: The units; pass it quoted, so that Prefect does not look into it.
        step: Name of the step, for the task's name.
        number: Number of the shard, from 1.
        total: How many shards the step has.
    """
    return await working.results_of(shard.step, shard.units, shard.rows, gateway_in_use.get())


def shards_of(units: Sequence[AnyUnit], size: int, most: int = 200) -> list[Sequence[AnyUnit]]:
    """Units cut into shards of a size, but into no more shards than ``most``.

    Example:
        >>> [len(shard) for shard in shards_of(range(10), size=4)]
        [4, 4, 2]
        >>> len(shards_of(range(10_000), size=4, most=100))
        100
    """
    width = max(size, -(-len(units) // most), 1)
    return [units[start : start + width] for start in range(0, len(units), width)]
