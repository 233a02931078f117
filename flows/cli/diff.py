"""``agora diff``: in what two studies, or two versions of one, differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.cli.table import table
from flows.cli.terminal import say
from flows.study_references import Named, named
from schemas.unit import STAGES
from tasks.studies.differences import Difference, differences
from warehouse.queries.units import UnitsOfVersion
from warehouse.reader import reader, reader_or_empty

#: Fields that are listed, at most.
MOST_FIELDS = 60

Units = dict[str, tuple[str, str]]


def print_differences(a: str, b: str, warehouse: Path, allowed: Sequence[Path] = ()) -> None:
    """Print the fields in which two studies differ, and how many units each has alone.

    Raises:
        Mistake: One of them is not there, or the warehouse cannot be read.
        Mistakes: A study file has mistakes in it.
    """
    one, other = (named(one, warehouse, allowed) for one in (a, b))
    say(f"a  {_title(one)}\nb  {_title(other)}\n")
    found = differences(one.study, other.study)
    if found:
        lines = [_line(difference) for difference in found[:MOST_FIELDS]]
        say(table(("field", "in a", "in b"), lines, wrapped_lines=4))
        if len(found) > MOST_FIELDS:
            say(f"({len(found) - MOST_FIELDS} more fields differ.)\n")
    else:
        say("The studies do not differ in any field.\n")
    if one.version == other.version:
        say("Both have the same version, so they share every unit.")
        return
    sides = [_units(side, warehouse) for side in (one, other)]
    say(table(("stage", "step", "units only in a", "shared", "only in b"), _counts(*sides)), end="")


def _units(side: Named, warehouse: Path) -> Units:
    """Stage and step by unit: those on record, or those that a study not run yet would have."""
    if side.recorded:
        with reader(warehouse) as reading:
            units = reading.rows(UnitsOfVersion(side.version))
        return {unit.unit_key: (unit.stage, unit.step) for unit in units}
    from flows.planning import plans
    from tasks.stages.registry import steps

    with reader_or_empty(warehouse) as reading:
        return {
            unit.key: (unit.stage, unit.step)
            for plan in plans(side.design(), reading, steps())
            for unit in plan.units
        }


def _counts(a: Units, b: Units) -> list[tuple[str, str, int, int, int]]:
    """Units that each side has alone, and those that both have, by stage and step."""
    kinds = sorted({*a.values(), *b.values()}, key=lambda kind: (STAGES.index(kind[0]), kind[1]))
    return [
        (
            *kind,
            sum(a[key] == kind for key in a.keys() - b.keys()),
            sum(a[key] == kind for key in a.keys() & b.keys()),
            sum(b[key] == kind for key in b.keys() - a.keys()),
        )
        for kind in kinds
    ]


def _title(found: Named) -> str:
    return f"{found.title}  from {found.path}"


def _line(difference: Difference) -> tuple[str, object, object]:
    """A line of the table; a dash where one side has no such field."""
    absent = "-"
    return (
        difference.field,
        absent if difference.only == "b" else _given(difference.a),
        absent if difference.only == "a" else _given(difference.b),
    )


def _given(value: object) -> object:
    """A value without the fields that nobody set.

    Example:
        >>> _given({"model": "sim/judge", "api_base": None})
        {'model': 'sim/judge'}
    """
    if isinstance(value, dict):
        return {name: _given(part) for name, part in value.items() if part is not None}
    return value
