"""``agora run``: runs studies and says what was found."""

from __future__ import annotations

import asyncio
import functools
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from flows.cli.options import DEFAULT_WAREHOUSE
from flows.requests import RunRequest, StudyReport
from flows.settings import apply_defaults, server_configured
from tasks.report.formatting import quantity_words

if TYPE_CHECKING:
    from flows.findings import Findings
    from schemas.study import Study

#: Metrics that are shown, at most; the rest is a query away.
MOST_ROWS = 24

#: Conditions side by side, at most; further ones follow below.
MOST_CONDITIONS = 4

#: Characters that the names of metrics get, at least.
FIRST_WIDTH = 24

#: Columns of what is printed where there is no terminal to fit.
LOG_WIDTH = 110


def run_studies(requests: list[RunRequest], *, verbose: bool) -> bool:
    """Whether every study is complete after it was run; prints progress and findings.

    Raises:
        Mistake: A study or the warehouse is not usable as it is.
        KeyboardInterrupt: The user stopped it; what was finished until then is kept.
    """
    try:
        return _completed(requests, verbose=verbose)
    except KeyboardInterrupt:
        print(
            "Interrupted. Finished work is kept; run the study again to continue.", file=sys.stderr
        )
        raise


def _completed(requests: list[RunRequest], *, verbose: bool) -> bool:
    apply_defaults(quiet=not verbose)
    from tasks.studies.load import load_study

    studies = [load_study(request.study).study for request in requests]

    from warehouse.connection import refuse_unusable

    for request in requests:
        refuse_unusable(request.warehouse)

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    complete, recorded = True, server_configured()
    for request, study in zip(requests, studies, strict=True):
        report = None if recorded else asyncio.run(_report_if_done(request, console))
        if report is None:
            report = asyncio.run(_report_of(_flow(), request, console))
        _print_report(console, report, study, request.warehouse)
        complete &= report.complete
    return complete


@functools.cache
def _flow() -> Any:
    """The flow that runs studies, with a server that records it."""
    from flows.server import StartingServer

    server = StartingServer()
    from flows.study import run_study  # imported while the server starts

    server.ready()
    return run_study


async def _report_if_done(request: RunRequest, console: Console) -> StudyReport | None:
    """What a run with nothing to do did; ``None`` where there is work."""
    from flows.cli.progress import ProgressLines
    from flows.running import report_if_done
    from flows.session import told_to

    with ProgressLines(console) as progress, told_to(progress):
        return await report_if_done(request)


async def _report_of(run_study: Any, request: RunRequest, console: Console) -> StudyReport:
    """What a run did, its progress shown while it lasts."""
    from flows.cli.progress import ProgressLines
    from flows.session import told_to

    with ProgressLines(console) as progress, told_to(progress):
        state = await run_study(request, return_state=True)
    report: StudyReport | BaseException = await state.aresult(raise_on_failure=False)
    if isinstance(report, BaseException):
        raise report
    return report


def _print_report(console: Console, report: StudyReport, study: Study, warehouse: Path) -> None:
    from flows.cli.expectations import print_checked, print_reproduced
    from flows.findings import findings
    from warehouse.reader import reader

    for step in report.steps:
        for reason in step.reasons[:3]:
            console.print(f"  [red]{step.step}[/red]: {reason}")
        if len(step.reasons) > 3:
            console.print(f"  [red]{step.step}[/red]: {len(step.reasons) - 3} more failures")
    with reader(warehouse) as reading:
        found = findings(reading, report.version, study)
    series = study.imported.series if study.imported is not None else ()
    _print_findings(console, found, [*study.changes, *series])
    print_reproduced(console, study, found.reproduced)
    print_checked(console, report.checked)
    console.print(f"  {_calls_line(report)} Took {report.elapsed_s:.1f} s.")
    if report.stopped:
        console.print(
            f"  [yellow]Stopped[/yellow]: {report.stopped}; run the study again to continue."
        )
    if report.left:
        console.print(f"  Left to do: {report.left}", soft_wrap=True)
    console.print(
        f"  Data: {warehouse}   Report: {_report_command(report, warehouse)}", soft_wrap=True
    )
    console.print()


