"""``agora studies``: the versions of studies in a warehouse."""

from __future__ import annotations

from pathlib import Path

from flows.cli.table import table
from flows.cli.terminal import say
from flows.naming import SHORT
from schemas.unit import STAGES
from warehouse.queries.studies import Version, Versions
from warehouse.queries.units import StageCount, UnitsByStage
from warehouse.reader import reader


def print_studies(warehouse: Path) -> None:
    """Print one line per version: when it was last run, and what of it is done.

    Raises:
        Mistake: The warehouse cannot be read.
    """
    with reader(warehouse) as reading:
        versions = reading.rows(Versions())
        counts = {(row.study_version, row.stage): row for row in reading.rows(UnitsByStage())}
    if not versions:
        say(f"{warehouse} holds no study yet. Run one with: agora run STUDY.yaml")
        return
    stages = [stage for stage in STAGES if any(of == stage for _, of in counts)]
    columns = ["study", "version", "last run", "design", *stages]
    lines = [
        (
            f"{row.name}@{row.number}",
            row.study_version[:SHORT],
            f"{row.last_run_at:%Y-%m-%d %H:%M}",
            _design(row),
            *(_progress(counts.get((row.study_version, stage))) for stage in stages),
        )
        for row in versions
    ]
    say(table(columns, lines), end="")
    say("(design: conditions x replicates; then units done of those planned, by stage)")
    if any(row.number > 1 for row in versions):
        say("(a name without a number means the version that was run last)")


def _design(row: Version) -> str:
    if row.plays_episodes:
        few, many = row.fewest_replicates, row.most_replicates
        return f"{row.conditions} x {few if few == many else f'{few}..{many}'}"
    return "imported" if row.imports_episodes else f"{row.conditions} of personas"


def _progress(count: StageCount | None) -> str:
    """Units done of those planned, and those that failed.

    Example:
        >>> _progress(StageCount("v", "codes", 9, 7, 2)), _progress(None)
        ('7/9, 2 failed', '-')
    """
    if count is None:
        return "-"
    failed = f", {count.failed} failed" if count.failed else ""
    return f"{count.done}/{count.units}{failed}"
