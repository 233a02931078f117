"""``agora plan``: what would run, what is held already, and what it would cost."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.catalogues import with_catalogues
from flows.cli.stored import SHORT
from flows.cli.table import table
from flows.planning import StepPlan, plans
from tasks.stages.registry import steps
from tasks.studies.cells import Design, design
from tasks.studies.load import load_study
from warehouse.store import Warehouse


def print_plans(studies: Sequence[Path], warehouse: Path) -> None:
    """Print the plan of every study.

    Raises:
        Mistake: The warehouse cannot be read.
        Mistakes: A study has mistakes in it.
    """
    loaded = [load_study(path) for path in studies]
    with shelf_of(warehouse) as shelf:
        for one in loaded:
            resolved = design(with_catalogues(one.study, shelf, one.path))
            _print_plan(resolved, list(plans(resolved, shelf, steps())), warehouse)


@contextlib.contextmanager
def shelf_of(warehouse: Path) -> Iterator[Warehouse]:
    """The warehouse for reading; an empty one where there is none yet, and none is made there.

    Raises:
        Mistake: The warehouse cannot be read.
    """
    if warehouse.exists():
        with Warehouse.open(warehouse, read_only=True) as shelf:
            yield shelf
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Warehouse.open(Path(folder) / "empty.duckdb") as shelf,
    ):
        yield shelf


def _print_plan(resolved: Design, planned: Sequence[StepPlan], warehouse: Path) -> None:
    study = resolved.study
    where = f"on {warehouse}" if warehouse.exists() else f"({warehouse} is not there yet)"
    print(f"{study.name}  version {resolved.version[:SHORT]}  {where}")
    lines = [
        (
            plan.step.stage,
            plan.step.name,
            len(plan.units),
            len(plan.held),
            len(plan.failed),
            len(plan.units) - len(plan.held),
        )
        for plan in planned
        if plan.units
    ]
    print(table(("stage", "step", "units", "held", "failed before", "to do"), lines), end="")
    if not any(line[-1] for line in lines):
        print("nothing to do: every unit is in the warehouse")
    print()
