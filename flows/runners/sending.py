"""Sends the shards of a step to a cluster, and commits what comes back."""

from __future__ import annotations

import asyncio
import math
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import CrashedRun, PrefectHTTPStatusError
from prefect.states import Crashed

from flows.committing import Committer
from flows.estimating import estimated
from flows.naming import place
from flows.planning import StepPlan, frames_of
from flows.runners.allowances import Allowance, Allowances
from flows.runners.elsewhere import ShardName, work_shard_elsewhere
from flows.runners.paid import paid_answers
from schemas.failures import UnitCounts
from schemas.gateway import WORKER_LOST
from schemas.unit import AnyUnit, Failure, Result
from tasks.concurrency import gather_all
from tasks.models.budget import Budget
from tasks.shards import shards_of, state_of
from tasks.stages.sent import ReturnedShard, SentShard, Terms, packed
from tasks.stages.working import BUDGET, Slots

if TYPE_CHECKING:
    from flows.runners.cluster import Cluster
    from flows.session import Session

#: A shard whose worker died is sent again so many times; then its units have failed.
SENT_AGAIN = 3
#: Shards that each place on a cluster works of a step, where its units suffice: so that no place
#: is idle for long at the end, and a worker that dies costs little.
SHARDS_PER_PLACE = 4
#: What units may need is estimated; most shards get by with so many times their part of it.
MARGIN = 2


@dataclass
class Sending:
    """A shard on its way.

    Attributes:
        units: Units of it that are not done.
        number: Number of the shard, from 1.
        wanted: What it may need.
        again: Whether an allowance did not suffice it.
        losses: How often its worker died.
    """

    units: Sequence[AnyUnit]
    number: int
    wanted: Allowance
    again: bool = False
    losses: int = 0


#: A task that ended, its units, and how they ended.
Came = tuple[uuid.UUID, Sequence[AnyUnit], UnitCounts]


class WorkerLost(Exception):
    """A worker died.

    Args:
        begun: Whether it had begun its shard, so that something may have been spent on it.
    """

    def __init__(self, *, begun: bool) -> None:
        super().__init__()
        self.begun = begun


class Sender:
    """Sends the shards of one step.

    Args:
        session: The run.
        plan: The step.
        todo: Its units that are to be worked.
        cluster: Who works them.
    """

    def __init__(
        self, session: Session, plan: StepPlan, todo: Sequence[AnyUnit], cluster: Cluster
    ) -> None:
        self._session, self._plan, self._cluster = session, plan, cluster
        self._at_once = _at_once(session, plan, cluster)
        step = plan.step
        self._place = place(session.design.study.name, step.stage, step.name)
        self._failed = {unit.key for unit in plan.failed}
        shards = shards_of(todo, _width(len(todo), self._at_once, plan, session.concurrency))
        self._total = len(shards)
        wanted = _wanted(session, plan, len(todo))
        self._waiting = deque(
            Sending(units, number, wanted(len(units)))
            for number, units in enumerate(shards, start=1)
        )
        self._allowances = Allowances(session.gateway.budget, self._at_once)
        self._committer = Committer(session, step.name, Slots(1))
        self._came: list[Came] = []

    async def send(self) -> None:
        """Send all shards and commit what comes back.

        Raises:
            Mistake: Something that the user can mend keeps a model from being asked.
        """
        threads = ThreadPoolExecutor(self._at_once, thread_name_prefix="shard")
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._at_once, self._total)):
                    group.create_task(self._work_place(group, threads))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            await self._committer.flush()
        await fail_refused(self._came, self._committer)

    async def _work_place(self, group: asyncio.TaskGroup, threads: ThreadPoolExecutor) -> None:
        """Keep one place of the cluster at work: it has its next shard while one is taken over."""
        session = self._session
        taking: asyncio.Task[None] | None = None
        while True:
            if taking is not None and not self._waiting:
                await taking  # it may leave units that are sent again
            if not self._waiting or session.stopped is not None:
                return
            sending = self._waiting.popleft()
            allowance = await self._allowances.take(sending.wanted, again=sending.again)
            if session.stopped is not None:
                self._allowances.settle(allowance, 0.0, 0)
                return
            try:
                returned = await self._returned(sending, allowance, threads)
            except WorkerLost as lost:
                session.gateway.journal.take_over()
                if lost.begun:
                    self._allowances.write_off(allowance)
                    sending.losses += 1
                else:
                    self._allowances.settle(allowance, 0.0, 0)
                await self._send_again(sending)
            else:
                self._allowances.settle(allowance, returned.spent_usd, returned.spent_calls)
                if taking is not None:
                    await taking
                taking = group.create_task(self._take(sending, allowance, returned))

    async def _returned(
        self, sending: Sending, allowance: Allowance, threads: ThreadPoolExecutor
    ) -> ReturnedShard:
        """What came of a shard.

        Raises:
            WorkerLost: Its worker died.
            Mistake: Something that the user can mend keeps a model from being asked.
        """
        loop, cluster, name = asyncio.get_running_loop(), self._cluster, uuid.uuid4().hex
        terms = self._terms(sending.units, allowance)
        data = await asyncio.to_thread(self._packed, sending.units, terms)
        sent = ShardName(name)
        future = work_shard_elsewhere.submit(data, sent, self._place, sending.number, self._total)
        wait = partial(future.result, raise_on_failure=False)
        try:
            came = await loop.run_in_executor(threads, wait)
        except asyncio.CancelledError:
            cluster.cancel(future)
            raise
        except Exception as error:
            if not cluster.lost(error):
                raise
            crashed: State[None] = Crashed(message="its worker died; its units are sent again")
            await record_state(future.task_run_id, crashed)
            raise WorkerLost(begun=cluster.was_begun(name)) from error
        finally:
            await loop.run_in_executor(threads, cluster.forget, name)
        if isinstance(came, CrashedRun):
            raise WorkerLost(begun=True) from came
        if isinstance(came, BaseException):
            raise came
        returned = cast(ReturnedShard, came)
        self._came.append((future.task_run_id, sending.units, returned.counts))
        return returned

    def _terms(self, units: Sequence[AnyUnit], allowance: Allowance) -> Terms:
        session, journal = self._session, self._session.gateway.journal
        return Terms(
            journals=journal.folder,
            mark=journal.own_name(),
            run_id=session.run_id,
            units_at_once=session.concurrency if self._plan.step.concurrent else 1,
            parts=self._at_once,
            usd=allowance.usd,
            calls=allowance.calls,
            lent=[record for unit in units for record in journal.of(unit.key)],
            without_credit=dict(session.gateway.accounts.empty),
        )

    def _packed(self, units: Sequence[AnyUnit], terms: Terms) -> bytes:
        """A shard as it is sent. A thread reads its rows; journals are the event loop's alone."""
        warehouse, step = self._session.warehouse, self._plan.step
        failed = tuple(unit.key for unit in units if unit.key in self._failed)
        if step.asks is not None:
            terms = replace(terms, held=paid_answers(warehouse, failed))
        rows = frames_of(warehouse, step.reads(units))
        return packed(SentShard(step.name, units, rows, terms))

    async def _send_again(self, sending: Sending) -> None:
        """Send a shard again whose worker died, or give its units up."""
        if sending.losses <= SENT_AGAIN:
            self._waiting.appendleft(sending)
            return
        failure = Failure(WORKER_LOST, f"{sending.losses} workers died while it was worked")
        for unit in sending.units:
            await self._committer.take(Result(unit, {}, failure))

    async def _take(self, sending: Sending, given: Allowance, returned: ReturnedShard) -> None:
        """Take over what came of a shard; what its allowance did not suffice is sent again."""
        gateway, units = self._session.gateway, {unit.key: unit for unit in sending.units}
        gateway.usage.add(returned.usage)
        gateway.journal.lost += returned.lost
        gateway.accounts.empty.update(returned.without_credit)
        gateway.journal.take_over()
        await gather_all(
            gateway.journal.append(record["u"], record["k"], record) for record in returned.records
        )
        stopped = []
        for result in returned.results:
            unit = units[result.unit.key]
            failure = result.failure
            if failure is not None and failure.kind == BUDGET:
                if not given.last:
                    stopped.append(unit)
                    continue
                failure = Failure(BUDGET, gateway.budget.spent().message())
            await self._committer.take(Result(unit, result.rows, failure))
        if stopped:
            again = Sending(stopped, sending.number, given.grown(), True, sending.losses)
            self._waiting.append(again)


