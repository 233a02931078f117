"""Prefect's concurrency limits, which keep runs apart that would do the same work twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.errors import Mistake


def limit_of(name: str) -> str:
    """The limit of all deployments of a study, or of what else has this name.

    Example:
        >>> limit_of("my-study")
        'agora-my-study'
    """
    return f"agora-{name}"


@asynccontextmanager
async def holding(limit: str | None) -> AsyncIterator[None]:
    """A context that holds a slot of a limit, and waits for one first; nothing if none is named.

    Prefect takes a limit that nobody created for no limit. Here it is a mistake.

    Args:
        limit: Name of a global concurrency limit on the Prefect server in use.

    Raises:
        Mistake: The server knows no such limit.
    """
    if limit is None:
        yield
        return
    from prefect.client.orchestration import get_client
    from prefect.concurrency.asyncio import concurrency
    from prefect.exceptions import ObjectNotFound
    from prefect.logging import get_run_logger

    async with get_client() as client:
        try:
            found = await client.read_global_concurrency_limit_by_name(limit)
        except ObjectNotFound:
            raise Mistake(
                what="the Prefect server has no such concurrency limit",
                place="request: limit",
                found=limit,
                expected="a limit that was created there, or none",
                fix=f"create it: prefect gcl create {limit} --limit 1",
            ) from None
    log, taken = get_run_logger(), found.active_slots >= found.limit
    if taken:
        log.info("waiting for a slot of the concurrency limit %s: another run holds it", limit)
    # A server that is away for a while must not end a run that has paid for answers.
    async with concurrency(limit, strict=True, raise_on_lease_renewal_failure=False):
        if taken:
            log.info("holding a slot of the concurrency limit %s", limit)
        yield
