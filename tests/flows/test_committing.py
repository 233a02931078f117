"""Batches in which results are committed."""

from __future__ import annotations

import asyncio
import time
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

    def commit(batch: Sequence[Result], **_: Any) -> Any:
        time.sleep(0.05)  # meanwhile all the others come
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
        await asyncio.gather(*map(committer.take, results))
        await committer.flush()

    asyncio.run(taken())
    assert [len(batch) for batch in batches] == [2, 2, 2, 2, 2, 1]
    assert [key for batch in batches for key in batch] == [one.unit.key for one in results]
    assert session.done == {"episodes": 11}
