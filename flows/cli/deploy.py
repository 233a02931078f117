"""``agora deploy``: puts a study, or the maintenance of a warehouse, on a Prefect server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from flows.cli.terminal import say
from flows.deployments.plans import (
    CronSchedule,
    DeploymentPlan,
    checked_schedule,
    maintenance_plan,
    study_plan,
)
from schemas.errors import Mistake
from schemas.unit import Stage


def planned(
    study: Path | None,
    warehouse: Path,
    *,
    maintenance: bool,
    stages: Sequence[Stage],
    exported: Sequence[str],
    allowed: Sequence[Path],
    schedule: CronSchedule | None,
) -> DeploymentPlan:
    """What is to be deployed.

    Raises:
        Mistake: Neither or both of study and maintenance are asked for, an option belongs to the
            other, or the study does not load.
        Mistakes: The study file has mistakes in it.
    """
    if (study is None) != maintenance:
        raise Mistake(
            what="a deployment is of a study or of maintenance",
            place="STUDY.yaml, --maintenance",
            found="both" if maintenance else "neither",
            expected="one of them",
        )
    if stray := ("--stage" if stages else "") if maintenance else ("--export" if exported else ""):
        raise Mistake(
            what="this option does not apply",
            place=stray,
            found=f"a deployment of {'maintenance' if maintenance else 'a study'}",
            fix="leave it out",
        )
    if study is None:
        return maintenance_plan(warehouse, studies=exported, schedule=schedule)
    return study_plan(study, warehouse, stages=stages, allowed=allowed, schedule=schedule)


def schedule_of(cron: str | None, timezone: str, *, active: bool) -> CronSchedule | None:
    """The schedule that options describe, if they do.

    Raises:
        Mistake: It is none.
    """
    if cron is not None:
        return checked_schedule(cron, timezone, active=active)
    if active:
        raise Mistake(
            what="there is no schedule to start",
            place="--active",
            found="no --cron beside it",
            fix='say when: --cron "0 2 * * *"',
        )
    return None


def deploy_and_say(plan: DeploymentPlan, pool: str) -> None:
    """Deploy, and say what was made and how to go on.

    Raises:
        Mistake: The Prefect server cannot be used.
    """
    from flows.deployments.deploying import deploy

    done = asyncio.run(deploy(plan, pool))
    name, kind = done.pool
    say(f"deployed {plan.full_name}")
    for field in ("study", "warehouse", "stages", "studies", "archives"):
        if (given := plan.request.get(field)) is not None:
            _line(field, given if isinstance(given, str) else ", ".join(given))
    _line("pool", f"{name}, of type {kind}, {_made(done.new_pool)}")
    _line("limit", f"{plan.request['limit']}, {_made(done.new_limit)}")
    for schedule in done.schedules:
        state = "active" if schedule.active else "paused; resume it in the UI, or add --active"
        _line("schedule", f"{schedule.cron} ({schedule.timezone}), {state}")
    _line("worker", f"prefect worker start --pool {name}")
    _line("trigger", f"prefect deployment run {plan.full_name}")


def _made(new: bool) -> str:
    return "made for it" if new else "which was there"


def _line(name: str, value: str) -> None:
    say(f"  {name + ':':<11} {value}")
