"""Allowances of shards never come to more than the budget of the run, and none waits for ever."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.runners.allowances import Allowance, Allowances
from tasks.models.budget import Budget


async def test_shards_that_are_sent_together_share_what_is_left_equally() -> None:
    allowances = Allowances(Budget(usd=8.0, calls=100), at_once=4)
    given = [await allowances.take(Allowance(), again=False) for _ in range(4)]
    assert {(one.usd, one.calls) for one in given} == {(2.0, 25)}


async def test_a_shard_takes_no_more_than_it_may_need() -> None:
    allowances = Allowances(Budget(usd=8.0), at_once=2)
    given = await allowances.take(Allowance(usd=0.5), again=False)
    assert (given.usd, given.calls) == (0.5, None)


async def test_without_a_budget_there_is_no_limit() -> None:
    given = await Allowances(Budget(), at_once=2).take(Allowance(), again=False)
    assert (given.usd, given.calls) == (None, None)


async def test_the_allowance_of_a_worker_that_died_is_spent() -> None:
    budget = Budget(usd=8.0, calls=100)
    allowances = Allowances(budget, at_once=4)
    allowances.write_off(await allowances.take(Allowance(usd=1.0, calls=10), again=False))
    assert (budget.spent_usd, budget.spent_calls) == (1.0, 10)


async def test_what_did_not_suffice_waits_for_what_others_bring_back() -> None:
    budget = Budget(calls=10)
    allowances = Allowances(budget, at_once=2)
    one, other = [await allowances.take(Allowance(), again=False) for _ in range(2)]
    allowances.settle(one, 0.0, 5)
    waiting = asyncio.create_task(allowances.take(one.grown(), again=True))
    await asyncio.sleep(0)
    assert not waiting.done()
    allowances.settle(other, 0.0, 2)
    assert await waiting == Allowance(calls=3, last=True)


@settings(deadline=None, max_examples=60)
@given(
    needs=st.lists(st.integers(0, 30), min_size=1, max_size=12),
    calls=st.integers(0, 120),
    at_once=st.integers(1, 4),
    guess=st.one_of(st.none(), st.integers(1, 40)),
)
def test_whatever_shards_need_the_budget_is_kept_and_used(
    needs: list[int], calls: int, at_once: int, guess: int | None
) -> None:
    async def run() -> tuple[Budget, int]:
        budget = Budget(calls=calls)
        allowances = Allowances(budget, at_once)
        waiting = [(need, Allowance(calls=guess), False) for need in needs]
        unmet = 0

        async def place() -> None:
            nonlocal unmet
            while waiting:
                need, wanted, again = waiting.pop(0)
                given = await allowances.take(wanted, again=again)
                assert given.calls is not None
                await asyncio.sleep(0)
                used = min(need, given.calls)
                allowances.settle(given, 0.0, used)
                if used < need and given.last:
                    unmet += need - used
                elif used < need:
                    waiting.append((need - used, given.grown(), True))

        await asyncio.wait_for(asyncio.gather(*(place() for _ in range(at_once))), 600)
        return budget, unmet

    budget, unmet = asyncio.run(run())
    assert budget.spent_calls <= calls
    assert budget.spent_calls + unmet == sum(needs)
    if unmet:
        assert budget.spent_calls == calls


@pytest.mark.parametrize("left", [0.0, 1e-12])
async def test_the_last_that_is_left_is_given_even_if_it_is_nothing(left: float) -> None:
    given = await Allowances(Budget(usd=left), at_once=3).take(Allowance(), again=True)
    assert given == Allowance(usd=left, last=True)
