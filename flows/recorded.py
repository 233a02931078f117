"""What is left of a version on record: a plan that takes its units as they are on record.

Keys follow from the code, so a plan made by other code may have other keys all along, and to work
it would do everything again. A retry does not: units that are done stay what they are, and later
steps are planned upon them. A unit is planned anew only where something that it rests on was
worked in this run.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from flows.catalogues import with_catalogues
from flows.naming import SHORT
from flows.planning import Planner, StepPlan
from flows.study_references import study_of
from schemas.errors import Mistake, Mistakes
from schemas.unit import AnyUnit, Stage, Unit
from tasks.studies.design import Design, design
from tasks.studies.load import LoadedStudy, load_study
from warehouse.queries.studies import StudyOfVersion
from warehouse.queries.units import MembersOfVersion, UnitMember, VersionOfRun
from warehouse.reader import reader_or_empty

if TYPE_CHECKING:
    from flows.requests import RunRequest
    from tasks.stages.base import AnyStep
    from warehouse.reader import Reader

#: What tells the units of a step apart, whatever their keys are.
Name = tuple[str, int, str]


class RecordedPlanner(Planner):
    """Plans what a version on record consists of.

    Args:
        resolved: The study.
        warehouse: The warehouse that has the version on record.
        conditions: Conditions whose units are wanted, besides those of the whole study; all if
            none is named.
    """

    def __init__(
        self, resolved: Design, warehouse: Reader, conditions: Collection[str] = ()
    ) -> None:
        super().__init__(resolved, warehouse)
        members = warehouse.rows(MembersOfVersion(resolved.version))
        self._members: dict[str, list[UnitMember]] = {}
        for member in members:
            self._members.setdefault(member.step, []).append(member)
        self._recorded = {member.unit_key for member in members}
        statuses = warehouse.statuses(self._recorded)
        self._done_before = {key for key, status in statuses.items() if status == "done"}
        self._conditions = frozenset(conditions)

    def plan(self, step: AnyStep) -> StepPlan:
        """The plan of the next step: its units on record, or planned anew where they must be."""
        units = step.plan(self._design, self._upstream(step))
        members = self._members.get(step.name, [])
        if not members:  # no run has begun this step
            self._units[type(step)] = units
            return self.refreshed(StepPlan(step, units, left_alone=self._unwanted(units)))
        planned = {unit.key for unit in units}
        units = tuple(self._as_recorded(units, members))
        self._units[type(step)] = units
        everything = (*units, *_others(units, members))
        outdated = frozenset(unit.key for unit in everything if unit.key not in planned)
        left_alone = outdated | self._unwanted(everything)
        return self.refreshed(StepPlan(step, everything, left_alone=left_alone, outdated=outdated))

    def _as_recorded(
        self, units: Sequence[AnyUnit], members: Sequence[UnitMember]
    ) -> Iterator[AnyUnit]:
        """Units as this code plans them, each with its key on record where it has one."""
        keys = {member.unit_key for member in members}
        planned = {unit.key for unit in units}
        held: dict[Name, list[str]] = {}
        for one in members:
            if one.unit_key not in planned:
                held.setdefault((one.condition, one.replicate, one.label), []).append(one.unit_key)
        alike = Counter(_name(unit) for unit in units if unit.key not in keys)
        changed = self._changed()
        for unit in units:
            same = held.get(_name(unit), [])
            if unit.key in keys or not changed.isdisjoint(unit.upstream):
                yield unit
            elif len(same) == alike[_name(unit)] == 1:
                yield replace(unit, key=same[0])

    def _changed(self) -> frozenset[str]:
        """Units that are not what they were on record when this run began."""
        planned = {unit.key for units in self._units.values() for unit in units}
        done = {key for key in planned if self._statuses.get(key) == "done"}
        return frozenset((planned - self._recorded) | (done - self._done_before))

    def _unwanted(self, units: Iterable[AnyUnit]) -> frozenset[str]:
        """Units of conditions that were not named."""
        wanted = self._conditions | {""}
        return frozenset(
            unit.key for unit in units if self._conditions and unit.condition not in wanted
        )


def _name(unit: AnyUnit) -> Name:
    return unit.condition, unit.replicate, unit.label


def _others(units: Sequence[AnyUnit], members: Iterable[UnitMember]) -> Iterator[AnyUnit]:
    """Units on record that this code does not plan, but for those that others took the place of."""
    keys, names = {unit.key for unit in units}, {_name(unit) for unit in units}
    for one in members:
        name = (one.condition, one.replicate, one.label)
        if one.unit_key not in keys and name not in names:
            yield Unit(cast(Stage, one.stage), one.step, one.unit_key, None, *name)


def as_retried(request: RunRequest, run_id: str) -> RunRequest:
    """What a run that Prefect retries is to do: what is left of the version that it began with.

    A run that ended before it had a version on record is run as at first.
    """
    if request.version is not None:
        return request
    with reader_or_empty(request.warehouse) as reading:
        rows = reading.rows(VersionOfRun(run_id))
    return request.model_copy(update={"version": rows[0].study_version}) if rows else request


def study_on_record(request: RunRequest, warehouse: Reader) -> LoadedStudy:
    """The study of a version on record, run as its file says now if that is still the version.

    Args:
        request: Names the version, and the file.
        warehouse: The warehouse that has it on record.

    Raises:
        Mistake: The version is not on record, or was written by a code with other fields.
    """
    version = request.version or ""
    with contextlib.suppress(Mistake, Mistakes):  # the file may have gone, or be another by now
        loaded = load_study(request.study, request.allow_paths)
        if design(with_catalogues(loaded.study, warehouse, loaded.path)).version == version:
            return loaded
    rows = warehouse.rows(StudyOfVersion(version))
    if not rows:
        raise Mistake(
            what="the warehouse does not have this version on record",
            place=str(request.warehouse),
            found=version[:SHORT],
            fix="agora studies lists the versions that it has",
        )
    return LoadedStudy(study_of(rows[0]), rows[0].yaml, rows[0].path)