async def fail_refused(came: Sequence[Came], committer: Committer) -> None:
    """Have tasks fail, rows of whose units were refused when they were stored."""
    for task_run_id, units, counts in came:
        if refused := committer.refused(unit.key for unit in units):
            counts.refuse(refused)
            await record_state(task_run_id, state_of(counts))


async def record_state(task_run_id: uuid.UUID, state: State[Any]) -> None:
    """Have Prefect's server say of a task what its worker cannot say: that it died, or what came.

    The server does not know of a task whose worker died before it could say that it began.
    """
    async with get_client() as client:
        try:
            await client.set_task_run_state(task_run_id, state, force=True)
        except PrefectHTTPStatusError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise


def _at_once(session: Session, plan: StepPlan, cluster: Cluster) -> int:
    """Shards of a step that are worked at once.

    No more than any model of the study may be asked at once, since each worker asks it.
    """
    models = [one for one in session.design.study.models.values() if not one.simulated]
    if plan.step.asks is None or not models:
        return cluster.at_once
    return min(cluster.at_once, *(one.max_in_flight for one in models))


def _width(n_units: int, at_once: int, plan: StepPlan, concurrency: int) -> int:
    """Units of a shard: enough to keep a worker busy, few enough to hear from it soon."""
    busy = min(concurrency if plan.step.concurrent else 1, -(-n_units // at_once))
    several = -(-n_units // (SHARDS_PER_PLACE * at_once))
    return max(busy, min(several, max(SHARDS_PER_PLACE * busy, plan.step.shard)))


def _wanted(session: Session, plan: StepPlan, n_units: int) -> Callable[[int], Allowance]:
    """What so many units of a step may need, as far as that can be told."""
    budget: Budget = session.gateway.budget
    if plan.step.asks is None or (budget.usd is None and budget.calls is None):
        return lambda n: Allowance()
    plans = [*(one for one in session.plans.values() if one.step != plan.step), plan]
    found = estimated(session.design, plans, session.warehouse)
    calls = sum(one.calls.high for one in found) / n_units * MARGIN
    usd = sum(one.usd.high for one in found if one.usd is not None) / n_units * MARGIN
    return lambda n: Allowance(
        usd=usd * n if usd and budget.usd is not None else None,
        calls=math.ceil(calls * n) if calls and budget.calls is not None else None,
    )
