"""What the log of a run says in Prefect: what began, what failed and why, what it cost.

A line when something begins or ends, none for a unit. Set
``PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER=json`` to have lines on the terminal as JSON; study,
version, stage and step are then fields of their own.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from prefect.logging import get_run_logger

from flows.naming import SHORT, place
from flows.sentences import calls_sentence, failed_sentence
from schemas.counts import counted

if TYPE_CHECKING:
    from flows.planning import StepPlan
    from flows.requests import StudyReport
    from flows.session import Session


def log_study_begins(session: Session) -> None:
    """Say which study begins, and where its rows go."""
    design = session.design
    _log(
        logging.INFO,
        f"{place(design.study.name)} begins: version {design.version[:SHORT]}, "
        f"warehouse {session.warehouse.path}",
        session,
    )


def log_step_begins(session: Session, plan: StepPlan) -> None:
    """Say how many units of a step there are, and how many of them are there already."""
    if len(plan.held) < len(plan.units):
        step = plan.step
        text = f"{counted(len(plan.units), 'unit')}, {len(plan.held):,} of them done before"
        if expected := session.meter.expected:
            text += f"; the run will then have cost ${expected.low:,.2f} to ${expected.high:,.2f}"
        _log(logging.INFO, f"{step.name} begins: {text}", session, stage=step.stage, step=step.name)


def log_wait(session: Session, plan: StepPlan, units: int, number: int) -> None:
    """Say what is worked again, and when."""
    run, step = session.design.study.run, plan.step
    text = (
        f"{step.name}: {counted(units, 'failed unit')} worked again in {run.retry_after_s:,.0f} s, "
        f"retry {number} of {run.retries}"
    )
    _log(logging.WARNING, text, session, stage=step.stage, step=step.name)


def log_step_ends(session: Session, plan: StepPlan) -> None:
    """Say what became of a step's units, and what they cost."""
    step = plan.step
    report = session.report(step.name)
    if not report.done and not report.failed:
        return
    text = f"{step.name} ends: {report.done:,} done now, {report.held:,} before"
    if report.blocked:
        text += f", {report.blocked:,} blocked"
    usage = session.gateway.usage
    text += f"; ${usage.cost_usd:,.2f} so far for {counted(usage.calls_asked, 'call')}"
    _log(logging.INFO, text, session, stage=step.stage, step=step.name)
    if report.failed:
        sentence = failed_sentence(report)
        _log(logging.ERROR, sentence, session, stage=step.stage, step=step.name)


def log_study_ends(session: Session, report: StudyReport) -> None:
    """Say whether the study is complete, and what it cost."""
    outcome = "complete" if report.complete else "not complete"
    if report.stopped:
        outcome = f"stopped: {report.stopped}"
    level = logging.INFO if report.complete else logging.WARNING
    took = f"Took {report.elapsed_s:,.0f} s."
    _log(level, f"{report.study} {outcome}. {calls_sentence(report)} {took}", session)


def _log(level: int, text: str, session: Session, **fields: Any) -> None:
    study = {"study": session.design.study.name, "version": session.design.version}
    get_run_logger().log(level, text, extra={**study, **fields})
