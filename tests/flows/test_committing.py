"""Batches in which results are committed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from flows.committing import GATHERED_ROWS, Committer
from flows.session import Session, Silence
from schemas.keys import digest
from schemas.unit import Result, Unit
from tasks.stages.working import Slots


def result(number: int, n_rows: int) -> Result:
    return Result(Unit("episodes", "episodes", digest(number), None), {"events": [{}] * n_rows})


def test_what_comes_while_a_batch_is_committed_is_committed_in_batches_of_the_usual_size() -> None:
    batches: list[list[str]] = []
    all_came = threading.Event()

    def commit(batch: Sequence[Result], **_: Any) -> Any:
        assert all_came.wait(600)
        batches.append([one.unit.key for one in batch])
        return SimpleNamespace(done=tuple(batches[-1]), failed={}, unchanged=())

    run = SimpleNamespace(stop_if_unusable=None)
    session = SimpleNamespace(
        warehouse=SimpleNamespace(commit=commit),
        gateway=SimpleNamespace(forget=lambda keys: None),
        design=SimpleNamespace(study=SimpleNamespace(run=run)),
        listener=Silence(),
        meter=SimpleNamespace(count=lambda key, failure: None),
        run_id="run",
        stopped=None,
        done={},
        failures={},
    )
    results = [result(number, GATHERED_ROWS // 2) for number in range(11)]

    async def taken() -> None:
        committer = Committer(cast(Session, session), "episodes", Slots(1))
        taking = [asyncio.create_task(committer.take(result)) for result in results]
        await asyncio.sleep(0)  # each of them has begun
        all_came.set()
        await asyncio.gather(*taking)
        await committer.flush()

    asyncio.run(taken())
    assert [len(batch) for batch in batches] == [2, 2, 2, 2, 2, 1]
    assert [key for batch in batches for key in batch] == [one.unit.key for one in results]
    assert session.done == {"episodes": 11}
