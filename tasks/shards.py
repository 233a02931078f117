"""Shards: the pieces of a step that Prefect sees as tasks.

This is the only module outside ``flows`` that imports Prefect, and it holds no logic of a stage.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from schemas.counts import counted
from schemas.errors import AgoraError
from schemas.failures import UnitCounts
from schemas.gateway import Gateway
from schemas.unit import AnyUnit, Failure
from tasks.stages.base import AnyStep
from tasks.stages.working import Slots, Take, work_units

if TYPE_CHECKING:
    import polars as pl

#: What a flow or a task does, now or later.
Work = TypeVar("Work", bound=Callable[..., Any])


def _tells_something(record: logging.LogRecord) -> bool:
    """Whether a line is none that Prefect adds about a failed state that a task returned.

    That one quotes the state, as the next line does again, and the traceback of no exception.
    """
    return record.exc_info != (None, None, None)


logging.getLogger("prefect.task_runs").addFilter(_tells_something)


def mistaken(error: AgoraError) -> State[Any]:
    """The state of a flow or task that ended with something that the user can mend."""
    lines = (" ".join(line.split()) for line in error.message().splitlines())
    return Failed(name="Mistake", message="; ".join(lines), data=error)


def telling_mistakes(work: Work) -> Work:
    """A flow or task whose state tells what the user can mend; Prefect logs no traceback of it.

    Whoever asks for its result is raised the error. What is a bug is raised, with its traceback.
    """

    @functools.wraps(work)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return work(*args, **kwargs)
        except AgoraError as error:
            return mistaken(error)

    @functools.wraps(work)
    async def told_later(*args: Any, **kwargs: Any) -> Any:
        try:
            return await work(*args, **kwargs)
        except AgoraError as error:
            return mistaken(error)

    return cast(Work, told_later if inspect.iscoroutinefunction(work) else told)


@dataclass(frozen=True)
class Shard:
    """Units that Prefect sees as one task, with the rows that they need.

    Attributes:
        step: Their step.
        units: The units.
        rows: What the step reads for them, by table.
        gateway: The way to models.
        slots: Units of the step that are worked at once.
        take: Takes over each result as soon as it is there.
        stored: Waits until what was taken over of some units is stored; says why some of them were
            refused then.
    """

    step: AnyStep
    units: Sequence[AnyUnit]
    rows: Mapping[str, pl.DataFrame]
    gateway: Gateway
    slots: Slots
    take: Take
    stored: Callable[[Sequence[AnyUnit]], Awaitable[Sequence[Failure]]]


@task(name="shard", task_run_name="{place} {number} of {total}", cache_policy=NO_CACHE)
@telling_mistakes
async def work_shard(shard: Shard, place: str, number: int, total: int) -> State[Any]:
    """Work a shard, whose rows are handed over on the way, and wait until they are stored.

    It is failed where units of it failed or their rows were refused.

    Args:
        shard: The units; pass it quoted, so that Prefect does not look into it.
        place: Study, stage and step, for the task's name.
        number: Number of the shard, from 1.
        total: How many shards the step has.
    """
    counts = await work_units(
        shard.step, shard.units, shard.rows, shard.gateway, shard.slots, shard.take
    )
    counts.refuse(await shard.stored(shard.units))
    return state_of(counts)


def state_of(counts: UnitCounts, data: Any = None) -> State[Any]:
    """The state of a task that worked a shard: failed where units of the shard failed.

    Args:
        counts: How its units ended.
        data: The state's data.
    """
    if counts.failures:
        n_failed = counted(len(counts.failures), "failed unit")
        return Failed(name=f"Completed with {n_failed}", message=counts.message(), data=data)
    return Completed(message=counts.message(), data=data)


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
