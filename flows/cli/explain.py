"""``agora explain``: why a call or a unit is, or is not, in the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from flows.cli.table import table
from flows.study_references import SHORT, Named, named, rows
from schemas.errors import Mistake, nearest
from schemas.unit import Unit
from warehouse.sql import literal

#: Versions whose units a unit is held against, the newest ones.
MOST_VERSIONS = 10
#: Calls that a call is held against.
MOST_CALLS = 2000

_KEYS = """
select 'call' as kind, call_key as key from calls where starts_with(call_key, {start})
union all
select 'unit', unit_key from (select unit_key from units union select unit_key from study_units)
where starts_with(unit_key, {start})
limit 5
"""
_UNIT = """
select u.unit_key, u.stage, u.step, u.label, u.status, u.failure, u.failure_kind, u.n_rows,
       u.code_version, u.committed_at,
       (select count(*) from calls c where c.unit_key = u.unit_key) as calls
from units u where u.unit_key = {key}
"""
_VERSIONS = """
select s.name, s.study_version, m.label, m.condition
from study_units m join studies s using (study_version)
where m.unit_key = {key} order by s.created_at desc
"""
_HELD = """
select distinct m.step, m.label, m.unit_key
from study_units m join units u using (unit_key) where m.study_version = {version}
"""
#: What may change between two versions of the code.
_CODE = "a prompt template, the rules of the environment, or the recipe of the step"
_CALLS = """
with wanted as (select * from calls where call_key = {key})
select c.call_key, c.unit_key, c.ordinal, c.model, c.api_base, c.params, c.shape, c.reask_of,
       c.purpose, c.subject, c.status, c.asked_at, c.cost_usd, c.attempts, r.digests
