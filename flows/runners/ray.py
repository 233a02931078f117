"""Ray clusters: one on this machine, or the one at an address."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from flows.reaching import reach
from flows.runners.cluster import Cluster, missing_extra
from schemas.errors import Mistake

#: Characters that are quoted of what Ray says.
LONGEST = 200
#: Ray's own settings of who may send work to a cluster; read in the processes that it starts, too.
TOKENS = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")
SILENT = {"log_to_driver": False, "logging_level": "CRITICAL"}
#: Ray names sockets in its folder, and a socket's name may have about a hundred characters.
SHORT = "/tmp"


class RayCluster:
    """A Ray cluster; see :class:`flows.runners.cluster.Cluster`."""

    def __init__(self, task_runner: Any, at_once: int) -> None:
        self.task_runner = task_runner
        self.at_once = at_once

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that a worker died with its shard, or with what came of it."""
        from ray import exceptions as ray

        died = (ray.WorkerCrashedError, ray.NodeDiedError, ray.OutOfMemoryError)
        return isinstance(error, (*died, ray.ObjectLostError))

    def was_begun(self, shard: str) -> bool:
        """Whether a worker began a shard; Ray does not say, so it is taken for begun."""
        return True

    def forget(self, shard: str) -> None:
        """Nothing is kept."""

    def cancel(self, future: Any) -> None:
        """Have a shard not begun, or interrupted."""
        import ray

        if ray.is_initialized():  # else Ray would start a cluster here
            ray.cancel(future.wrapped_future)


@contextmanager
def open_ray(address: str | None, workers: int | None) -> Iterator[Cluster]:
    """A Ray cluster: the one at an address, or one of processes on this machine.

    Args:
        address: Its address, such as ``head:6379``.
        workers: Shards worked at once; unless given, one per processor of the cluster.

    Raises:
        Mistake: Ray is not installed, nobody answers, or there are no workers.
    """
    try:
        import ray
        from prefect_ray import RayTaskRunner
        from prefect_ray.context import remote_options
    except ImportError as error:
        raise missing_extra("ray") from error
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # what matters, the run says itself
    # Else Ray prints on standard output that a worker died.
    ray._private.worker._worker_logs_enabled = False
    with _connected(address) if address else _started(workers or os.cpu_count() or 1):
        at_once = workers or _processors(address)
        # A shard whose worker dies comes back: the run knows what may be spent on it again.
        with remote_options(max_retries=0, num_cpus=1):
            yield RayCluster(RayTaskRunner(address=address), at_once)


@contextmanager
def _started(workers: int) -> Iterator[None]:
    """A cluster on this machine, which takes work from this process only and ends with it."""
    import ray

    with tempfile.TemporaryDirectory(prefix="agora-ray-", dir=SHORT) as private, _own_token():
        try:
            with _signals_as_they_were():
                # Ray opens its folder to all users of the machine; the one around it is ours.
                folder = os.path.join(private, "ray")
                here = {"num_cpus": workers, "include_dashboard": False, "_temp_dir": folder}
                ray.init("local", **here, **SILENT)
            yield
        finally:
            ray.shutdown()


@contextmanager
def _connected(address: str) -> Iterator[None]:
    import ray

    try:
        reach(address)  # Ray itself would try for minutes
        with _signals_as_they_were():
            ray.init(address, **SILENT)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise Mistake(
            what="no Ray cluster answers, or it does not accept this user",
            place="run: address",
            found=f"{address}: {' '.join(str(error).split())[:LONGEST]}",
            expected="the address of a cluster that is running, such as head:6379",
            fix="start one with: ray start --head; or leave the address out to start one here",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _processors(address: str | None) -> int:
    """Processors of all workers, of which there must be one.

    Raises:
        Mistake: There is none.
    """
    import ray

    if found := int(ray.cluster_resources().get("CPU", 0)):
        return found
    raise Mistake(
        what="the Ray cluster has no workers",
        place="run: address",
        found=str(address),
        expected="at least one processor",
        fix="start some with: ray start --address; for a cluster that starts workers on demand, "
        "say how many shards to send at once: run: {workers: N}",
    )


@contextmanager
def _own_token() -> Iterator[None]:
    """A secret of this process, without which the processes that Ray starts take no work.

    They listen on all addresses of this machine.
    """
    before = {name: os.environ.get(name) for name in TOKENS}
    os.environ.update(zip(TOKENS, ("token", secrets.token_hex(32)), strict=True))
    try:
        _read_token_again()
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        _read_token_again()


def _read_token_again() -> None:
    """Have Ray, which may have read it before, see the environment as it is now."""
    inside: Any = import_module("ray._raylet")
    inside.Config.initialize("")
    inside.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _signals_as_they_were() -> Iterator[None]:
    """Keep Ray from deciding what happens when somebody ends this process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
