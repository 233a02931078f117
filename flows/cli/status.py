"""``agora status``: how far a study is, why units failed, and what it cost so far."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from flows.cli.table import table, terminal_width
from flows.cli.terminal import say
from flows.naming import SHORT
from flows.status import StudyStatus, study_status

#: What stands for the condition of units of the whole study.
WHOLE = "(whole study)"


def print_status(
    reference: str, warehouse: Path, format_: Literal["text", "json"], allowed: Sequence[Path] = ()
) -> None:
    """Print how far a study is.

    Args:
        reference: A study file, a study's name, or the start of a version.
        warehouse: The warehouse.
        format_: ``json`` for one JSON document with the fields of :class:`StudyStatus`.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, it was never run, or the warehouse cannot be read.
        Mistakes: The study file has mistakes in it.
    """
    status = study_status(reference, warehouse, allowed)
    if format_ == "json":
        say(json.dumps(status.model_dump(mode="json"), indent=1))
        return
    when = f"last run {status.last_run_at:%Y-%m-%d %H:%M} UTC"
    say(f"{status.study}  version {status.version[:SHORT]}  {when}")
    say(_stages(status), end="")
    if status.not_begun:
        say(f"Not begun: {', '.join(status.not_begun)}")
    if status.failures:
        say("\nWhy units failed")
        say(_failures(status), end="")
    if not status.complete:
        say(f"To work what failed or is missing: {shlex.join(['agora', 'retry', reference])}")


def _stages(status: StudyStatus) -> str:
    head = ["stage", "condition", "units", "done", "failed", "missing", "quarantined rows", "calls"]
    lines = [
        (
            *(one.stage, one.condition or WHOLE, one.units, one.done, one.failed, one.missing),
            *(one.quarantined, one.calls, _dollars(one.usd, one.unknown_price_calls)),
        )
        for one in status.stages
    ]
    return table([*head, "dollars"], lines, terminal_width())


def _failures(status: StudyStatus) -> str:
    head = ("stage", "step", "condition", "kind", "units", "time mends it", "example")
    lines = [
        (
            *(one.stage, one.step, one.condition or WHOLE, one.kind, one.units),
            *("maybe" if one.mended_by_time else "no", one.example),
        )
        for one in status.failures
    ]
    return table(head, lines, terminal_width())


def _dollars(usd: float | None, unknown: int) -> str:
    """What calls cost, as far as it is known.

    Example:
        >>> _dollars(1.5, 0), _dollars(None, 3), _dollars(0.25, 2), _dollars(None, 0)
        ('1.50', 'unknown', '0.25 and 2 of unknown price', '0.00')
    """
    if usd is None:
        return "unknown" if unknown else "0.00"
    return f"{usd:,.2f} and {unknown:,} of unknown price" if unknown else f"{usd:,.2f}"
