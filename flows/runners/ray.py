"""Ray clusters: one on this machine, or the one at an address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flows.runners.cluster import Cluster, missing_extra
from schemas.errors import Mistake


class RayCluster:
    """A Ray cluster; see :class:`flows.runners.cluster.Cluster`."""

    def __init__(self, task_runner: Any, at_once: int) -> None:
        self.task_runner = task_runner
        self.at_once = at_once

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that a worker died with its shard."""
        from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

        return isinstance(error, WorkerCrashedError | NodeDiedError | OutOfMemoryError)

    def was_begun(self, shard: str) -> bool:
        """Whether a worker began a shard; Ray does not say, so it is taken for begun."""
        return True

    def forget(self, shard: str) -> None:
        """Nothing is kept."""

    def cancel(self, future: Any) -> None:
        """Have a shard not worked any further."""
        import ray

        ray.cancel(future.wrapped_future)


@contextmanager
def open_ray(address: str | None, workers: int | None) -> Iterator[Cluster]:
    """A Ray cluster: the one at an address, or one of processes on this machine.

    Args:
        address: Its address, such as ``ray://head:10001``.
        workers: Shards worked at once; unless given, one per processor of the cluster.

    Raises:
        Mistake: Ray is not installed, or nobody answers.
    """
    try:
        import ray
        from prefect_ray import RayTaskRunner
        from prefect_ray.context import remote_options
    except ImportError as error:
        raise missing_extra("ray") from error
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    here = {"num_cpus": workers or os.cpu_count() or 1, "include_dashboard": False}
    try:
        ray.init(address=address, **quiet) if address else ray.init("local", **here, **quiet)
    except (ConnectionError, OSError, TimeoutError, ValueError) as error:
        raise Mistake(
            what="no Ray cluster answers",
            place="run: address",
            found=f"{address}: {error}",
            expected="the address of a cluster that is running, such as ray://head:10001",
            fix="start it with: ray start --head; or leave the address out to start one here",
        ) from error
    try:
        # A shard whose worker dies comes back to the run, which knows what may be spent again.
        with remote_options(max_retries=0, num_cpus=1):
            at_once = workers or int(ray.cluster_resources().get("CPU", 1))
            yield RayCluster(RayTaskRunner(address=address), at_once)
    finally:
        ray.shutdown()
