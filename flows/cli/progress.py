"""Progress of a run on the terminal, and in a log."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.text import Text

from flows.cli.ticking import Ticking
from flows.meter import Meter, Snapshot, in_parts
from flows.planning import StepPlan
from schemas.counts import counted

#: Below this share of usable answers the progress line turns red.
LOW_SHARE = 0.5
TITLE_WIDTH = 17
#: Columns that a bar leaves to the rest of its line.
BESIDE_BAR = 48
#: Columns before what stands below a bar.
INDENT = 4
SEPARATOR = " · "
#: A log gets a line so often while a step lasts.
EVERY_S = 30.0


class ProgressLines:
    """Shows a bar a step on a terminal; anywhere else a line a step, and one every half minute."""

    def __init__(self, console: Console, every_s: float = EVERY_S) -> None:
        self._console = console
        self._bars = _Bars(self, console)
        self._ticking = Ticking(every_s, self._print_snapshot)
        self._meter: Meter | None = None
        self._task: TaskID | None = None
        self._usable: float | None = None

    def __enter__(self) -> ProgressLines:
        if self._console.is_terminal:
            self._bars.start()
        else:
            self._ticking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()
        else:
            self._ticking.stop()

    def waits_for(self, process: str) -> None:
        """Say that another process runs the same."""
        self._console.print(
            f"process {process} runs this version of the study; this run begins when it ends",
            highlight=False,
        )

    def study_begins(self, name: str, version: str, meter: Meter) -> None:
        """Name the study and its version."""
        self._meter = meter
        self._console.print(f"[bold]{name}[/bold]  version {version[:12]}", highlight=False)

    def step_begins(self, plan: StepPlan) -> None:
        """Open a bar for the step, filled with the units that the warehouse already holds."""
        self._usable = None
        self._ticking.begin_anew()
        self._task = self._bars.add_task(
            plan.step.title, total=len(plan.units), completed=len(plan.held)
        )

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """Note how many answers are usable; units are counted by the meter."""
        self._usable = usable

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
        text = _head(plan.step.title, len(plan.held), len(plan.units))
        if plan.failed:
            text += f"  [red]{len(plan.failed)} failed[/red]"
        if plan.blocked:
            text += f"  {len(plan.blocked)} blocked"
        if self._usable is not None:
            text += f"  {usable_words(self._usable)}"
        self._console.print(text, highlight=False)

    def snapshot(self) -> tuple[TaskID, Snapshot, list[str]] | None:
        """The bar, what is measured, and the parts that stand below the bar; for the bars."""
        found = self._meter.snapshot() if self._meter is not None else None
        if self._task is None or found is None:
            return None
        usable = Text.from_markup(usable_words(self._usable)).plain
        return self._task, found, list(filter(None, [*in_parts(found), usable]))

    def _print_snapshot(self) -> None:
        if (now := self.snapshot()) is not None:
            _, found, parts = now
            head = _head(found.title, found.held + found.done, found.units)
            text = f"{head}  {SEPARATOR.join(parts)}"
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)


class _Bars(Progress):
    """The bar of a step, and below it what else is measured."""

    def __init__(self, lines: ProgressLines, console: Console) -> None:
        self._of = lines
        width = min(30, max(6, console.width - BESIDE_BAR))
        super().__init__(
            TextColumn(f"  {{task.description:<{TITLE_WIDTH}}}"),
            BarColumn(bar_width=width),
            MofNCompleteColumn(),
            Elapsed(),
            console=console,
            transient=True,
            refresh_per_second=4,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar moved to where the run is, and the parts below, wrapped between them."""
        # Rich asks before this is whole.
        now = self._of.snapshot() if hasattr(self._of, "_bars") else None
        if now is None:
            yield self.make_tasks_table(self.tasks)
            return
        bar, found, parts = now
        for task in self.tasks:
            if task.id == bar:
                task.completed = found.held + found.done
        yield self.make_tasks_table(self.tasks)
        for line in lines_of(parts, self.console.width - INDENT):
            text = Text(line, style="dim", no_wrap=True, overflow="ellipsis")
            text.highlight_regex(r"^\d[\d,]* failed \([^)]*\)", "not dim red")
            yield Padding(text, (0, 0, 0, INDENT))


def lines_of(parts: Iterable[str], width: int) -> list[str]:
    """Parts in as few lines as hold them, none of them broken.

    Example:
        >>> lines_of(["12 calls", "3 tokens", "$0.50"], 22)
        ['12 calls · 3 tokens', '$0.50']
    """
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(SEPARATOR) + len(part) <= width:
            lines[-1] += SEPARATOR + part
        else:
            lines.append(part)
    return lines


def _head(title: str, held: int, units: int) -> str:
    """How many units of a step are there, as a log shows it."""
    return f"  {title:<{TITLE_WIDTH}} {held:>6} of {units}"


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
