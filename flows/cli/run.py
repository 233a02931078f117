"""``agora run``: runs studies and says what was found."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from flows.requests import RunRequest, StudyReport
from flows.settings import apply_defaults

if TYPE_CHECKING:
    from flows.findings import Findings
    from schemas.study import Study

#: At most this many numbers are shown; the rest is a query away.
MOST_ROWS = 24


def run_studies(requests: list[RunRequest], *, verbose: bool) -> bool:
    """Whether every study is complete after it was run; prints progress and findings.

    Raises:
        Mistake: A study or the warehouse is not usable as it is.
    """
    apply_defaults(quiet=not verbose)
    from tasks.studies.load import load_study

    studies = [load_study(request.study).study for request in requests]

    from flows.server import StartingServer

    server = StartingServer()
    from flows.study import run_study  # imported while the server starts

    server.ready()
    console = Console(highlight=False)
    complete = True
    for request, study in zip(requests, studies, strict=True):
        report = asyncio.run(_report_of(run_study, request, console))
        _print_report(console, report, study, request.warehouse)
        complete &= report.complete
    return complete


async def _report_of(run_study: Any, request: RunRequest, console: Console) -> StudyReport:
    """What a run did, its progress shown while it lasts."""
    from flows.cli.progress import ProgressLines
    from flows.session import listener_in_use

    with ProgressLines(console) as progress:
        token = listener_in_use.set(progress)
        try:
            state = await run_study(request, return_state=True)
        finally:
            listener_in_use.reset(token)
    report: StudyReport | BaseException = await state.aresult(raise_on_failure=False)
    if isinstance(report, BaseException):
        raise report
    return report


def _print_report(console: Console, report: StudyReport, study: Study, warehouse: Path) -> None:
    from flows.findings import findings
    from warehouse.store import Warehouse

    for step in report.steps:
        for reason in step.reasons[:3]:
            console.print(f"  [red]{step.step}[/red]: {reason}")
        if len(step.reasons) > 3:
            console.print(f"  [red]{step.step}[/red]: and {len(step.reasons) - 3} more failures")
    with Warehouse.open(warehouse, read_only=True) as shelf:
        found = findings(shelf, report.version, study)
    _print_findings(console, found)
    console.print(f"  {_calls_line(report)}  {report.elapsed_s:.1f} s")
    if report.stopped:
        console.print(f"  [yellow]stopped[/yellow]: {report.stopped}; run it again to go on")
    console.print(
        f"  data: {warehouse}   look inside: agora --warehouse {warehouse} show {report.study}"
    )
    console.print()


def _calls_line(report: StudyReport) -> str:
    """What was asked, in one line."""
    if report.calls_asked == 0:
        return "asked no model anything: every answer was in the warehouse already."
    cost = f"${report.cost_usd:.4f}"
    if report.unknown_prices:
        cost += f" and {report.unknown_prices} calls of unknown price"
    return f"asked {report.calls_asked} questions, reused {report.calls_reused}, {cost}."


def _print_findings(console: Console, found: Findings) -> None:
    if found.metrics:
        table = Table(box=None, padding=(0, 1), header_style="bold", pad_edge=True)
        for name in ("metric", "of", "condition"):
            table.add_column(name, no_wrap=True)
        for name in ("value", "95 % interval", "null", "n"):
            table.add_column(name, justify="right")
        for row in found.metrics[:MOST_ROWS]:
            table.add_row(
                row["metric"],
                row["subject"],
                row["condition"],
                _number(row["value"]),
                _interval(row),
                _number(row["null_mean"]),
                str(row["n_units"]),
            )
        console.print(table)
        if len(found.metrics) > MOST_ROWS:
            console.print(f"  ... {len(found.metrics) - MOST_ROWS} more in v_metrics")
    for row in found.contrasts:
        console.print(
            f"  {row['contrast']}: {row['condition_b']} against {row['condition_a']} on "
            f"{row['metric']}: {row['effect_name']} {_number(row['effect'])} "
            f"[{_interval(row)}], p {_number(row['p_adjusted'])}, "
            f"n {row['n_a']} and {row['n_b']}"
        )
        if row["warning"]:
            console.print(f"    [yellow]note[/yellow]: {row['warning']}")


def _number(value: float | None) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def _interval(row: dict[str, Any]) -> str:
    if row["ci_low"] is None:
        return "-"
    return f"{_number(row['ci_low'])} to {_number(row['ci_high'])}"
