"""Serves deployments from this process, without a work pool or a worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import aserve

from flows.deployments.deploying import FLOWS, make_limit, runner_deployment, server
from flows.deployments.plans import DeploymentPlan


def open_plans(warehouse: Path) -> list[DeploymentPlan]:
    """A deployment of each flow, whose parameters are given when it is triggered."""
    request = {"warehouse": str(warehouse.resolve())}
    return [
        DeploymentPlan(flow=name, name="served", request=request, about=flow.description or "")
        for name, flow in FLOWS.items()
    ]


async def serve(plans: Sequence[DeploymentPlan]) -> None:
    """Serve until this process is told to end; schedules are paused then.

    Raises:
        Mistake: No server is configured, none answers, or it does not let this user in.
    """
    async with server() as client:
        for plan in plans:
            await make_limit(client, plan)
        served = [await runner_deployment(plan) for plan in plans]
        await aserve(*served, print_starting_message=False)
