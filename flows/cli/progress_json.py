"""Progress of a run as JSON lines, for programs: an object a line, nothing else."""

from __future__ import annotations

import datetime as dt
import json
import sys
from types import TracebackType
from typing import Any

from flows.cli.progress import EVERY_S
from flows.cli.terminal import say
from flows.cli.ticking import Ticking
from flows.meter import Meter
from flows.planning import StepPlan
from flows.requests import StudyReport


class ProgressJson:
    """Prints a line when something begins or ends, and while a step lasts every half minute.

    Every object has ``event`` and ``at`` (UTC). Events are ``study`` (a study begins), ``step``,
    ``progress`` (the fields of :class:`flows.meter.Snapshot`), ``wait``, ``step_end``, and ``end``
    (the fields of :class:`flows.requests.StudyReport`).
    """

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._ticking = Ticking(every_s, self._print_snapshot)
        self._meter: Meter | None = None
        self._usable: float | None = None

    def __enter__(self) -> ProgressJson:
        self._ticking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ticking.stop()

    def waits_for(self, process: str) -> None:
        """A line with the process that runs the same."""
        print_event("wait_for", {"process": process})

    def study_begins(self, name: str, version: str, meter: Meter) -> None:
        """A line with the study and its version."""
        self._meter = meter
        print_event("study", {"study": name, "version": version})

    def step_begins(self, plan: StepPlan) -> None:
        """A line with the step; none for a step without units."""
        self._usable = None
        self._ticking.begin_anew()
        if plan.units:
            held = {"units": len(plan.units), "held": len(plan.held)}
            print_event("step", {"stage": plan.step.stage, "step": plan.step.name, **held})

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """Note how many answers are usable."""
        self._usable = usable

    def waits(self, units: int, seconds: float, number: int, retries: int) -> None:
        """A line with what is worked again, and when."""
        retry = {"retry": number, "retries": retries}
        print_event("wait", {"units": units, "seconds": seconds, **retry})

    def step_ends(self, plan: StepPlan) -> None:
        """A line with what became of the units of a step."""
        if plan.units:
            print_event(
                "step_end",
                {
                    **{"stage": plan.step.stage, "step": plan.step.name, "units": len(plan.units)},
                    **{"done": len(plan.held), "failed": len(plan.failed)},
                    **{"blocked": len(plan.blocked), "usable_share": self._usable},
                },
            )

    def _print_snapshot(self) -> None:
        if self._meter is not None and (found := self._meter.snapshot()) is not None:
            print_event("progress", found.model_dump(mode="json"))


def print_end(report: StudyReport) -> None:
    """A line with what a run did."""
    print_event("end", {"complete": report.complete, **report.model_dump(mode="json")})


def print_event(event: str, what: dict[str, Any]) -> None:
    """One line."""
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    say(json.dumps({"event": event, "at": at, **what}))
    sys.stdout.flush()
