"""Progress of a run on the terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from flows.planning import StepPlan
from schemas.failures import counted

#: Below this share of usable answers the progress line turns red.
LOW_SHARE = 0.5
TITLE_WIDTH = 17


class ProgressLines:
    """Shows a bar a step on a terminal, and a line a step anywhere else."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn(f"  {{task.description:<{TITLE_WIDTH}}}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            Elapsed(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._failed = 0
        self._usable: float | None = None

    def __enter__(self) -> ProgressLines:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def study_begins(self, name: str, version: str) -> None:
        """Name the study and its version."""
        self._console.print(f"[bold]{name}[/bold]  version {version[:12]}", highlight=False)

    def step_begins(self, plan: StepPlan) -> None:
        """Open a bar for the step, filled with the units that the warehouse already holds."""
        self._failed = 0
        self._usable = None
        self._task = self._bars.add_task(
            plan.step.title,
            total=len(plan.units),
            completed=len(plan.held),
            note="",
        )

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """Move the bar."""
        self._failed += failed
        self._usable = usable
        if self._task is not None:
            failures = f"[red]{self._failed} failed[/red]" if self._failed else ""
            note = "  ".join(filter(None, (failures, usable_words(usable))))
            self._bars.update(self._task, advance=done, note=note)

    def waits(self, units: int, seconds: float, number: int, retries: int) -> None:
        """Say that failed units are worked again, and when."""
        self._console.print(
            f"  {counted(units, 'failed unit')}: worked again in {seconds:,.0f} s "
            f"(retry {number} of {retries})",
            highlight=False,
        )

    def step_ends(self, plan: StepPlan) -> None:
        """Put a line in place of the bar."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        if not plan.units:
            return
        title = plan.step.title
        text = f"  {title:<{TITLE_WIDTH}} {len(plan.held):>6} of {len(plan.units)}"
        if plan.failed:
            text += f"  [red]{len(plan.failed)} failed[/red]"
        if plan.blocked:
            text += f"  {len(plan.blocked)} blocked"
        if self._usable is not None:
            text += f"  {usable_words(self._usable)}"
        self._console.print(text, highlight=False)


def usable_words(share: float | None) -> str:
    """How many of the answers are usable, in words; never 100% or 0% unless it is exactly that.

    Example:
        >>> usable_words(1.0), usable_words(0.999), usable_words(0.5), usable_words(None)
        ('100% of answers usable', '99% of answers usable', '50% of answers usable', '')
    """
    if share is None:
        return ""
    percent = round(100 * share) if share in (0, 1) else min(99, max(1, round(100 * share)))
    words = f"{percent}% of answers usable"
    return f"[red]{words}[/red]" if share < LOW_SHARE else words
