"""Dask clusters: one on this machine, or the one at an address."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from flows.runners.cluster import Cluster, missing_extra
from schemas.errors import Mistake

#: A scheduler is waited for so long, and the first worker of a cluster that starts them on demand.
ANSWER_S = 10.0
FIRST_WORKER_S = 120.0
#: What a worker imports for its first shard, which takes seconds, while the run still plans.
FIRST_SHARD = "flows.runners.elsewhere"
#: Nobody else on this machine is told what a local cluster does, and a shard whose worker dies
#: comes back to the run, which knows what may be spent on it again.
LOCAL = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.preload": [__name__],
}


def dask_setup(worker: Any) -> None:
    """Have a worker of a local cluster leave Ctrl-C, which reaches it too, to the run.

    Dask calls it in a new worker. A worker that ended by itself would not be started again, and a
    run that does not heed Ctrl-C, as under ``nohup``, would wait for it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class DaskCluster:
    """A Dask cluster; see :class:`flows.runners.cluster.Cluster`."""

    def __init__(self, client: Any, task_runner: Any, at_once: int) -> None:
        self.task_runner = task_runner
        self.at_once = at_once
        self._client = client

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that a worker died with its shard."""
        from distributed import KilledWorker

        return isinstance(error, KilledWorker)

    def was_begun(self, shard: str) -> bool:
        """Whether a worker began a shard."""
        return bool(_begun(shard, self._client).is_set())

    def forget(self, shard: str) -> None:
        """Keep nothing more about a shard."""
        _begun(shard, self._client).clear()

    def cancel(self, future: Any) -> None:
        """Have a shard not begun; one that was begun goes on until its worker ends."""
        future.wrapped_future.cancel()


@contextmanager
def open_dask(address: str | None, workers: int | None) -> Iterator[Cluster]:
    """A Dask cluster: the one at an address, or one of processes on this machine.

    Args:
        address: Address of its scheduler.
        workers: Shards worked at once; unless given, one per thread of a cluster that is there, or
            one per core of this machine.

    Raises:
        Mistake: Dask is not installed, nobody answers, or there are no workers.
    """
    try:
        import dask
        import distributed
        from distributed.security import Security
        from prefect_dask import DaskTaskRunner
    except ImportError as error:
        raise missing_extra("dask") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters, the run says itself
    if address is None:
        security = Security.temporary()  # else any user of this machine could send work
        workers = workers or os.cpu_count() or 1
        with dask.config.set(LOCAL):
            local = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                security=security,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
            )
        client_options = {"security": security}
        with local, distributed.Client(local, set_as_default=False) as client:
            runner = DaskTaskRunner(address=local.scheduler_address, client_kwargs=client_options)
            warming = _warming(client)
            yield DaskCluster(client, runner, workers)
            del warming
        return
    with _connected(address) as client:
        runner = DaskTaskRunner(address=address)
        yield DaskCluster(client, runner, workers or _threads(client, address))


def _warming(client: Any) -> list[Any]:
    """Have every worker import what shards need; it goes on while somebody holds this."""
    found = client.scheduler_info(n_workers=-1)["workers"]
    return [
        client.submit(import_module, FIRST_SHARD, workers=[worker], pure=False) for worker in found
    ]


def begun_before(shard: str) -> bool:
    """Whether another worker of a Dask cluster began a shard; from now on, this one has.

    Dask gives what a worker had that died to another one. It does not know what was spent on it.
    """
    if "distributed" not in sys.modules:
        return False
    from distributed import get_client, get_worker

    try:
        get_worker()
    except ValueError:
        return False
    begun = _begun(shard, get_client())
    if begun.is_set():
        return True
    begun.set()
    return False


def _begun(shard: str, client: Any) -> Any:
    from distributed import Event

    return Event(f"agora-begun-{shard}", client=client)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    import distributed

    try:
        client = distributed.Client(address, timeout=ANSWER_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise Mistake(
            what="no Dask scheduler answers",
            place="run: address",
            found=f"{address}: {error}",
            expected="the address of a scheduler that is running, such as tcp://node1:8786",
            fix="start it with: dask scheduler; or leave the address out to start a cluster here",
        ) from error
    with client:
        yield client


def _threads(client: Any, address: str) -> int:
    """Threads of all workers, of which there must be one.

    Raises:
        Mistake: There is none for too long.
    """
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_S)
    except TimeoutError as error:
        raise Mistake(
            what="the Dask cluster has no workers",
            place="run: address",
            found=address,
            expected=f"at least one worker within {FIRST_WORKER_S:.0f} s",
            fix=f"start some with: dask worker {address}; for a cluster that starts workers on "
            "demand, say how many shards to send at once: run: {workers: N}",
        ) from error
    return sum(one["nthreads"] for one in client.scheduler_info(n_workers=-1)["workers"].values())
