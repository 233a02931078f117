from __future__ import annotations

import asyncio

import pytest

from tasks.concurrency import gather_all


async def test_all_have_ended_when_one_raises() -> None:
    ended: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.02)
        ended.append("slow")

    async def broken() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await gather_all([broken(), slow()])
    assert ended == ["slow"]
