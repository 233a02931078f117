"""Puts deployments on a Prefect server, with the pool and the limit that they need."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule as PrefectCronSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.schedules import Cron
from prefect.settings import get_current_settings
from prefect.types.entrypoint import EntrypointType

from flows.data import run_import, run_report, run_sample
from flows.deployments.plans import CronSchedule, DeploymentPlan, FlowName
from flows.maintenance import run_maintenance
from flows.server import refuse_unreachable
from flows.settings import AUTH, URL
from flows.study import run_study
from schemas.errors import Mistake

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

FLOWS: dict[FlowName, Flow[Any, Any]] = {
    "agora-study": run_study,
    "agora-import": run_import,
    "agora-report": run_report,
    "agora-sample": run_sample,
    "agora-maintenance": run_maintenance,
}


#: A server that is starting is waited for so long.
STARTING_S = 60.0


@dataclass(frozen=True)
class Deployed:
    """What is on the server after a deployment.

    Attributes:
        plan: The deployment.
        pool: Its work pool, with the pool's type.
        new_pool: Whether the pool was made for it.
        new_limit: Whether its concurrency limit was.
        schedules: The schedules that it has there.
    """

    plan: DeploymentPlan
    pool: tuple[str, str]
    new_pool: bool
    new_limit: bool
    schedules: tuple[CronSchedule, ...]


async def deploy(plan: DeploymentPlan, pool: str) -> Deployed:
    """Deploy to a work pool; what is there already is brought up to date.

    Args:
        plan: The deployment.
        pool: The work pool; made for processes if there is none of this name.

    Raises:
        Mistake: No server is configured, none answers, or it does not let this user in.
    """
    async with server() as client:
        new_pool = await _make_pool(client, pool)
        new_limit = await make_limit(client, plan)
        identifier = await (await runner_deployment(plan, pool)).aapply()
        held = await client.read_deployment(identifier)
        kind = (await client.read_work_pool(pool)).type
    schedules = tuple(
        CronSchedule(one.schedule.cron, one.schedule.timezone or "UTC", one.active)
        for one in held.schedules
        if isinstance(one.schedule, PrefectCronSchedule)
    )
    return Deployed(plan, (pool, kind), new_pool, new_limit, schedules)


async def runner_deployment(plan: DeploymentPlan, pool: str | None = None) -> RunnerDeployment:
    """The deployment as Prefect takes it, for a work pool or to be served."""
    when = plan.schedule
    return await FLOWS[plan.flow].ato_deployment(
        plan.name,
        schedule=Cron(when.cron, timezone=when.timezone, active=when.active) if when else None,
        parameters={"request": plan.request},
        description=plan.about,
        tags=list(plan.tags),
        work_pool_name=pool,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


async def make_limit(client: PrefectClient, plan: DeploymentPlan) -> bool:
    """Whether the limit that a deployment names was made; one that is there stays as it is."""
    if (name := plan.request.get("limit")) is None:
        return False
    try:
        await client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        limit = GlobalConcurrencyLimitCreate(name=name, limit=1)
        await client.create_global_concurrency_limit(limit)
        return True
    return False


async def _make_pool(client: PrefectClient, name: str) -> bool:
    """Whether a work pool was made; one that is there stays as it is."""
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        await client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        return True
    return False


async def _wait_for_server(client: PrefectClient) -> None:
    """Wait a while for a server that may have been started just now.

    Raises:
        Mistake: It does not answer.
    """
    until = time.monotonic() + STARTING_S
    while isinstance(await client.api_healthcheck(), httpx.ConnectError):
        if time.monotonic() > until:
            break
        await asyncio.sleep(1)
    refuse_unreachable()


@asynccontextmanager
async def server() -> AsyncIterator[PrefectClient]:
    """A client of the Prefect server that is configured.

    Raises:
        Mistake: None is, it does not answer, or it does not let this user in.
    """
    if get_current_settings().api.url is None:
        raise Mistake(
            what="no Prefect server is configured, and deployments live on one",
            place=URL,
            found="nothing",
            expected="the address of a server",
            fix=f"start one: prefect server start; then: export {URL}=http://127.0.0.1:4200/api",
        )
    try:
        async with get_client() as client:
            await _wait_for_server(client)
            yield client
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.UNAUTHORIZED:
            raise
        raise Mistake(
            what="the Prefect server does not let you in",
            place=URL,
            found=str(error.request.url),
            expected="the secret of the server",
            fix=f"export {AUTH}=...",
        ) from None
