"""What was expected and published beside what a run found, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.checks import Checked
    from schemas.study import Study
    from tasks.expectations.reproduction import Reproduced

COLOURS = {"critical": "red", "warning": "yellow", "info": "cyan"}


def print_checked(console: Console, found: Sequence[Checked]) -> None:
    """Print how many expectations hold, and a line for each that does not."""
    if not found:
        return
    failing = [one for one in found if not one.passed]
    for one in failing:
        colour = COLOURS[one.severity]
        text = escape(one.sentence)
        console.print(f"  [{colour}]{one.severity}[/{colour}]: {text}", soft_wrap=True)
    console.print(f"  {len(found) - len(failing)} of {len(found)} expectations hold.")
    if any(one.severity == "critical" for one in failing):
        console.print("  Critical expectations must hold before later stages run.")


def print_reproduced(console: Console, study: Study, found: Sequence[Reproduced]) -> None:
    """Print published numbers beside what is expected of them and what was found."""
    if study.reproduces is None or not found:
        return
    table = Table(box=None, padding=(0, 1), header_style="bold", pad_edge=True)
    table.add_column("number", overflow="fold")
    for title in ("published", "expected", "found"):
        table.add_column(title, justify="right")
    for one in found:
        of = f" ({one.published.condition})" if one.published.condition else ""
        values = [_number(found.value) for found in one.found]
        table.add_row(
            escape(f"{one.name}{of}"),
            _number(one.published.value),
            escape(one.expected),
            ", ".join(values) or "not computed",
        )
    console.print(f"  Reproduces {escape(study.reproduces.source)}", soft_wrap=True)
    if any(model.simulated for model in study.models.values()):
        console.print("  The numbers found come from simulated models.")
    console.print(table)


def _number(value: float | None) -> str:
    """A number with three significant digits; a dash where there is none."""
    return "-" if value is None else f"{value:.3g}"
