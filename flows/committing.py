"""Commits what shards gave, many units at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flows.usability import Usability
from flows.version import code_version
from tasks.stages.working import BUDGET, LEFT, Slots

if TYPE_CHECKING:
    from flows.session import Session
    from schemas.unit import AnyUnit, Failure, Result

#: Validation costs the same for one unit as for hundreds, so units are gathered: until there are so
#: many, or they have so many rows, or the first has waited so long. Nothing is at risk meanwhile:
#: paid answers are in the journal until their unit is committed. A batch takes memory by its rows;
#: what comes while one is committed waits for the next.
GATHERED_UNITS = 512
GATHERED_ROWS = 10_000
GATHERED_S = 10.0


class Committer:
    """Gathers the results of one step and commits them in batches of whole units.

    Args:
        session: The run.
        step: Name of the step.
        slots: The slots of its units; no more of them are begun when there is a reason to stop.
    """

    def __init__(self, session: Session, step: str, slots: Slots) -> None:
        self._session = session
        self._step = step
        self._slots = slots
        self._pending: deque[Result] = deque()
        self._rows = 0
        self._since = time.monotonic()
        self._usability = Usability()
        self._turn = asyncio.Lock()
        self._open: set[str] = set()
        self._refused: dict[str, Failure] = {}
        self._n_shards = 0
        self._more = True
        self._changed = asyncio.Event()

    async def take(self, result: Result) -> None:
        """Take a result over; commits, and makes others wait, when enough is there.

        A unit that the budget stopped, or that asks a model whose account has no credit left, is
        left for the next run. So is all that is not asked yet once the budget is spent, or hardly
        any answer can be used.
        """
        session, failure = self._session, result.failure
        if failure is not None and failure.kind in LEFT:
            if failure.kind == BUDGET:
                self._stop(failure.message)
            return
        session.meter.count(result.unit.key, failure)
        self._pending.append(result)
        self._open.add(result.unit.key)
        self._rows += _n_rows(result)
        self._usability.count([result])
        self._stop(self._usability.reason_to_stop(session.design.study.run.stop_if_unusable))
        if self._full():
            async with self._turn:
                if self._full():
                    await self._commit()

    async def flush(self) -> None:
        """Commit what is there."""
        async with self._turn:
            while self._pending:
                await self._commit()

    def expect_shard(self) -> None:
        """Say that a shard is worked that will wait for what it gave to be stored."""
        self._n_shards += 1

    def expect_no_more(self) -> None:
        """Say that all shards have begun: when the last one waits, there is nothing to wait for."""
        self._more = False
        self._tell()

    async def stored(self, units: Sequence[AnyUnit]) -> list[Failure]:
        """Wait until what was taken of the units of a shard is stored; why some were refused.

        Others may be gathered meanwhile, but not for long.
        """
        keys = {unit.key for unit in units}
        self._n_shards -= 1
        self._tell()
        until = time.monotonic() + GATHERED_S
        while keys & self._open:
            left_s = until - time.monotonic()
            if left_s <= 0 or not (self._more or self._n_shards):
                await self.flush()
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)
        return self.refused(keys)

    def refused(self, keys: Iterable[str]) -> list[Failure]:
        """Why units were refused that had ended well, of those that are stored."""
        return [self._refused[key] for key in keys if key in self._refused]

    def _tell(self) -> None:
        """Wake all who wait for something to be stored."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _stop(self, reason: str | None) -> None:
        """Begin no more units, if there is a reason; the first one is told."""
        if reason is not None:
            self._session.stopped = self._session.stopped or reason
            self._slots.close()

    def _full(self) -> bool:
        return (
            len(self._pending) >= GATHERED_UNITS
            or self._rows >= GATHERED_ROWS
            or (bool(self._pending) and time.monotonic() - self._since > GATHERED_S)
        )

    async def _commit(self) -> None:
        session = self._session
        batch = self._next_batch()
        self._since = time.monotonic()
        report = await asyncio.to_thread(
            session.warehouse.commit, batch, run_id=session.run_id, code_version=code_version()
        )
        if report.unchanged:  # another run was faster; what was paid here stays on record
            paid = session.gateway.uncommitted(report.unchanged)
            await asyncio.to_thread(session.warehouse.record_uncommitted, paid)
        session.gateway.forget([*report.done, *report.unchanged])
        ended_well = {result.unit.key for result in batch if result.failure is None}
        for key in report.failed.keys() & ended_well:
            self._refused[key] = report.failed[key]
            session.meter.refuse(key, report.failed[key])
        session.done[self._step] = session.done.get(self._step, 0) + len(report.done)
        failures = session.failures.setdefault(self._step, {})
        failures |= report.failed
        for key in report.done:
            failures.pop(key, None)
        session.listener.units_end(
            self._step, len(report.done), len(report.failed), self._usability.usable_share
        )
        self._open -= {result.unit.key for result in batch}
        self._tell()

    def _next_batch(self) -> list[Result]:
        """The results that came first, taken out: as many as make a batch."""
        batch: list[Result] = []
        rows = 0
        while self._pending and len(batch) < GATHERED_UNITS and rows < GATHERED_ROWS:
            batch.append(self._pending.popleft())
            rows += _n_rows(batch[-1])
        self._rows -= rows
        return batch


def _n_rows(result: Result) -> int:
    return sum(len(rows) for rows in result.rows.values())
