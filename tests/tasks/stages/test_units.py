"""A unit's key covers what its work may use, and nothing else."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.gateway import Gateway
from schemas.keys import NOT_IDENTITY, Shared, digest, identity_shown, shared
from schemas.study import ModelSpec
from schemas.unit import Failure, Unit, UnitFailed
from tasks.models.budget import BudgetSpent
from tasks.models.estimate import Planned, Span
from tasks.stages.base import Step, Upstream
from tasks.stages.working import BUDGET, Slots, results_of, work_units
from tasks.studies.design import Design


@dataclass(frozen=True, slots=True)
class Sum:
    """Some numbers to be added."""

    numbers: tuple[int, ...]
    model: Shared[ModelSpec]
    note: str = field(default="", metadata=NOT_IDENTITY)


class SumStep(Step[Sum, Any]):
    """Adds numbers, if their first one allows it."""

    stage = "metrics"
    name = "sum"
    title = "sums"
    recipe = 1
    writes = ("sums",)
    asks = "agent"
    concurrent = True

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[Sum], ...]:
        return ()

    def questions(self, design: Design, units: Any, upstream: Upstream) -> list[Planned]:
        return [self.planned("m", MODEL.value, Span(len(units), len(units)), "one for each")]

    async def work(self, unit: Unit[Sum], prepared: Any, gateway: Gateway) -> Mapping[str, Any]:
        first = unit.spec.numbers[0]
        if first < 0:
            raise UnitFailed(Failure("negative", "no"), {"found": [{"n": first}]})
        if first == 0:
            raise BudgetSpent(spent_usd=1.0, spent_calls=1, budget_usd=1.0, budget_calls=None)
        if first > 100:
            raise ZeroDivisionError
        return {"sums": [{"n": sum(unit.spec.numbers)}]}


STEP = SumStep()
MODEL = shared(ModelSpec(model="sim/agent"))


class Recorder:
    """A gateway that recorded one call of every unit."""

    async def ask(self, question: Any) -> Any:
        raise AssertionError

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        return {"calls": [{"unit_key": unit_key}], "attempts": []}


numbers = st.lists(st.integers(1, 50), min_size=1, max_size=4).map(tuple)


@given(numbers, numbers, st.text(), st.text())
def test_a_key_differs_where_the_identity_does_and_only_there(
    a: tuple[int, ...], b: tuple[int, ...], note: str, other: str
) -> None:
    one, two = STEP.unit(Sum(a, MODEL, note)), STEP.unit(Sum(b, MODEL, other), label="x")
    assert (one.key == two.key) is (a == b)


def test_limits_of_a_model_are_no_part_of_a_key_and_its_parameters_are() -> None:
    slow = shared(ModelSpec(model="sim/agent", max_in_flight=1))
    warm = shared(ModelSpec(model="sim/agent", temperature=1.0))
    keys = [STEP.unit(Sum((1,), model)).key for model in (MODEL, slow, warm)]
    assert keys[0] == keys[1] != keys[2]


def test_a_recipe_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = STEP.unit(Sum((1,), MODEL)).key
    monkeypatch.setattr(SumStep, "recipe", 2)
    assert STEP.unit(Sum((1,), MODEL)).key != before


def test_a_unit_comes_back_from_a_pickle_with_its_key() -> None:
    unit = STEP.unit(Sum((1, 2), MODEL, "note"), replicate=3)
    again = pickle.loads(pickle.dumps(unit))
    assert again == unit
    assert again.spec == unit.spec
    assert STEP.unit(again.spec).key == unit.key


def test_people_are_shown_what_a_key_is_made_of() -> None:
    shown = identity_shown(Sum((1,), MODEL, "note"))
    assert shown == {"numbers": [1], "model": {"model": "sim/agent"}}
    assert digest(replace(MODEL, value=None)) == digest(MODEL)


async def test_what_was_recorded_comes_with_every_result_and_failures_are_results() -> None:
    units = [STEP.unit(Sum((n, 1), MODEL)) for n in (2, -1, 0)]
    done, failed, stopped = await results_of(STEP, units, {}, Recorder())
    assert done.rows == {"sums": [{"n": 3}], "calls": [{"unit_key": units[0].key}]}
    assert failed.failure == Failure("negative", "no")
    assert failed.rows == {"found": [{"n": -1}], "calls": [{"unit_key": units[1].key}]}
    assert stopped.failure is not None
    assert stopped.failure.kind == BUDGET
    assert stopped.rows == {"calls": [{"unit_key": units[2].key}]}


async def test_a_bug_is_no_failure_of_a_unit() -> None:
    with pytest.raises(ZeroDivisionError):
        await results_of(STEP, [STEP.unit(Sum((101,), MODEL))], {}, Recorder())


async def settled() -> None:
    """Lets every task of the loop go on until it waits for something that others do."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_slots_are_taken_in_order_and_results_go_as_units_end() -> None:
    slots, begun, ended = Slots(2), [], []
    gates = {n: asyncio.Event() for n in range(4)}

    class Waiting(SumStep):
        async def work(self, unit: Unit[Sum], prepared: Any, gateway: Gateway) -> Mapping[str, Any]:
            begun.append(unit.spec.numbers[0])
            await gates[unit.spec.numbers[0]].wait()
            return {}

    async def take(result: Any) -> None:
        ended.append(result.unit.spec.numbers[0])

    units = [STEP.unit(Sum((n,), MODEL)) for n in range(4)]
    slots.announce(len(units))
    work = asyncio.create_task(work_units(Waiting(), units, {}, Recorder(), slots, take))
    free = asyncio.create_task(slots.free())
    await settled()
    assert begun == [0, 1]
    gates[1].set()
    await settled()
    assert (begun, ended) == ([0, 1, 2], [1])  # the slowest one holds nobody up
    assert not free.done()  # the next shard waits: a unit of this one has not begun
    gates[2].set()
    await settled()
    assert begun == [0, 1, 2, 3]
    gates[3].set()
    await asyncio.wait_for(free, 600)
    gates[0].set()
    await work
    assert ended == [1, 2, 3, 0]


async def test_closed_slots_let_no_unit_begin() -> None:
    slots, taken = Slots(1), []

    async def take(result: Any) -> None:
        taken.append(result)
        slots.close()

    units = [STEP.unit(Sum((n,), MODEL)) for n in (1, 2, 3)]
    slots.announce(len(units))
    await work_units(STEP, units, {}, Recorder(), slots, take)
    assert [result.unit for result in taken] == units[:1]
    await asyncio.wait_for(slots.free(), 600)
