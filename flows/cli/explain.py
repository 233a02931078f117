"""``agora explain``: why a call or a unit is, or is not, in the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from flows.cli.table import table
from flows.cli.terminal import say
from flows.naming import SHORT
from flows.study_references import Named, named, study_of
from schemas.counts import counted
from schemas.errors import Mistake, nearest
from schemas.keys import identity_shown
from schemas.unit import AnyUnit
from warehouse.queries.calls import CallsLike
from warehouse.queries.studies import StudyOfVersion, Versions
from warehouse.queries.units import (
    EarlierTries,
    EarlierTry,
    KeyFound,
    KeysThatBegin,
    UnitOfKey,
    UnitsOfVersion,
    VersionsOfUnit,
    WorkedUnit,
)
from warehouse.reader import Reader, reader, reader_or_empty

#: Versions whose units a unit is held against, the newest ones.
MOST_VERSIONS = 10
#: Calls that a call is held against.
MOST_CALLS = 2000
#: The start of a key.
_START = re.compile("[0-9a-f]{4,32}")

#: What may change between two versions of the code.
_CODE = "a prompt template, the rules of the environment, or the recipe of the step"


def print_explanation(
    reference: str, study: str | None, warehouse: Path, allowed: Sequence[Path] = ()
) -> None:
    """Print why something is, or is not, in the warehouse.

    Args:
        reference: The start of a call's or unit's key, or, with a study, a unit's label.
        study: A study file, a name or the start of a version: its units are looked through.
        warehouse: The warehouse.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is nothing of that key or label.
    """
    if study is not None:
        _planned(reference, named(study, warehouse, allowed), warehouse)
        return
    kind, key = _key(reference, warehouse)
    if kind == "call":
        _call(key, warehouse)
    else:
        _unit(key, warehouse)


def _key(reference: str, warehouse: Path) -> tuple[str, str]:
    found: list[KeyFound] = []
    if _START.fullmatch(reference):
        with reader(warehouse) as reading:
            found = reading.rows(KeysThatBegin(reference))
    if len(found) == 1:
        return found[0].kind, found[0].key
    if found:
        raise Mistake(
            what="several keys start like this",
            place=str(warehouse),
            found=reference,
            expected="; ".join(f"{one.kind} {one.key}" for one in found),
            fix="write more of the key",
        )
    raise Mistake(
        what="no call or unit has a key that starts like this",
        place=str(warehouse),
        found=reference,
        expected="the first 4 or more digits of a call_key or unit_key in the warehouse",
        fix="to ask why a unit is missing, give its label and its study: "
        "agora explain 'baseline 1' --study STUDY.yaml",
    )


def _unit(key: str, warehouse: Path) -> None:
    with reader(warehouse) as reading:
        worked = reading.rows(UnitOfKey(key))
        earlier = reading.rows(EarlierTries(key))
        versions = reading.rows(VersionsOfUnit(key))
    for unit in worked:
        _print_worked(unit, earlier)
    for row in versions:
        say(f"  part of {row.name} {row.study_version[:SHORT]} as {row.label}")
    if not worked:
        say(f"unit {key} was planned, but no run has done it yet")
        _planned(key, named(versions[0].study_version, warehouse), warehouse)


def _print_worked(unit: WorkedUnit, earlier: Sequence[EarlierTry]) -> None:
    when = f"{unit.committed_at:%Y-%m-%d %H:%M}"
    say(f"unit {unit.unit_key}: {unit.stage}/{unit.step} {unit.label}")
    if unit.status == "done":
        what = f"{counted(unit.n_rows, 'row')}, {counted(unit.n_calls, 'call')}"
        say(f"  in the warehouse since {when}: {what}")
    else:
        say(f"  failed on {when}: {unit.failure_kind}: {unit.failure}")
        say("  the next run tries it again")
    say(f"  done by code version {unit.code_version}")
    for one in earlier:
        cost = "" if one.usd is None else f", ${one.usd:,.4f}"
        say(
            f"  try {one.number} {one.status} on {one.committed_at:%Y-%m-%d %H:%M}, "
            f"{counted(one.calls, 'call')}{cost}: {one.failure_kind}: {one.failure}"
        )


def _planned(reference: str, of: Named, warehouse: Path) -> None:
    """Why a unit of a study is, or is not, held; against what other versions consist of."""
    with reader_or_empty(warehouse) as reading:
        unit = _unit_named(reference, _units(of, reading), of)
        worked = reading.rows(UnitOfKey(unit.key))
        earlier = reading.rows(EarlierTries(unit.key))
        others = [] if worked else _worked_units(unit.step, of, reading)
    if worked:
        _print_worked(worked[0], earlier)
        return
    say(f"unit {unit.key}: {unit.stage}/{unit.step} {unit.label} is not in the warehouse")
    if not warehouse.exists():
        say(f"  {warehouse} does not exist yet")
        return
    if not others:
        say(f"  and neither is any other unit of the step {unit.step} to compare it with")
        return
    from tasks.models.explain import differences

    compared = [(differences(_parts(unit), _parts(one)), key, one) for key, one in others]
    found, key, other = min(
        compared, key=lambda one: (len(one[0]), one[2].label != unit.label, one[1])
    )
    say(f"  the most similar unit in the warehouse is {key[:SHORT]} {other.label}; it differs in")
    if found:
        lines = [(one.name, one.wanted, one.found) for one in found]
        say(table(("part of the key", "this unit", "that unit"), lines, wrapped_lines=3), end="")
    if other.key != key:
        say(f"  {'and possibly in' if found else 'only in'} what the code adds to the key: {_CODE}")


def _units(of: Named, warehouse: Reader) -> tuple[AnyUnit, ...]:
    from flows.planning import plans
    from tasks.stages.registry import steps

    planned = plans(of.design(), warehouse, steps())
    return tuple(unit for plan in planned for unit in plan.units)


def _worked_units(step: str, of: Named, warehouse: Reader) -> list[tuple[str, AnyUnit]]:
    """Units of a step that were worked, with their keys, as their versions would be planned today.

    A unit that would have another key today is found by its step and label.
    """
    versions = sorted(warehouse.rows(Versions()), key=lambda row: row.created_at, reverse=True)
    versions.sort(key=lambda row: row.name != of.study.name)
    found: dict[str, AnyUnit] = {}
    for version in versions[:MOST_VERSIONS]:
        (row,) = warehouse.rows(StudyOfVersion(version.study_version))
        members = [one for one in warehouse.rows(UnitsOfVersion(row.study_version)) if one.worked]
        keys = {one.unit_key for one in members}
        by_label = {(one.step, one.label): one.unit_key for one in members}
        for unit in _units(Named(study_of(row), row.study_version, row.path, True), warehouse):
            key = unit.key if unit.key in keys else by_label.get((unit.step, unit.label))
            if key is not None and unit.step == step:
                found.setdefault(key, unit)
    return list(found.items())


def _parts(unit: AnyUnit) -> dict[str, Any]:
    """What of a unit its key is made of, as far as its plan tells."""
    plain: dict[str, Any] = identity_shown(unit.spec)
    own = {"replicate": unit.replicate, "upstream": list(unit.upstream)}
    return {**plain, **{name: part for name, part in own.items() if part}}


def _unit_named(reference: str, units: Sequence[AnyUnit], of: Named) -> AnyUnit:
    same = [unit for unit in units if reference in {unit.label, unit.key}]
    if not same and _START.fullmatch(reference):
        same = [unit for unit in units if unit.key.startswith(reference)]
    if len(same) == 1:
        return same[0]
    if same:
        raise Mistake(
            what="several units have that label",
            place=of.title,
            found=reference,
            expected="; ".join(f"{unit.stage}/{unit.step} {unit.key}" for unit in same[:5]),
            fix="write the key of one of them",
        )
    near = nearest(reference, _distinct(unit.label for unit in units))
    raise Mistake(
        what="the study has no unit with this label or key",
        place=of.title,
        found=reference,
        expected=f"labels such as {', '.join(_distinct(unit.label for unit in units)[:5])}",
        fix=f"did you mean '{near}'?" if near else "agora plan lists its steps",
    )


def _distinct(labels: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(labels))


def _call(key: str, warehouse: Path) -> None:
    """What a call is, and in what it differs from the one most like it: why it was not shared."""
    from tasks.models.explain import Ingredients, explanation

    with reader(warehouse) as reading:
        found = reading.rows(CallsLike(key, MOST_CALLS))
    ingredients = [
        Ingredients(
            call_key=row.call_key,
            unit_key=row.unit_key,
            ordinal=row.ordinal,
            model=row.model,
            api_base=row.api_base,
            params=json.loads(row.params),
            answer_schema=row.answer_schema,
            messages=row.digests,
            reask_of=row.reask_of,
        )
        for row in found
    ]
    row = found[0]
    cost = "price unknown" if row.cost_usd is None else f"${row.cost_usd:.6f}"
    say(f"call {key}: {row.purpose} {row.subject} asks {row.model}")
    say(f"  {row.status} on {row.asked_at:%Y-%m-%d %H:%M}, attempts {row.attempts}, {cost}")
    say(f"  question {row.ordinal} of unit {row.unit_key}")
    why = explanation(ingredients[0], ingredients[1:])
    if why.nearest is None:
        say("  there is no other call to this model to compare it with")
        return
    say(f"  not shared with the most similar call, {why.nearest}, which differs in")
    lines = [(one.name, one.wanted, one.found) for one in why.differences]
    say(table(("part of the key", "this unit", "that unit"), lines, wrapped_lines=3), end="")
