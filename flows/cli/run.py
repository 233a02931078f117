"""``agora run``: runs studies and says what was found."""

from __future__ import annotations

import contextlib
import functools
import gc
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from flows.cli.console import PlainConsole
from flows.cli.ending import Ending, told_to_end
from flows.cli.options import DEFAULT_WAREHOUSE
from flows.cli.progress import ProgressLines
from flows.cli.progress_json import ProgressJson, print_end
from flows.requests import RunRequest, StudyReport
from flows.sentences import calls_sentence, to_do
from flows.settings import apply_defaults, server_configured

if TYPE_CHECKING:
    from schemas.study import Study
    from warehouse.expectations.checker import Checker

#: Columns of what is printed where there is no terminal to fit.
LOG_WIDTH = 110


def run_studies(requests: list[RunRequest], *, verbose: bool, as_json: bool = False) -> bool:
    """Whether every study is complete after it was run; prints progress and findings.

    Args:
        requests: The studies.
        verbose: Whether Prefect's log is shown, too.
        as_json: Whether JSON lines are printed, and nothing else.

    Raises:
        Mistake: A study or the warehouse is not usable as it is.
        SystemExit: The user stopped it; what was finished until then is kept.
    """
    with told_to_end() as ending:
        complete = _completed(requests, ending, verbose=verbose, as_json=as_json)
        ending.status = 0 if complete else 1
        return complete


def _completed(requests: list[RunRequest], ending: Ending, *, verbose: bool, as_json: bool) -> bool:
    apply_defaults(quiet=not verbose)
    studies = list(map(_study, requests))

    from flows.catalogues import refuse_missing_imports
    from warehouse.connection import Locked
    from warehouse.expectations.checker import Checker
    from warehouse.storage import storage_of

    for request, study in zip(requests, studies, strict=True):
        with contextlib.suppress(Locked):  # its owner does what this run asks for
            storage_of(request.warehouse).refuse_unusable()
        refuse_missing_imports(study, request.warehouse, str(request.study))

    console = None if as_json else _console()
    complete, recorded = True, server_configured()
    with Checker() as checker:
        for request, study in zip(requests, studies, strict=True):
            report = None if recorded else ending.result(_report_if_done(request, console))
            if report is None:
                flow = _flow(ending, checker)
                report = ending.result(_report_of(flow, request, console, checker))
            if console is None:
                print_end(report)
            else:
                _print_report(console, report, study, request.warehouse)
            complete &= report.complete
    return complete


def _console() -> Console:
    """The terminal, or what stands for it."""
    console = PlainConsole(highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def _progress(console: Console | None) -> ProgressLines | ProgressJson:
    """Who tells how a run gets on: lines and bars, or JSON where there is no console."""
    return ProgressJson() if console is None else ProgressLines(console)


def _study(request: RunRequest) -> Study:
    """The study that a run is of.

    Raises:
        Mistake: It is not there.
        Mistakes: Its file has mistakes in it.
    """
    if request.version is None:
        from tasks.studies.load import load_study

        return load_study(request.study, request.allow_paths).study
    from flows.recorded import study_on_record
    from warehouse.reader import reader

    with reader(request.warehouse) as reading:
        return study_on_record(request, reading).study


@functools.cache
def _flow(ending: Ending, checker: Checker) -> Any:
    """The flow that runs studies, with a server that records it.

    Prefect would ask a temporary server that has ended for minutes, so the process ends then.
    """
    from flows.server import StartingServer

    server = StartingServer()
    if server.pid is not None:  # else the run may have nothing to do, which is not known yet
        checker.start()
    # Imported while the server starts; without the engines the first flow and task would do it.
    gc.disable()  # imports make much that stays, and nothing to collect
    import prefect.flow_engine
    import prefect.task_engine  # noqa: F401

    from flows.study import run_study

    gc.freeze()
    gc.enable()
    server.ready()
    server.watch(ending.give_up)
    return run_study


async def _report_if_done(request: RunRequest, console: Console | None) -> StudyReport | None:
    """What a run with nothing to do did; ``None`` where there is work."""
    from flows.running import report_if_done
    from flows.session import told_to

    with _progress(console) as progress, told_to(progress):
        return await report_if_done(request)


async def _report_of(
    run_study: Any, request: RunRequest, console: Console | None, checker: Checker
) -> StudyReport:
    """What a run did, its progress shown while it lasts."""
    from flows.server import server_needed
    from flows.session import checked_by, told_to

    with server_needed():
        with _progress(console) as progress, told_to(progress), checked_by(checker):
            state = await run_study(request, return_state=True)
        report: StudyReport | BaseException = await state.aresult(raise_on_failure=False)
        if isinstance(report, BaseException):
            raise report
    return report


def _print_report(console: Console, report: StudyReport, study: Study, warehouse: Path) -> None:
    from flows.cli.expectations import print_checked, print_reproduced
    from flows.cli.found import print_findings
    from flows.findings import findings
    from warehouse.reader import reader

    for step in report.steps:
        for group in step.failures:
            text = f"{group.units:,} {group.kind}: {group.example}"
            console.print(f"  [red]{step.step}[/red]: {escape(text)}")
    if failed := [step for step in report.steps if step.failed]:
        console.print(f"  {to_do(failed)}")
    with reader(warehouse) as reading:
        found = findings(reading, report.version, study)
    series = study.imported.series if study.imported is not None else ()
    print_findings(console, found, [*study.changes, *series])
    print_reproduced(console, study, found.reproduced)
    print_checked(console, report.checked)
    console.print(f"  {calls_sentence(report)} Took {report.elapsed_s:.1f} s.")
    for lost in report.lost:
        console.print(f"  [yellow]Damaged[/yellow]: {escape(lost)}.", soft_wrap=True)
    if report.stopped:
        console.print(
            f"  [yellow]Stopped[/yellow]: {escape(report.stopped)}; "
            "run the study again to continue."
        )
    if report.left:
        console.print(f"  Left to do: {escape(report.left)}")
    console.print(f"  Data:    {escape(str(warehouse))}", soft_wrap=True)
    console.print(f"  Report:  {escape(_command('report', report, warehouse))}", soft_wrap=True)
    if not report.complete:
        console.print(f"  Status:  {escape(_command('status', report, warehouse))}", soft_wrap=True)
        console.print(f"  Retry:   {escape(_command('retry', report, warehouse))}", soft_wrap=True)
    console.print()


def _command(name: str, report: StudyReport, warehouse: Path) -> str:
    """What to type for a command on the study."""
    option = [] if warehouse == DEFAULT_WAREHOUSE else ["--warehouse", str(warehouse)]
    return shlex.join([program(), name, report.study, *option])


def program() -> str:
    """This command as it can be typed again: by its path where the shell would not find it."""
    called = Path(sys.argv[0])
    found = shutil.which("agora")
    if called.name != "agora" or (found and Path(found).resolve() == called.resolve()):
        return "agora"
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) else str(called)
