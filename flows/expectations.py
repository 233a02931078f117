"""Checks what a version of a study holds at the end of a stage, and says what does not hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING

from schemas.checks import Checked, DataCheck
from schemas.keys import digest
from schemas.study import ContrastExpectation, NumberExpectation
from schemas.unit import STAGES, Stage
from tasks.expectations.numbers import checked_numbers
from tasks.expectations.reproduction import numbers_wanted
from tasks.expectations.suites import suite
from warehouse.expectations.data_sets import check_data_sets, conditions_held
from warehouse.expectations.results import held_results, record_results
from warehouse.queries.expectations import Numbers
from warehouse.queries.measures import Contrasts

if TYPE_CHECKING:
    from flows.session import Session

#: Raised by hand when the way in which data sets are read or checked changes.
RECIPE = 1


async def check_stage(session: Session, stage: Stage) -> list[Checked]:
    """What the expectations of a stage find in the rows that the study's version holds now.

    Results for the same rows and the same expectations are taken from ``validations``; only new
    ones need Great Expectations. Nothing is checked of a stage that has no units, or in a run that
    leaves work to the next one, since its data set is not whole.

    Args:
        session: The run.
        stage: A stage whose steps were worked.
    """
    plans = [plan for plan in session.plans.values() if plan.step.stage == stage]
    some = any(plan.units or plan.step.brought_in(session.design) for plan in plans)
    if session.unfinished is not None or not some:
        return []
    keys = sorted({unit.key for plan in plans for unit in plan.held})
    found = await asyncio.to_thread(_found, session, stage, keys)
    session.checked[stage] = found
    return found


def _found(session: Session, stage: Stage, keys: Sequence[str]) -> list[Checked]:
    design, warehouse = session.design, session.warehouse
    if design.study.imported is not None:
        conditions = conditions_held(warehouse, design.version)
    else:
        conditions = [condition.name for condition in design.conditions]
    checks = suite(stage, design, conditions)
    numbers = [
        one
        for one in design.study.expect
        if stage == STAGES[-1] and isinstance(one, ContrastExpectation | NumberExpectation)
    ]
    if not checks and not numbers:
        return []
    batch = digest(
        "checks",
        RECIPE,
        package_version("great-expectations"),
        design.version,
        stage,
        [(check.expectation, check.condition, check.declared_by) for check in checks],
        numbers,
        keys,
    )
    held = held_results(warehouse, batch)
    if held:
        return held
    found = [*_data_sets(session, checks), *(_numbers(session) if numbers else ())]
    record_results(
        warehouse,
        batch,
        found,
        study_version=design.version,
        stage=stage,
        run_id=session.run_id,
    )
    return found


def _data_sets(session: Session, checks: Sequence[DataCheck]) -> list[Checked]:
    if not checks:
        return []
    return check_data_sets(session.warehouse, session.checker, session.design.version, checks)


def _numbers(session: Session) -> list[Checked]:
    """What is found of the contrasts and numbers that the study expects something of."""
    study, version = session.design.study, session.design.version
    metrics = session.warehouse.rows(Numbers(version, numbers_wanted(study)))
    contrasts = session.warehouse.rows(Contrasts(version))
    return list(
        checked_numbers(
            study, [row._asdict() for row in metrics], [row._asdict() for row in contrasts]
        )
    )


def broken(found: Sequence[Checked], *, critical: bool = False) -> list[Checked]:
    """What does not hold: all of it, or only what is critical."""
    return [one for one in found if not one.passed and (not critical or one.severity == "critical")]


def summary(found: Sequence[Checked]) -> str:
    """How many expectations hold, and which do not; empty where none were checked."""
    if not found:
        return ""
    failing = broken(found)
    head = f"{len(found) - len(failing)} of {len(found)} expectations hold"
    return "; ".join([head, *(f"{one.severity}: {one.sentence}" for one in failing)])
