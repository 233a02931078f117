"""Clusters: what works shards in place of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from flows.server import is_temporary
from flows.settings import URL
from schemas.errors import Mistake

if TYPE_CHECKING:
    from schemas.study.analysis import RunSpec


#: Addresses of clusters that studies may name, with commas between them.
ALLOWED = "AGORA_CLUSTERS"


class Cluster(Protocol):
    """Processes that work shards, reached through one of Prefect's task runners.

    Attributes:
        task_runner: Prefect's task runner, as flows are given it.
        at_once: Shards that are worked at once.
    """

    task_runner: Any
    at_once: int

    def lost(self, error: BaseException) -> bool:
        """Whether an error says that a worker died with its shard."""
        ...

    def was_begun(self, shard: str) -> bool:
        """Whether a worker began a shard."""
        ...

    def forget(self, shard: str) -> None:
        """Keep nothing more about a shard."""
        ...

    def cancel(self, future: Any) -> None:
        """Have a shard not worked any further, as far as that can be had."""
        ...


@contextmanager
def open_cluster(run: RunSpec) -> Iterator[Cluster | None]:
    """The cluster that a study names; ``None`` where this process works shards itself.

    One without an address is started on this machine, and ends with the context.

    Raises:
        Mistake: What it needs is not installed, its address is not one that studies may name,
            nobody answers there, or its workers could not reach Prefect's server.
    """
    if run.runner == "local":
        yield None
        return
    if run.address is not None:
        refuse_not_allowed(run.address)
        refuse_unreachable_server(run.address)
    from flows.runners.dask import open_dask
    from flows.runners.ray import open_ray

    opened = open_dask if run.runner == "dask" else open_ray
    with opened(run.address, run.workers) as cluster:
        yield cluster


def missing_extra(runner: str) -> Mistake:
    """Says how to install what a runner needs."""
    return Mistake(
        what=f"runner {runner} needs packages that are not installed",
        place="run: runner",
        found=runner,
        fix=f"pip install 'agora-lab[{runner}]', here and on every worker",
    )


def refuse_not_allowed(address: str) -> None:
    """Refuse a cluster that nobody but the study names.

    What a cluster sends is run by whoever connects to it, and a study may be somebody else's.

    Raises:
        Mistake: The environment does not allow it.
    """
    allowed = [one.strip() for one in os.environ.get(ALLOWED, "").split(",") if one.strip()]
    if address not in allowed:
        raise Mistake(
            what="the study names a cluster that it may not use",
            place="run: address",
            found=address,
            expected=f"one of {ALLOWED}: {', '.join(allowed) or 'none is set'}",
            fix=f"if you trust the cluster with what you may do on this machine: "
            f"export {ALLOWED}={address}",
        )


def refuse_unreachable_server(address: str) -> None:
    """Refuse a standing cluster whose workers could not tell Prefect's server what they do.

    The server that a run starts for itself ends with the run; workers that go on keep asking it.

    Raises:
        Mistake: No server is configured, or it listens on this machine only and workers do not.
    """
    server = os.environ.get(URL) or _configured()
    temporary = not server or is_temporary(server)
    if temporary or (on_this_machine(server) and not on_this_machine(address)):
        raise Mistake(
            what="the workers of a standing cluster need a Prefect server that they can reach",
            place="run: address",
            found=f"workers of {address}, and "
            + ("no server but the run's own" if temporary else f"Prefect's server at {server}"),
            expected="a server that goes on when the run ends, at an address that workers reach",
            fix="start one with: prefect server start --host 0.0.0.0; "
            f"and set {URL} to its address",
        )


def _configured() -> str:
    from prefect.settings import get_current_settings

    return str(get_current_settings().api.url or "")


def on_this_machine(address: str) -> bool:
    """Whether an address is one of loopback.

    Example:
        >>> on_this_machine("tcp://127.0.0.1:8786"), on_this_machine("node7:8786")
        (True, False)
    """
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
