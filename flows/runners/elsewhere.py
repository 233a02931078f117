"""The task that works a shard in another process."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.settings import get_current_settings
from prefect.states import Crashed

from flows.runners.dask import begun_before
from flows.secret_blocks import secret_block
from schemas.errors import Mistake
from tasks.shards import state_of
from tasks.stages.sent import ReturnedShard, returned, unpacked, worker_name

#: The address of the server of Prefect that this process tells of tasks, once it has told one.
_TOLD: set[str] = set()


@task(name="shard", task_run_name="{place} {number} of {total}", cache_policy=NO_CACHE)
def work_shard_elsewhere(
    packed: bytes, shard: str, place: str, number: int, total: int
) -> State[ReturnedShard]:
    """Work a shard that was sent; the state's data is what came of it.

    The task is failed where units of the shard failed.

    Args:
        packed: The shard.
        shard: What no other shard is called that was ever sent.
        place: Study, stage and step, for the task's name.
        number: Number of the shard, from 1.
        total: How many shards the step has.

    Raises:
        Mistake: Something that the user can mend; it says which worker found it.
    """
    tell_the_server_of_this_run()
    if begun_before(shard):
        return Crashed(message="its worker died; the run sends its units again")
    try:
        came = asyncio.run(returned(unpacked(packed), secret_block))
    except Mistake as mistake:
        raise _told_by_worker(mistake) from mistake
    return state_of(came.counts, data=came)


def tell_the_server_of_this_run() -> None:
    """Have what becomes of tasks told to the server of the run that sent the shard.

    Settings come with each shard, but Prefect goes on telling the server that a process told first.
    A worker that stands outlives runs and their servers.
    """
    server = str(get_current_settings().api.url)
    if _TOLD - {server}:
        EventsWorker.drain_all(timeout=0)
        _TOLD.clear()
    _TOLD.add(server)


def _told_by_worker(mistake: Mistake) -> Mistake:
    details: dict[str, Any] = mistake.details
    place = ": ".join(filter(None, dict.fromkeys((worker_name(), details["place"]))))
    return Mistake(**{**details, "place": place})
