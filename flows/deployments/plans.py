"""What is deployed: a flow, its parameters and its schedule, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from flows.deployments.limits import limit_of
from flows.estimating import questions, refuse_unpriced
from flows.planning import plans
from flows.requests import MaintenanceRequest, RunRequest
from flows.study_references import with_markets
from schemas.errors import Mistake
from schemas.unit import STAGES, Stage
from tasks.models.estimate import Planned
from tasks.stages.registry import steps
from tasks.studies.design import design
from tasks.studies.load import load_study
from warehouse.reader import reader_or_empty

FlowName = Literal[
    "agora-study", "agora-maintenance", "agora-import", "agora-report", "agora-sample"
]


#: Where exports go.
ARCHIVES = Path("archives")


@dataclass(frozen=True)
class CronSchedule:
    """When a deployment runs by itself.

    Attributes:
        cron: Five fields of cron.
        timezone: The time zone that they are in, by its IANA name.
        active: Whether it runs by itself from now on; else once somebody resumes it.
    """

    cron: str
    timezone: str = "UTC"
    active: bool = False


@dataclass(frozen=True)
class DeploymentPlan:
    """A deployment.

    Attributes:
        flow: The flow.
        name: Name of the deployment among those of the flow.
        request: The flow's parameter, as far as it is given; the rest is the flow's default.
        about: One sentence for the UI.
        schedule: When it runs by itself, if it does.
        tags: Tags of its runs.
    """

    flow: FlowName
    name: str
    request: dict[str, Any]
    about: str
    schedule: CronSchedule | None = None
    tags: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name by which Prefect knows it."""
        return f"{self.flow}/{self.name}"


def study_plan(
    study: Path,
    warehouse: Path,
    *,
    stages: Sequence[Stage] = (),
    allowed: Sequence[Path] = (),
    schedule: CronSchedule | None = None,
) -> DeploymentPlan:
    """The deployment of a study, or of some of its stages; every path in full.

    Raises:
        Mistake: The study cannot be loaded, or no run would begin: dollars are limited and a model
            that will be asked has no price that is known.
        Mistakes: The study file has mistakes in it.
    """
    loaded = load_study(study, allowed)

    def asked() -> Sequence[Planned]:
        resolved = design(with_markets(loaded.study, warehouse, loaded.path))
        with reader_or_empty(warehouse) as held:
            return questions(resolved, plans(resolved, held, steps()), held, stages or STAGES)

    refuse_unpriced(loaded.study, asked, loaded.study.run.budget_usd)
    name = loaded.study.name
    given: dict[str, Any] = {
        "study": study.resolve(),
        "warehouse": warehouse.resolve(),
        "limit": limit_of(name),
    }
    if stages:
        given["stages"] = tuple(stages)
    if allowed:
        given["allow_paths"] = tuple(folder.resolve() for folder in allowed)
    what = f"the stages {', '.join(stages)} of {name}" if stages else name
    return DeploymentPlan(
        flow="agora-study",
        name="-".join((name, *stages)),
        request=RunRequest(**given).model_dump(mode="json", exclude_unset=True),
        about=f"Runs {what}; what {warehouse.name} holds already is not done again.",
        schedule=schedule,
        tags=(name,),
    )


def maintenance_plan(
    warehouse: Path,
    *,
    studies: Sequence[str] = (),
    archives: Path = ARCHIVES,
    schedule: CronSchedule | None = None,
) -> DeploymentPlan:
    """The deployment of a warehouse's maintenance, with exports of some of its studies."""
    given: dict[str, Any] = {"warehouse": warehouse.resolve(), "limit": limit_of("maintenance")}
    if studies:
        given |= {"studies": tuple(studies), "archives": archives.resolve()}
    return DeploymentPlan(
        flow="agora-maintenance",
        name=warehouse.stem,
        request=MaintenanceRequest(**given).model_dump(mode="json", exclude_unset=True),
        about=f"Writes {warehouse.name} anew, without unused room, and exports studies.",
        schedule=schedule,
        tags=("maintenance",),
    )


def checked_schedule(cron: str, timezone: str, *, active: bool) -> CronSchedule:
    """A schedule that Prefect takes.

    Raises:
        Mistake: It would not.
    """
    from prefect.client.schemas.schedules import CronSchedule as Checked

    try:
        Checked(cron=cron)
    except ValueError:
        raise Mistake(
            what="not a cron schedule",
            place="--cron",
            found=cron,
            expected="five fields: minute, hour, day of the month, month, day of the week",
            fix='for two o\'clock every night write: --cron "0 2 * * *"',
        ) from None
    try:
        Checked(cron=cron, timezone=timezone)
    except ValueError:
        raise Mistake(
            what="not a time zone",
            place="--timezone",
            found=timezone,
            expected="an IANA name, such as Europe/Berlin",
        ) from None
    return CronSchedule(cron, timezone, active)