def _report_command(report: StudyReport, warehouse: Path) -> str:
    """What to type for the report."""
    option = [] if warehouse == DEFAULT_WAREHOUSE else ["--warehouse", str(warehouse)]
    return shlex.join([program(), "report", report.study, *option])


def program() -> str:
    """This command as it can be typed again: by its path where the shell would not find it."""
    called = Path(sys.argv[0])
    found = shutil.which("agora")
    if called.name != "agora" or (found and Path(found).resolve() == called.resolve()):
        return "agora"
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) else str(called)


def _calls_line(report: StudyReport) -> str:
    """How many calls were made and what they cost, in one line."""
    if report.calls_asked == 0:
        return "Made no model calls."
    cost = f"for ${report.cost_usd:,.2f}"
    if report.unknown_prices == report.calls_asked:
        cost = "at unknown prices"
    elif report.unknown_prices:
        cost += f", not counting {report.unknown_prices:,} calls of unknown price"
    reused = f" and reused {report.calls_reused:,} answers" if report.calls_reused else ""
    return f"Made {report.calls_asked:,} model calls {cost}{reused}."


def _print_findings(console: Console, found: Findings, declared: list[str]) -> None:
    console.print()
    for scoped in (True, False):
        rows = [row for row in found.metrics if bool(row["condition"]) is scoped]
        for part in _parts(rows, declared):
            console.print(_metric_table(part, declared))
    for row in found.contrasts:
        what = quantity_words(row["metric"], row["subject"])
        console.print(f"  [bold]{row['contrast']}[/bold]: {what}", soft_wrap=True)
        console.print(
            f"    {row['condition_b']} vs. {row['condition_a']} "
            f"(n = {row['n_b']} vs. {row['n_a']})\n"
            f"    {row['effect_name'].replace('_', ' ')} "
            f"{_number(row['effect'])}{_interval(row, ', 95% CI ')}, "
            f"p {_probability(row['p_adjusted'])}",
            soft_wrap=True,
        )
        if row["warning"]:
            console.print(f"    [yellow]Note[/yellow]: {row['warning']}")


def _parts(rows: list[dict[str, Any]], declared: list[str]) -> Iterator[list[dict[str, Any]]]:
    """Rows of a few conditions at a time, since a terminal shows no more side by side."""
    conditions = _in_order(rows, declared)
    for first in range(0, len(conditions), MOST_CONDITIONS):
        some = conditions[first : first + MOST_CONDITIONS]
        yield [row for row in rows if row["condition"] in some]


def _in_order(rows: list[dict[str, Any]], declared: list[str]) -> list[str]:
    """The conditions that there are rows of: as declared, then by name."""
    found = {row["condition"] for row in rows}
    return [*(name for name in declared if name in found), *sorted(found - set(declared))]


def _metric_table(rows: list[dict[str, Any]], declared: list[str]) -> Table:
    """A row per number with its 95 % interval, a column per condition in the order declared."""
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        title = quantity_words(row["metric"], row["subject"])
        cell = f"{_number(row['value'])}{_interval(row, ' ')}"
        cells.setdefault(title, {})[row["condition"]] = cell
    conditions = _in_order(rows, declared)
    table = Table(box=None, padding=(0, 1), header_style="bold", pad_edge=True)
    table.add_column("metric, with 95% CI", overflow="fold", min_width=FIRST_WIDTH)
    for condition in conditions:
        heading = condition.replace(" ", "\n") or "all episodes"  # a line for each factor
        table.add_column(heading, justify="right", no_wrap=True)
    for title, values in list(cells.items())[:MOST_ROWS]:
        table.add_row(title, *(values.get(condition, "") for condition in conditions))
    if len(cells) > MOST_ROWS:
        table.caption = f"v_metrics holds {len(cells) - MOST_ROWS} more"
    return table


def _number(value: float | None) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def _probability(value: float | None) -> str:
    """A p-value as people report it."""
    if value is None:
        return "unknown"
    return "< .001" if value < 0.001 else f"= {value:.3f}".replace("0.", ".")


def _interval(row: dict[str, Any], before: str) -> str:
    """A 95 % interval in brackets after some text; empty where there is none."""
    if row["ci_low"] is None:
        return ""
    return f"{before}[{_number(row['ci_low'])}, {_number(row['ci_high'])}]"
