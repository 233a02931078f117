"""What a run found, in the terminal: numbers by condition, and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from flows.cli.table import heading_lines
from schemas.counts import counted
from tasks.report.formatting import quantity_words

if TYPE_CHECKING:
    from rich.console import Console

    from flows.findings import Findings
    from warehouse.queries.measures import ContrastFound, HeadlineMetric

#: Metrics that are shown, at most; the rest is a query away.
MOST_ROWS = 24

#: What a reader must know of numbers, at most so many lines of it.
MOST_NOTES = 6

#: Characters that the names of metrics get, at least, and the headings of conditions, at most.
NAME_WIDTH, HEADING_WIDTH = 24, 20

#: Columns between two numbers.
GAP = 2

CORRECTIONS = {
    "holm": "Holm",
    "bonferroni": "Bonferroni",
    "fdr_bh": "Benjamini-Hochberg",
    "fdr_by": "Benjamini-Yekutieli",
}


def print_findings(console: Console, found: Findings, declared: Sequence[str]) -> None:
    """Print the metrics by condition and the contrasts.

    Args:
        console: Where to print.
        found: What was found.
        declared: The conditions in the order in which they are shown.
    """
    for scoped in (True, False):
        rows = [row for row in found.metrics if bool(row.condition) is scoped]
        for part in parts(rows, declared, console.width):
            console.print()
            console.print(_metric_table(part, declared))
    _print_notes(console, found.metrics)
    if found.contrasts:
        console.print()
    for row in found.contrasts:
        what = quantity_words(row.metric, row.subject)
        console.print(f"  [bold]{escape(row.contrast)}[/bold]: {escape(what)}", soft_wrap=True)
        console.print(
            f"    {escape(row.condition_b)} against {escape(row.condition_a)}, "
            f"{_compared(row)}\n"
            f"    {row.effect_name.replace('_', ' ')} "
            f"{_number(row.effect)}{_interval(row, ', 95% CI ')}, "
            f"{_probability(row.p if row.p_adjusted is None else row.p_adjusted, row.correction)}",
            soft_wrap=True,
        )
        if row.warning:
            console.print(f"    [yellow]Note[/yellow]: {escape(row.warning)}")
    console.print()


def _print_notes(console: Console, rows: Sequence[HeadlineMetric]) -> None:
    """Print what a reader must know of the numbers, each thing once."""
    warned: dict[str, list[str]] = {}
    for row in rows:
        for words in filter(None, (row.warning or "").split("; ")):
            what = quantity_words(row.metric, row.subject)
            where = f" ({row.condition})" if row.condition else ""
            warned.setdefault(words, []).append(f"{what}{where}")
    if warned:
        console.print()
    for words, numbers in list(warned.items())[:MOST_NOTES]:
        more = f" and {counted(len(numbers) - 1, 'more number')}" if len(numbers) > 1 else ""
        said = escape(f"{numbers[0]}{more}: {words}")
        console.print(f"  [yellow]Note[/yellow]: {said}", soft_wrap=True)
    if len(warned) > MOST_NOTES:
        console.print(f"  {len(warned) - MOST_NOTES} more notes in v_metrics.warning")


def parts(
    rows: Sequence[HeadlineMetric], declared: Sequence[str], width: int
) -> Iterator[list[HeadlineMetric]]:
    """Rows of as many conditions at a time as fit side by side.

    Args:
        rows: The numbers, each with its ``condition``.
        declared: The conditions in the order in which they are shown.
        width: Columns of the terminal.
    """
    conditions = _in_order(rows, declared)
    while conditions:
        left, some = width - NAME_WIDTH - GAP, conditions[:1]
        left -= _width(rows, some[0])
        for condition in conditions[1:]:
            left -= _width(rows, condition)
            if left < 0:
                break
            some.append(condition)
        yield [row for row in rows if row.condition in some]
        conditions = conditions[len(some) :]


def _width(rows: Sequence[HeadlineMetric], condition: str) -> int:
    """Columns that the numbers of a condition take."""
    cells = [len(_cell(row)) for row in rows if row.condition == condition]
    return max(*cells, *map(len, _heading(condition)), 0) + GAP


def _heading(condition: str) -> list[str]:
    """The lines of a heading: each factor has its own."""
    if not condition:
        return ["whole study"]
    return [line for part in condition.split(" ") for line in heading_lines(part, HEADING_WIDTH)]


def _in_order(rows: Sequence[HeadlineMetric], declared: Sequence[str]) -> list[str]:
    """The conditions that there are rows of: as declared, then by name."""
    found = {row.condition for row in rows}
    return [*(name for name in declared if name in found), *sorted(found - set(declared))]


def _metric_table(rows: Sequence[HeadlineMetric], declared: Sequence[str]) -> Table:
    """A row per number with its 95% interval, a column per condition in the order declared."""
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        title = quantity_words(row.metric, row.subject)
        cells.setdefault(title, {})[row.condition] = _cell(row)
    conditions = _in_order(rows, declared)
    table = Table(box=None, padding=(0, 0, 0, GAP), header_style="bold", pad_edge=True)
    table.add_column("metric, 95% CI", overflow="fold", vertical="bottom")
    for condition in conditions:
        table.add_column(escape("\n".join(_heading(condition))), justify="right", no_wrap=True)
    for title, values in list(cells.items())[:MOST_ROWS]:
        table.add_row(escape(title), *(values.get(condition, "") for condition in conditions))
    if len(cells) > MOST_ROWS:
        table.caption = f"{len(cells) - MOST_ROWS} more in v_metrics"
    return table


def _compared(row: ContrastFound) -> str:
    """How many episodes, or personas, were compared."""
    from tasks.metrics.catalogue import METRICS

    cases = f"{METRICS[row.metric.partition('.')[0]].scope}s"
    if row.n_a == row.n_b:
        return f"{row.n_a:,} {cases} each"
    return f"{row.n_b:,} and {row.n_a:,} {cases}"


def _cell(row: HeadlineMetric) -> str:
    return f"{_number(row.value)}{_interval(row, ' ')}"


def _number(value: float | None) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None:
        return "-"
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def _probability(value: float | None, correction: str) -> str:
    """A p-value as people report it, with the correction that it has been through.

    Example:
        >>> _probability(0.0421, "holm")
        'p = .042 (Holm)'
        >>> _probability(1e-5, "none")
        'p < .001'
        >>> _probability(None, "holm")
        'no p-value'
    """
    if value is None:
        return "no p-value"
    text = "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".")
    name = CORRECTIONS.get(correction)
    return f"{text} ({name})" if name else text


def _interval(row: HeadlineMetric | ContrastFound, before: str) -> str:
    """A 95% interval in brackets after some text; empty where there is none."""
    if row.ci_low is None:
        return ""
    return f"{before}[{_number(row.ci_low)}, {_number(row.ci_high)}]"
