"""``agora diff``: in what two studies, or two versions of one, differ."""

from __future__ import annotations

from pathlib import Path

from flows.cli.stored import Named, literal, named, rows
from flows.cli.table import table
from tasks.studies.differences import Difference, differences

#: Fields that are listed, at most.
MOST_FIELDS = 60

_UNITS = """
with a as (select distinct stage, step, unit_key from study_units where study_version = {a}),
     b as (select distinct stage, step, unit_key from study_units where study_version = {b})
select coalesce(a.stage, b.stage) as stage, coalesce(a.step, b.step) as step,
       count(*) filter (b.unit_key is null) as only_a,
       count(*) filter (a.unit_key is not null and b.unit_key is not null) as shared,
       count(*) filter (a.unit_key is null) as only_b
from a full join b using (unit_key)
group by all order by all
"""


def print_differences(a: str, b: str, warehouse: Path) -> None:
    """Print the fields in which two studies differ, and how many units each has alone.

    Raises:
        Mistake: One of them is not there, or the warehouse cannot be read.
        Mistakes: A study file has mistakes in it.
    """
    one, other = named(a, warehouse), named(b, warehouse)
    print(f"a  {_title(one)}\nb  {_title(other)}\n")
    found = differences(one.study, other.study)
    if found:
        lines = [_line(difference) for difference in found[:MOST_FIELDS]]
        print(table(("field", "in a", "in b"), lines, wrapped_lines=4))
        if len(found) > MOST_FIELDS:
            print(f"({len(found) - MOST_FIELDS} more fields differ)\n")
    else:
        print("no field differs\n")
    if one.version == other.version:
        print("both have the same version: every unit is shared")
    elif one.held and other.held:
        sql = _UNITS.format(a=literal(one.version), b=literal(other.version))
        counts = [tuple(row.values()) for row in rows(warehouse, sql)]
        print(table(("stage", "step", "units only in a", "shared", "only in b"), counts), end="")
    else:
        missing = [side.path for side in (one, other) if not side.held]
        print(f"units are compared once both were run; not run yet: {', '.join(missing)}")


def _title(found: Named) -> str:
    return f"{found.title}  from {found.path}"


def _line(difference: Difference) -> tuple[str, object, object]:
    """A line of the table; a dash where one side has no such field."""
    absent = "-"
    return (
        difference.field,
        absent if difference.only == "b" else difference.a,
        absent if difference.only == "a" else difference.b,
    )
