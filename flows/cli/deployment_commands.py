"""The commands that have Prefect run studies: on a schedule, from its UI, by a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import (
    UPKEEP,
    AfterCommand,
    AllowPath,
    StageNames,
    allowed_of,
    present,
    stages_of,
    warehouse_of,
)

POOL = "agora"

Cron = Annotated[
    str | None,
    typer.Option(help='When it runs by itself, as cron writes it: "0 2 * * *" is 02:00 every day.'),
]
Timezone = Annotated[str, typer.Option(help="Time zone of the schedule, such as Europe/Berlin.")]
Active = Annotated[
    bool, typer.Option("--active", help="Start the schedule now. It is paused otherwise.")
]


def deploy(
    context: typer.Context,
    study: Annotated[
        Path | None,
        typer.Argument(
            metavar="STUDY.yaml",
            callback=lambda path: path and present([path]) and path,
            help="The study file.",
        ),
    ] = None,
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="Deploy the warehouse's maintenance instead.")
    ] = False,
    stage: StageNames = None,
    export: Annotated[
        list[str] | None,
        typer.Option(
            help="With --maintenance: export this study too, into the folder archives. "
            "Repeat the option for several studies.",
        ),
    ] = None,
    cron: Cron = None,
    timezone: Timezone = "UTC",
    active: Active = False,
    pool: Annotated[str, typer.Option(help="Work pool; made if there is none.")] = POOL,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Deploy a study to a Prefect server, where it is scheduled, triggered and watched."""
    from flows.settings import apply_defaults

    apply_defaults()
    from flows.cli.deploy import deploy_and_say, planned, schedule_of

    schedule = schedule_of(cron, timezone, active=active)
    plan = planned(
        study,
        warehouse_of(context),
        maintenance=maintenance,
        stages=stages_of(stage),
        exported=export or (),
        allowed=allowed_of(context),
        schedule=schedule,
    )
    deploy_and_say(plan, pool)


def serve(
    context: typer.Context,
    studies: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[STUDY.yaml]...",
            callback=present,
            help="Study files; every flow if there is none.",
        ),
    ] = None,
    cron: Cron = None,
    timezone: Timezone = "UTC",
    active: Active = False,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Deploy studies and run them in this process: no work pool, no worker, no YAML."""
    from flows.settings import apply_defaults

    apply_defaults(quiet=False)  # what is logged by the runs that this process starts is kept
    from flows.cli.deploy import schedule_of
    from flows.cli.serve import serve_and_say

    schedule = schedule_of(cron, timezone, active=active)
    serve_and_say(studies or [], warehouse_of(context), allowed_of(context), schedule)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command("deploy", rich_help_panel=UPKEEP)(deploy)
    app.command("serve", rich_help_panel=UPKEEP)(serve)
