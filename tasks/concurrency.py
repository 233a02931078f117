"""Work done at once on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def gather_all(awaitables: Iterable[Awaitable[T]]) -> list[T]:
    """The results of all, in their order.

    All have ended when this returns or raises, so that no question to a model outlives the unit
    that asks it.

    Raises:
        BaseException: What the first of them, in their order, raised.

    Example:
        >>> asyncio.run(gather_all(asyncio.sleep(0, n) for n in range(3)))
        [0, 1, 2]
    """
    ended = await asyncio.gather(*awaitables, return_exceptions=True)
    results = []
    for one in ended:
        if isinstance(one, BaseException):
            raise one
        results.append(one)
    return results