from calls c join wanted w on c.model = w.model and c.purpose = w.purpose
join v_requests r on r.call_key = c.call_key
order by c.call_key <> w.call_key, c.ordinal <> w.ordinal, c.subject <> w.subject, c.call_key
limit {most}
"""


def print_explanation(reference: str, study: str | None, warehouse: Path) -> None:
    """Print why something is, or is not, in the warehouse.

    Args:
        reference: The start of a call's or unit's key, or, with a study, a unit's label.
        study: A study file, a name or the start of a version: its units are looked through.
        warehouse: The warehouse.

    Raises:
        Mistake: There is nothing of that key or label.
    """
    if study is not None:
        _planned(reference, named(study, warehouse), warehouse)
        return
    kind, key = _key(reference, warehouse)
    if kind == "call":
        _call(key, warehouse)
    else:
        _unit(key, warehouse)


def _key(reference: str, warehouse: Path) -> tuple[str, str]:
    found: list[dict[str, Any]] = []
    if re.fullmatch("[0-9a-f]{4,32}", reference):
        found = rows(warehouse, _KEYS.format(start=literal(reference)))
    if len(found) == 1:
        return found[0]["kind"], found[0]["key"]
    if found:
        raise Mistake(
            what="several keys begin like that",
            place=str(warehouse),
            found=reference,
            expected="; ".join(f"{row['kind']} {row['key']}" for row in found),
            fix="write more of the key",
        )
    raise Mistake(
        what="no call and no unit has a key that begins so",
        place=str(warehouse),
        found=reference,
        expected="at least 4 digits of a call_key or unit_key that the warehouse knows",
        fix="to ask why a unit is missing, name the study that it belongs to and its label: "
        "agora explain 'baseline 1' --study STUDY.yaml",
    )


def _unit(key: str, warehouse: Path) -> None:
    held = rows(warehouse, _UNIT.format(key=literal(key)))
    versions = rows(warehouse, _VERSIONS.format(key=literal(key)))
    if held:
        _print_held(held[0])
    for row in versions:
        print(f"  part of {row['name']} {row['study_version'][:SHORT]} as {row['label']}")
    if not held:
        print(f"unit {key} was planned and never worked")
        _planned(key, named(versions[0]["study_version"], warehouse), warehouse)


def _print_held(row: dict[str, Any]) -> None:
    when = f"{row['committed_at']:%Y-%m-%d %H:%M}"
    print(f"unit {row['unit_key']}: {row['stage']}/{row['step']} {row['label']}")
    if row["status"] == "done":
        print(f"  held since {when}: {row['n_rows']} rows, {row['calls']} calls")
    else:
        print(f"  failed on {when}: {row['failure_kind']}: {row['failure']}")
        print("  it is worked again by the next run")
    print(f"  worked by code version {row['code_version']}")


def _planned(reference: str, of: Named, warehouse: Path) -> None:
    """Why a unit of a study is, or is not, held; against what other versions consist of."""
    unit = _wanted(reference, _units(of, warehouse), of)
    held = rows(warehouse, _UNIT.format(key=literal(unit.key))) if warehouse.exists() else []
    if held:
        _print_held(held[0])
        return
    print(f"unit {unit.key}: {unit.stage}/{unit.step} {unit.label} is not held")
    if not warehouse.exists():
        print(f"  {warehouse} is not there yet")
        return
    others = [pair for pair in _held_units(of, warehouse).items() if pair[1].step == unit.step]
    if not others:
        print(f"  nor is any other unit of the step {unit.step} to compare it with")
        return
    from tasks.models.explain import differences

    compared = [(differences(_parts(unit), _parts(one)), key, one) for key, one in others]
    found, key, other = min(
        compared, key=lambda one: (len(one[0]), one[2].label != unit.label, one[1])
    )
    print(f"  the nearest one held is {key[:SHORT]} {other.label}, which differs in")
    if found:
        lines = [(one.name, one.wanted, one.found) for one in found]
        print(table(("part of the key", "here", "there"), lines, wrapped_lines=3), end="")
    if other.key != key:
        print(f"  {'and' if found else 'only'} what the code adds to the key: {_CODE}")


def _units(of: Named, warehouse: Path) -> tuple[Unit, ...]:
    from flows.planning import plans
    from flows.shelf import shelf_of
    from tasks.stages.registry import steps

    with shelf_of(warehouse) as shelf:
        planned = plans(of.design(), shelf, steps())
        return tuple(unit for plan in planned for unit in plan.units)


def _held_units(of: Named, warehouse: Path) -> dict[str, Unit]:
    """Units that are held by key, as the versions on record would plan them today.

    A unit that would have another key today is found by its step and label.
    """
    versions = rows(
        warehouse,
        f"select study_version from studies order by name <> {literal(of.study.name)}, "
        f"created_at desc limit {MOST_VERSIONS}",
    )
    found: dict[str, Unit] = {}
    for row in versions:
        version = row["study_version"]
        held = rows(warehouse, _HELD.format(version=literal(version)))
        keys = {one["unit_key"] for one in held}
        by_label = {(one["step"], one["label"]): one["unit_key"] for one in held}
        for unit in _units(named(version, warehouse), warehouse):
            key = unit.key if unit.key in keys else by_label.get((unit.step, unit.label))
            if key is not None:
                found.setdefault(key, unit)
    return found


def _parts(unit: Unit) -> dict[str, Any]:
    """What of a unit its key is made of, as far as its plan tells."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(unit.spec), default=str))
    own = {"replicate": unit.replicate, "upstream": list(unit.upstream)}
    return {**plain, **{name: part for name, part in own.items() if part}}


def _wanted(reference: str, units: Sequence[Unit], of: Named) -> Unit:
    same = [unit for unit in units if reference in {unit.label, unit.key}]
    if not same and re.fullmatch("[0-9a-f]{4,32}", reference):
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
        what="the study has no unit of that label or key",
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

    found = rows(warehouse, _CALLS.format(key=literal(key), most=MOST_CALLS))
    ingredients = [
        Ingredients(
            call_key=row["call_key"],
            unit_key=row["unit_key"],
            ordinal=row["ordinal"],
            model=row["model"],
            api_base=row["api_base"],
            params=json.loads(row["params"]),
            shape=row["shape"],
            messages=row["digests"],
            reask_of=row["reask_of"],
        )
        for row in found
    ]
    row = found[0]
    cost = "price unknown" if row["cost_usd"] is None else f"${row['cost_usd']:.6f}"
    print(f"call {key}: {row['purpose']} {row['subject']} asks {row['model']}")
    print(
        f"  {row['status']} on {row['asked_at']:%Y-%m-%d %H:%M}, attempts {row['attempts']}, {cost}"
    )
    print(f"  question {row['ordinal']} of unit {row['unit_key']}")
    why = explanation(ingredients[0], ingredients[1:])
    if why.nearest is None:
        print("  no other call to this model could be compared with it")
        return
    print(f"  asked for itself: the call most like it, {why.nearest}, differs in")
    lines = [(one.name, one.wanted, one.found) for one in why.differences]
    print(table(("part of the key", "here", "there"), lines, wrapped_lines=3), end="")
