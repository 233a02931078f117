"""What a study consists of, what of it the warehouse holds, and what is left to do.

Imports neither Prefect nor a model library: a plan is answered at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from schemas.unit import AnyUnit, Read
from tasks.stages.base import AnyStep, Upstream

if TYPE_CHECKING:
    from tasks.studies.design import Design
    from warehouse.reader import Reader


@dataclass(frozen=True)
class StepPlan:
    """The units of a step, with the status of each that was worked.

    Attributes:
        step: The step.
        units: All units of it.
        statuses: ``done`` or ``failed`` by unit key; units that were never worked are not in it.
        blocked: Keys of units that cannot be worked before others are.
        left_alone: Keys of units that this run is not to work.
        outdated: Those of them that only another version of the code could work.
    """

    step: AnyStep
    units: tuple[AnyUnit, ...]
    statuses: Mapping[str, str] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    left_alone: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()

    @property
    def held(self) -> tuple[AnyUnit, ...]:
        """Units whose rows the warehouse holds."""
        return tuple(unit for unit in self.units if self.statuses.get(unit.key) == "done")

    @property
    def failed(self) -> tuple[AnyUnit, ...]:
        """Units that were worked and failed; they are to be worked again."""
        return tuple(unit for unit in self.units if self.statuses.get(unit.key) == "failed")

    @property
    def worth_a_run(self) -> bool:
        """Whether any unit is not done that this run may work, now or later."""
        settled = {unit.key for unit in self.held} | self.left_alone
        return any(unit.key not in settled for unit in self.units)

    @property
    def todo(self) -> tuple[AnyUnit, ...]:
        """Units that can be worked now."""
        not_now = self.blocked | self.left_alone
        return tuple(
            unit
            for unit in self.units
            if self.statuses.get(unit.key) != "done" and unit.key not in not_now
        )


class Planner:
    """Plans the steps of one study in order, each upon what the warehouse holds of the earlier."""

    def __init__(self, design: Design, warehouse: Reader) -> None:
        self._design = design
        self._reader = warehouse
        self._units: dict[type[AnyStep], tuple[AnyUnit, ...]] = {}
        self._statuses: dict[str, str] = {}
        self._brought_in: dict[type[AnyStep], frozenset[str]] = {}

    def plan(self, step: AnyStep) -> StepPlan:
        """The plan of the next step; steps must be asked for in order."""
        units = step.plan(self._design, self._upstream(step))
        self._units[type(step)] = units
        return self.refreshed(StepPlan(step, units))

    def refreshed(self, plan: StepPlan) -> StepPlan:
        """The same plan with the statuses that the warehouse has now."""
        held = dict(self._reader.statuses([unit.key for unit in plan.units]))
        self._statuses.update(held)
        planned = {unit.key for units in self._units.values() for unit in units}
        blocked = frozenset(
            unit.key
            for unit in plan.units
            if any(key in planned and self._statuses.get(key) != "done" for key in unit.upstream)
        )
        return replace(plan, statuses=held, blocked=blocked)

    def brought_in(self, step: AnyStep) -> frozenset[str]:
        """Keys of the units from outside whose rows the plan of a step, made before, has read."""
        return self._brought_in[type(step)]

    def _upstream(self, step: AnyStep) -> Upstream:
        failed = frozenset(key for key, status in self._statuses.items() if status == "failed")
        upstream = Upstream(units=dict(self._units), failed=failed)
        reads = step.plan_reads(self._design, upstream)
        frames = frames_of(self._reader, reads)
        planned = {unit.key for units in self._units.values() for unit in units}
        self._brought_in[type(step)] = frozenset(_units_read(frames)) - planned
        return replace(upstream, frames=frames)


def _units_read(frames: Mapping[str, pl.DataFrame]) -> set[str]:
    """Units whose rows were read, those about the episodes of another study left out."""
    episodes = frames["episodes"]["episode_key"].implode() if "episodes" in frames else None
    found: set[str] = set()
    for table, frame in frames.items():
        if table == "units" or "unit_key" not in frame.columns:  # that one lists units
            continue
        if episodes is not None and "episode_key" in frame.columns:
            found.update(frame.filter(pl.col("episode_key").is_in(episodes))["unit_key"])
        else:
            found.update(frame["unit_key"])
    return found


def frames_of(warehouse: Reader, reads: Sequence[Read]) -> dict[str, pl.DataFrame]:
    """The rows that are to be read, by table; rows that several readings of a table share once."""
    frames: dict[str, list[pl.DataFrame]] = {}
    for read in reads:
        frames.setdefault(read.table, []).append(warehouse.frame(read))
    return {
        table: pl.concat(parts).unique(maintain_order=True) if len(parts) > 1 else parts[0]
        for table, parts in frames.items()
    }


def plans(design: Design, warehouse: Reader, steps: Sequence[AnyStep]) -> Iterator[StepPlan]:
    """The plan of every step, in order."""
    planner = Planner(design, warehouse)
    for step in steps:
        yield planner.plan(step)
