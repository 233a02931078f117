"""What the expectations of a run found, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.checks import Checked

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
    console.print(f"  {len(found) - len(failing)} of {len(found)} expectations hold")
