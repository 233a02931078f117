"""States in which flows of a run end: their names and messages say what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.requests import StepReport
from flows.sentences import failed_sentence, to_do
from schemas.checks import Checked
from schemas.counts import counted


def ended(
    reports: Sequence[StepReport],
    critical: Sequence[Checked],
    stopped: str | None,
    notes: Sequence[str] = (),
    data: Any = None,
) -> State[Any]:
    """The state in which a study or a stage of it ends.

    Args:
        reports: What became of its steps.
        critical: Critical expectations that do not hold.
        stopped: Why the run stopped before its end, if it did.
        notes: What else the message says.
        data: The state's data.
    """
    failed = [report for report in reports if report.failed]
    if critical:
        said = _text(f"critical: {critical[0].sentence}", *notes)
        return Failed(name="Data not as expected", message=said, data=data)
    if failed:
        n_failed = counted(sum(report.failed for report in failed), "failed unit")
        said = _text(stopped or "", *map(failed_sentence, failed), to_do(failed), *notes)
        return Failed(name=f"Completed with {n_failed}", message=said, data=data)
    if stopped is not None:
        return Completed(name="Stopped", message=_text(stopped, *notes), data=data)
    return Completed(message=_text("complete", *notes), data=data)


def _text(*sentences: str) -> str:
    """Sentences as one text; empty ones are left out."""
    return ". ".join(one.rstrip(".") for one in sentences if one)
