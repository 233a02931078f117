"""What the flows of one run share: warehouse, gateway, design, plans and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from flows.planning import Planner, StepPlan
from flows.requests import StepReport
from flows.sentences import no_credit_sentence
from schemas.failures import grouped

if TYPE_CHECKING:
    from flows.meter import Meter
    from flows.runners.cluster import Cluster
    from schemas.checks import Checked
    from schemas.unit import Failure, Stage
    from tasks.models.gateway import ModelGateway
    from tasks.studies.design import Design
    from warehouse.expectations.checker import Checker
    from warehouse.writer import Writer


class Listener(Protocol):
    """Whoever is told how a run gets on."""

    def waits_for(self, process: str) -> None:
        """Another process runs this version of the study; this run begins when that one ends."""
        ...

    def study_begins(self, name: str, version: str, meter: Meter) -> None:
        """A study begins; the meter says at any time how it gets on."""
        ...

    def step_begins(self, plan: StepPlan) -> None:
        """A step was planned and begins."""
        ...

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """Some units of a step ended; ``usable`` is the share of answers so far that are usable."""
        ...

    def waits(self, units: int, seconds: float, number: int, retries: int) -> None:
        """Units of a step failed and are worked again after a while; retries are counted from 1."""
        ...

    def step_ends(self, plan: StepPlan) -> None:
        """A step ended; its statuses are up to date."""
        ...


class Silence:
    """A listener that tells nobody."""

    def waits_for(self, process: str) -> None:
        """Nothing."""

    def study_begins(self, name: str, version: str, meter: Meter) -> None:
        """Nothing."""

    def step_begins(self, plan: StepPlan) -> None:
        """Nothing."""

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """Nothing."""

    def waits(self, units: int, seconds: float, number: int, retries: int) -> None:
        """Nothing."""

    def step_ends(self, plan: StepPlan) -> None:
        """Nothing."""


@dataclass
class Session:
    """One run of one study.

    Attributes:
        design: The study with its conditions resolved.
        warehouse: Where rows go.
        gateway: The way to models.
        planner: Plans step after step.
        new_planner: Makes a planner for whoever looks at all steps beforehand.
        run_id: Identifier of the flow run.
        concurrency: Units worked at once, about.
        listener: Who is told.
        plans: What was planned so far, by step, with up-to-date statuses.
        done: Units that this run finished, by step.
        failures: Why units failed that no later try mended, by step and unit.
        checker: Checks data sets at the end of stages.
        meter: Measures how the run gets on.
        checked: What the expectations of a stage found, by stage.
        stopped: Why nothing more is begun, if the run stopped before its end.
        cluster: Who works the shards, if not this process.
    """

    design: Design
    warehouse: Writer
    gateway: ModelGateway
    planner: Planner
    new_planner: Callable[[], Planner]
    run_id: str
    concurrency: int
    listener: Listener
    checker: Checker
    meter: Meter
    plans: dict[str, StepPlan] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    failures: dict[str, dict[str, Failure]] = field(default_factory=dict)
    checked: dict[Stage, list[Checked]] = field(default_factory=dict)
    stopped: str | None = None
    cluster: Cluster | None = None

    @property
    def unfinished(self) -> str | None:
        """Why the run leaves work to the next one: it stopped, or an account has no credit left."""
        empty = self.gateway.accounts.empty
        return self.stopped or (no_credit_sentence(empty) if empty else None)

    def report(self, step: str) -> StepReport:
        """What became of the units of a step that was planned."""
        plan, done = self.plans[step], self.done.get(step, 0)
        others = [unit.key for unit in plan.units if plan.statuses.get(unit.key) is None]
        return StepReport(
            step=step,
            units=len(plan.units),
            held=len(plan.held) - done,
            done=done,
            failed=len(plan.failed),
            blocked=len(plan.blocked),
            left=len(set(others) - plan.blocked),
            outdated=len(plan.outdated - {unit.key for unit in plan.held}),
            failures=grouped(self.failures.get(step, {}).values()),
        )


_session: ContextVar[Session] = ContextVar("session")
_listener: ContextVar[Listener] = ContextVar("listener")
_checker: ContextVar[Checker] = ContextVar("checker")


def session() -> Session:
    """The session of the study that is being run; flows are handed only plain parameters."""
    return _session.get()


@contextmanager
def in_session(session: Session) -> Iterator[None]:
    """While it lasts, :func:`session` is that session."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def listener() -> Listener:
    """Whoever listens to the run that is going on."""
    return _listener.get(Silence())


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """While it lasts, a run tells this listener how it gets on."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def waiting_checker() -> Checker | None:
    """The checker that was started for the run that is going on, if one was."""
    return _checker.get(None)


@contextmanager
def checked_by(checker: Checker) -> Iterator[None]:
    """While it lasts, runs have their data sets checked by this one, and leave it open."""
    token = _checker.set(checker)
    try:
        yield
    finally:
        _checker.reset(token)
