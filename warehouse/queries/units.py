"""What versions of studies consist of, and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class UnitStatus(NamedTuple):
    """A unit that was worked."""

    unit_key: str
    status: str


@dataclass(frozen=True)
class UnitStatuses(Query[UnitStatus]):
    """Those of some units that were worked."""

    title = "what became of units"
    sql = "SELECT unit_key, status FROM units WHERE unit_key IN (SELECT unnest($keys))"
    keys: tuple[str, ...]


class UnitState(NamedTuple):
    """What became of a unit, and by which commit."""

    unit_key: str
    status: str
    failure_kind: str | None
    failure: str | None
    run_id: str
    committed_at: dt.datetime


@dataclass(frozen=True)
class UnitStates(Query[UnitState]):
    """Those of some units that were worked, with the commits that say so."""

    title = "what became of units, and by which commit"
    sql = """SELECT unit_key, status, failure_kind, failure, run_id, committed_at
FROM units WHERE unit_key IN (SELECT unnest($keys))"""
    keys: tuple[str, ...]


class Member(NamedTuple):
    """A unit of a version, worked or not."""

    unit_key: str
    stage: str
    step: str
    label: str
    worked: bool


@dataclass(frozen=True)
class UnitsOfVersion(Query[Member]):
    """The units of a version, each once."""

    title = "units of a version"
    sql = """SELECT DISTINCT m.unit_key, m.stage, m.step, m.label, u.unit_key IS NOT NULL AS worked
FROM study_units AS m LEFT JOIN units AS u USING (unit_key)
WHERE m.study_version = $version
ORDER BY ALL"""
    version: str


class InputKey(NamedTuple):
    """A unit from outside."""

    unit_key: str


@dataclass(frozen=True)
class InputsOfStep(Query[InputKey]):
    """The units from outside that a step of a version read."""

    title = "what a step read from outside"
    sql = """SELECT unit_key FROM study_inputs
WHERE study_version = $version AND step = $step ORDER BY unit_key"""
    version: str
    step: str


class UnitMember(NamedTuple):
    """A unit of a version in a condition."""

    stage: str
    step: str
    unit_key: str
    condition: str
    replicate: int
    label: str


@dataclass(frozen=True)
class MembersOfVersion(Query[UnitMember]):
    """The units that a version consists of, by condition."""

    title = "units of a version by condition"
    sql = """SELECT stage, step, unit_key, condition, replicate, label
FROM study_units WHERE study_version = $version
ORDER BY step, condition, replicate, label, unit_key"""
    version: str


class RunVersion(NamedTuple):
    """The version that a run is of."""

    study_version: str


@dataclass(frozen=True)
class VersionOfRun(Query[RunVersion]):
    """The version that a run began with; no row where the run is not on record."""

    title = "version of a run"
    sql = "SELECT study_version FROM runs WHERE run_id = $run_id ORDER BY began_at DESC LIMIT 1"
    run_id: str


class StageCount(NamedTuple):
    """Units of a version in a stage."""

    study_version: str
    stage: str
    units: int
    done: int
    failed: int


@dataclass(frozen=True)
class UnitsByStage(Query[StageCount]):
    """Units of every version by stage."""

    title = "units by version and stage"
    sql = """SELECT study_version, stage,
    count(DISTINCT unit_key) AS units,
    count(DISTINCT unit_key) FILTER (status = 'done') AS done,
    count(DISTINCT unit_key) FILTER (status = 'failed') AS failed
FROM v_units_all
GROUP BY ALL ORDER BY ALL"""


class ConditionCount(NamedTuple):
    """Units of a version in a step and a condition; ``failure`` is a reason of one that failed."""

    stage: str
    step: str
    condition: str
    units: int
    done: int
    failed: int
    failure: str | None


@dataclass(frozen=True)
class UnitsByCondition(Query[ConditionCount]):
    """Units of a version by step and condition."""

    title = "units by step and condition"
    sql = """SELECT stage, step, condition,
    count(DISTINCT unit_key) AS units,
    count(DISTINCT unit_key) FILTER (status = 'done') AS done,
    count(DISTINCT unit_key) FILTER (status = 'failed') AS failed,
    min(failure) FILTER (status = 'failed') AS failure
FROM v_units_all WHERE study_version = $version
GROUP BY stage, step, condition ORDER BY stage, step, condition"""
    version: str


class KeyFound(NamedTuple):
    """A key of a ``call`` or a ``unit``."""

    kind: str
    key: str


@dataclass(frozen=True)
class KeysThatBegin(Query[KeyFound]):
    """Keys of calls and units that begin in some way, at most five."""

    title = "calls and units by the start of their key"
    sql = """SELECT 'call' AS kind, call_key AS key FROM calls WHERE starts_with(call_key, $start)
UNION ALL
SELECT 'unit', unit_key
FROM (SELECT unit_key FROM units UNION SELECT unit_key FROM study_units)
WHERE starts_with(unit_key, $start)
LIMIT 5"""
    start: str


class WorkedUnit(NamedTuple):
    """A unit that was worked, with what became of it."""

    unit_key: str
    stage: str
    step: str
    label: str
    status: str
    failure_kind: str | None
    failure: str | None
    n_rows: int
    n_calls: int
    code_version: str
    committed_at: dt.datetime


@dataclass(frozen=True)
class UnitOfKey(Query[WorkedUnit]):
    """One unit; no row where it was never worked."""

    title = "a unit and what became of it"
    sql = """SELECT unit_key, stage, step, label, status, failure_kind, failure, n_rows,
    (SELECT count(*) FROM calls WHERE calls.unit_key = units.unit_key) AS n_calls,
    code_version, committed_at
FROM units WHERE unit_key = $key"""
    key: str


class EarlierTry(NamedTuple):
    """A time that a unit was worked, before the last."""

    number: int
    status: str
    failure_kind: str | None
    failure: str | None
    calls: int
    usd: float | None
    committed_at: dt.datetime


@dataclass(frozen=True)
class EarlierTries(Query[EarlierTry]):
    """The tries of a unit that a later one replaced, in their order."""

    title = "earlier tries of a unit"
    sql = """SELECT DISTINCT number, status, failure_kind, failure, calls, usd, committed_at
FROM v_tries_all WHERE unit_key = $key AND standing = 'replaced' ORDER BY number"""
    key: str


class Membership(NamedTuple):
    """A version that a unit is part of, and as what."""

    name: str
    study_version: str
    label: str


@dataclass(frozen=True)
class VersionsOfUnit(Query[Membership]):
    """The versions that a unit is part of, the newest first."""

    title = "versions that a unit is part of"
    sql = """SELECT s.name, s.study_version, m.label
FROM study_units AS m JOIN studies AS s USING (study_version)
WHERE m.unit_key = $key ORDER BY s.created_at DESC, s.study_version, m.label"""
    key: str
