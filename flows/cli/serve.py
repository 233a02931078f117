"""``agora serve``: runs deployments from this process, for those who want no pool and no worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from flows.cli.terminal import say
from flows.deployments.plans import CronSchedule, study_plan
from flows.settings import apply_defaults


def serve_and_say(
    studies: Sequence[Path],
    warehouse: Path,
    allowed: Sequence[Path],
    schedule: CronSchedule | None,
) -> None:
    """Serve studies, or every flow where no study is named, until this process is told to end.

    Raises:
        Mistake: A study does not load, or the Prefect server cannot be used.
        Mistakes: A study file has mistakes in it.
    """
    apply_defaults(quiet=False)
    plans = [study_plan(one, warehouse, allowed=allowed, schedule=schedule) for one in studies]

    from flows.deployments.serving import open_plans, serve

    plans = plans or open_plans(warehouse)
    say("serving, until you press Ctrl-C:")
    for plan in plans:
        say(f"  prefect deployment run {plan.full_name}")
    asyncio.run(serve(plans))
