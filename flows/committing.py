"""Commits what shards gave, many units at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.usability import Usability
from flows.version import code_version

if TYPE_CHECKING:
    from flows.session import Session
    from schemas.unit import Result

#: Validation costs the same for one unit as for hundreds, so units are gathered. Nothing is at
#: risk meanwhile: paid answers are in the journal until their unit is committed.
GATHERED_UNITS = 256
GATHERED_S = 10.0

BUDGET = "budget"


class Committer:
    """Gathers the results of one step and commits them in batches of whole units."""

    def __init__(self, session: Session, step: str) -> None:
        self._session = session
        self._step = step
        self._pending: list[Result] = []
        self._since = time.monotonic()
        self._usability = Usability()

    async def add(self, results: Sequence[Result]) -> None:
        """Take results over; commits when enough are there or the oldest have waited long.

        Units that the budget stopped are left for the next run. So is all that is not asked yet
        once hardly any answer can be used.
        """
        session = self._session
        ended = []
        for result in results:
            if result.failure is not None and result.failure.kind == BUDGET:
                session.stopped = session.stopped or result.failure.message
            else:
                ended.append(result)
        self._pending += ended
        self._usability.count(ended)
        rule = session.design.study.run.stop_if_unusable
        session.stopped = session.stopped or self._usability.reason_to_stop(rule)
        waited_s = time.monotonic() - self._since
        if len(self._pending) >= GATHERED_UNITS or waited_s > GATHERED_S:
            await self.flush()

    async def flush(self) -> None:
        """Commit what is there."""
        session = self._session
        batch, self._pending = self._pending, []
        self._since = time.monotonic()
        if not batch:
            return
        async with session.commits:
            report = await asyncio.to_thread(
                session.warehouse.commit,
                batch,
                run_id=session.run_id,
                code_version=code_version(),
            )
        session.gateway.forget(report.done)
        session.done[self._step] = session.done.get(self._step, 0) + len(report.done)
        session.reasons.setdefault(self._step, []).extend(
            f"{failure.kind}: {failure.message}" for failure in report.failed.values()
        )
        session.listener.units_end(
            self._step, len(report.done), len(report.failed), self._usability.usable_share
        )
