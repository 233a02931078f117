"""What Prefect shows of a run: a table per stage, and the report in short."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from flows.reporting import report_data
from schemas.gateway import MENDED_BY_TIME
from tasks.report.markdown import markdown

if TYPE_CHECKING:
    from flows.requests import StepReport
    from flows.session import Session
    from schemas.checks import Checked
    from schemas.unit import Stage

_OUTSIDE = re.compile(r"[^a-z0-9]+")


def artifact_key(*parts: str) -> str:
    """A key as Prefect wants it: lower-case letters, digits and hyphens.

    Example:
        >>> artifact_key("agora", "War_Room", "codes")
        'agora-war-room-codes'
    """
    return "-".join(_OUTSIDE.sub("-", part.lower()).strip("-") for part in parts)


def step_row(report: StepReport) -> dict[str, Any]:
    """A row of the table: a step's units, and what became of them."""
    return {
        "step": report.step,
        "units": report.units,
        "done now": report.done,
        "held before": report.held,
        "failed": report.failed,
        "blocked": report.blocked,
        "left": report.left,
    }


def failure_rows(report: StepReport) -> list[dict[str, Any]]:
    """Rows of a table: why units of a step failed, by kind, each with an example."""
    return [
        {
            "step": report.step,
            "kind": group.kind,
            "units": group.units,
            "time mends it": "maybe" if group.kind in MENDED_BY_TIME else "no",
            "example": group.example,
        }
        for group in report.failures
    ]


def check_row(one: Checked) -> dict[str, Any]:
    """A row of the table: an expectation, and what was found."""
    return {
        "holds": one.passed,
        "severity": one.severity,
        "data set": one.view,
        "condition": one.condition,
        "expectation": one.check,
        "expected": one.expected,
        "found": one.observed,
        "rows": one.n_rows,
        "declared by": one.declared_by,
    }


async def show_stage(session: Session, stage: Stage, steps: Sequence[str]) -> None:
    """Leave a table of a stage's steps with the flow run; none of steps that have no units.

    Args:
        session: The run.
        stage: The stage.
        steps: Names of its steps.
    """
    planned = [session.report(name) for name in steps if name in session.plans]
    reports = [report for report in planned if report.units]
    if reports:
        await acreate_table_artifact(
            table=[step_row(report) for report in reports],
            key=artifact_key("agora", session.design.study.name, stage),
            description=f"Stage {stage} of {session.design.study.name} "
            f"{session.design.version[:12]}",
        )
    if failed := [row for report in reports for row in failure_rows(report)]:
        await acreate_table_artifact(
            table=failed,
            key=artifact_key("agora", session.design.study.name, stage, "failures"),
            description=f"Why units of stage {stage} of {session.design.study.name} failed",
        )
    if found := session.checked.get(stage):
        await acreate_table_artifact(
            table=[check_row(one) for one in found],
            key=artifact_key("agora", session.design.study.name, stage, "expectations"),
            description=f"What is expected of stage {stage} of {session.design.study.name}",
        )


async def show_report(session: Session) -> None:
    """Leave the report in short with the flow run."""
    study, version = session.design.study, session.design.version
    data = await asyncio.to_thread(
        report_data, study, version, session.warehouse, transcripts=False
    )
    await acreate_markdown_artifact(
        markdown=markdown(data),
        key=artifact_key("agora", study.name, "report"),
        description=f"{study.name} {version[:12]}: what was found, and what to know before citing",
    )
