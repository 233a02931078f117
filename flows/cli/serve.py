"""``agora serve``: runs deployments from this process, for those who want no pool and no worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flows.cli.ending import told_to_end
from flows.cli.terminal import say
from flows.deployments.plans import CronSchedule, study_plan


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
    plans = [study_plan(one, warehouse, allowed=allowed, schedule=schedule) for one in studies]

    from flows.deployments.serving import open_plans, serve

    # A name of their own keeps them from taking the place of deployments that workers run.
    plans = [replace(plan, name=f"{plan.name}-served") for plan in plans] or open_plans(warehouse)
    say("serving, until you press Ctrl-C:")
    for plan in plans:
        say(f"  prefect deployment run {plan.full_name}")
    with told_to_end("Ended. Schedules are paused until you serve them again.") as ending:
        ending.result(serve(plans))
