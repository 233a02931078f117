"""Has a worker tell the Prefect server of each run what it does for that run.

A worker that stands works shards of several runs, also at a time, which several servers may record.
Settings come with each shard. Prefect keeps one connection for events of a process, though, and
so tells all of them to the server of the first.
"""

from __future__ import annotations

from typing import Any

from prefect._internal.concurrency.services import QueueService
from prefect.events.clients import PrefectEventsClient
from prefect.events.worker import EventsWorker, emit_events_to_cloud
from prefect.settings import get_current_settings

_of_process: Any = EventsWorker.instance


def _of_server(client_type: Any = None) -> Any:
    """What tells events to the server that is in use here and now."""
    address = get_current_settings().api.url
    if client_type is not None or address is None or emit_events_to_cloud():
        return _of_process(client_type)
    make: Any = QueueService.instance
    return make.__func__(EventsWorker, PrefectEventsClient, (("api_url", str(address)),))


def tell_each_server() -> None:
    """From now on, this process tells events to the server of the run that they belong to."""
    EventsWorker.instance = _of_server  # type: ignore[method-assign]
