"""The task that works a shard in another process."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Crashed

from flows.runners.dask import begun_before
from flows.runners.telling import tell_each_server
from flows.secret_blocks import secret_block
from schemas.errors import Mistake
from tasks.shards import mistaken, state_of
from tasks.stages.sent import ReturnedShard, returned, unpacked, worker_name


class ShardName:
    """What no other shard is called that was ever sent.

    Where it arrives, Prefect is prepared for shards of runs that several servers record, which is
    before Prefect begins the task.

    Args:
        name: The name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return arrived, (self.name,)


def arrived(name: str) -> ShardName:
    """The name of a shard that arrives at a worker."""
    tell_each_server()
    return ShardName(name)


@task(name="shard", task_run_name="{place} {number} of {total}", cache_policy=NO_CACHE)
def work_shard_elsewhere(
    packed: bytes, shard: ShardName, place: str, number: int, total: int
) -> State[ReturnedShard]:
    """Work a shard that was sent; the state's data is what came of it.

    The task is failed where units of the shard failed.

    Where it is a mistake, it says which worker found it.

    Args:
        packed: The shard.
        shard: Its name.
        place: Study, stage and step, for the task's name.
        number: Number of the shard, from 1.
        total: How many shards the step has.
    """
    if begun_before(shard.name):
        return Crashed(message="its worker died; the run sends its units again")
    try:
        came = asyncio.run(returned(unpacked(packed), secret_block))
    except Mistake as mistake:
        return mistaken(_told_by_worker(mistake))
    return state_of(came.counts, data=came)


def _told_by_worker(mistake: Mistake) -> Mistake:
    details: dict[str, Any] = mistake.details
    place = ": ".join(filter(None, dict.fromkeys((worker_name(), details["place"]))))
    return Mistake(**{**details, "place": place})
