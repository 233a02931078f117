"""The task that works a shard in another process."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.states import Crashed

from flows.runners.dask import begun_before
from flows.secret_blocks import secret_block
from schemas.errors import Mistake
from tasks.shards import mistaken, state_of
from tasks.stages.sent import ReturnedShard, returned, unpacked, worker_name

#: The address of the server of Prefect that this worker asks, once a shard has arrived.
_TOLD: set[str] = set()


class ShardName:
    """What no other shard is called that was ever sent.

    With it goes the address of Prefect's server. A worker that stands outlives runs and their
    servers; settings come with each shard, but Prefect goes on asking the server that a process
    asked first. So a worker lets go of that one when a shard of another arrives, which is before
    Prefect begins the task.

    Args:
        name: The name.
        server: Address of the server of the run.
    """

    def __init__(self, name: str, server: str) -> None:
        self.name = name
        self.server = server

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return arrived, (self.name, self.server)


def arrived(name: str, server: str) -> ShardName:
    """The name of a shard that arrives; this worker asks the server of its run from now on."""
    if _TOLD - {server}:
        # In a thread of its own, since this one may be that of an event loop.
        letting_go = threading.Thread(target=EventsWorker.drain_all, kwargs={"timeout": 0})
        letting_go.start()
        letting_go.join()
        _TOLD.clear()
    _TOLD.add(server)
    return ShardName(name, server)


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
