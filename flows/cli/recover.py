"""``agora recover``: what metrics and tests find in made-up studies whose truth is known."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from flows.cli.table import table
from flows.cli.terminal import say
from schemas.errors import Mistake, nearest
from tasks.metrics.metric import GUIDE
from tasks.metrics.worlds.catalogue import METRIC_WORLDS, TEST_WORLDS
from tasks.metrics.worlds.record import Line, tasks

COLUMNS = ("number", "truth", "found", "error", "coverage", "rejection")
WORDS = """\
(truth, found: in the two conditions; error: standard error of what was found;
 coverage: share of 95% intervals that hold the truth; rejection: share of studies
 with p < .05 for the difference of the conditions, in planted worlds the power)"""


def print_recovery(names: Sequence[str], studies: int, episodes: int) -> None:
    """Simulate the worlds of some metrics and tests, and print what they find.

    Args:
        names: Metrics and tests.
        studies: Studies of each world.
        episodes: Episodes in each condition.

    Raises:
        Mistake: A name is neither a metric's nor a test's.
    """
    known = (*METRIC_WORLDS, *TEST_WORLDS)
    for name in names:
        if name not in known:
            close = nearest(name, known)
            raise Mistake(
                what="unknown metric or test",
                place="agora recover",
                found=name,
                expected="one of " + ", ".join(sorted(known)),
                fix=f"write {close}" if close else f"see {GUIDE}",
            )
    for task in tasks(studies, episodes):
        if task.name in names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows = [_row(task.name, line) for line in task.lines()]
            say(f"{task.name}, {task.kind} world: {task.world}")
            say(table(COLUMNS, rows))
    say(f"({studies} studies of {episodes} episodes a side in each world)")
    say(WORDS)


def _row(name: str, line: Line) -> tuple[Any, ...]:
    """A row of what was found of one true number."""
    quantity, subject = line.get("quantity", ""), line.get("subject", "")
    title = " ".join(filter(None, [f"{name}.{quantity}" if quantity else name, subject]))
    pairs = "a" in line
    return (
        title,
        _numbers([line["a"], line["b"]] if pairs else [line["effect"]]),
        _numbers(line["found"] if pairs else [line["found"]]),
        _numbers(line["error"] if pairs else [line["error"]]),
        line["coverage"],
        line["rejection"],
    )


def _numbers(values: Sequence[float | None]) -> str:
    """Numbers side by side, to three digits.

    Example:
        >>> _numbers([0.12345, None])
        '0.123'
    """
    return ", ".join(f"{value:.3g}" for value in values if value is not None)
