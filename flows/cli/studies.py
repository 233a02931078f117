"""``agora studies``: the versions of studies in a warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.cli.table import table
from flows.study_references import SHORT, rows
from schemas.unit import STAGES

_VERSIONS = """
select s.name, s.study_version, s.created_at,
       row_number() over (partition by s.name order by s.created_at, s.study_version) as number,
       greatest(len(json_keys(s.spec, '$.conditions')), 1) as conditions,
       (s.spec ->> '$.replicates')::int as replicates,
       json_type(s.spec, '$.episode') = 'OBJECT' as run_here
from studies s
order by s.created_at, s.study_version
"""
_UNITS = """
select u.study_version, u.stage,
       count(distinct u.unit_key) as units,
       count(distinct u.unit_key) filter (u.status = 'done') as done,
       count(distinct u.unit_key) filter (u.status = 'failed') as failed
from v_units u
group by all
"""


def print_studies(warehouse: Path) -> None:
    """Print one line per version: when it was first run, and what of it is done.

    Raises:
        Mistake: The warehouse cannot be read.
    """
    versions = rows(warehouse, _VERSIONS)
    if not versions:
        print(f"{warehouse} holds no study yet; agora run STUDY.yaml runs one")
        return
    counts = {(row["study_version"], row["stage"]): row for row in rows(warehouse, _UNITS)}
    columns = ["study", "version", "first run", "runs", *STAGES]
    lines = [
        (
            f"{row['name']}@{row['number']}",
            row["study_version"][:SHORT],
            row["created_at"].strftime("%Y-%m-%d %H:%M"),
            f"{row['conditions']} x {row['replicates']}" if row["run_here"] else "imported",
            *(_progress(counts.get((row["study_version"], stage))) for stage in STAGES),
        )
        for row in versions
    ]
    print(table(columns, lines), end="")
    print(
        "(runs: conditions x replicates; stages: units done of those planned; "
        "a name alone means its newest version)"
    )


def _progress(row: dict[str, Any] | None) -> str:
    """Units done of those planned, and those that failed.

    Example:
        >>> _progress({"units": 9, "done": 7, "failed": 2}), _progress(None)
        ('7/9, 2 failed', '-')
    """
    if row is None:
        return "-"
    failed = f", {row['failed']} failed" if row["failed"] else ""
    return f"{row['done']}/{row['units']}{failed}"
