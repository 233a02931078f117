"""When a failed attempt is made again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.gateway import RETRIED


@dataclass(frozen=True, slots=True)
class Backoff:
    """Jittered exponential back-off.

    The wait before attempt n + 1 is drawn evenly from the upper half of ``first_s * 2**(n - 1)``,
    at most ``longest_s``, so that many callers that failed together do not come back together. A
    server that says how long to wait is waited for at least that long.

    Attributes:
        first_s: Longest wait after the first failure.
        longest_s: Longest wait that is drawn.
        longest_told_s: Longest wait that is accepted from a server.
        empty_attempts: Attempts at a call that may come back empty; an empty answer is paid for.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    longest_told_s: float = 600.0
    empty_attempts: int = 3

    def wait_s(self, attempt: int, told_s: float | None, draw: random.Random) -> float:
        """Seconds to wait after the given failed attempt.

        Args:
            attempt: Number of the attempt that failed, from 1.
            told_s: What the server asked for, if it did.
            draw: Source of the jitter; it decides about time only, never about a result.

        Example:
            >>> wait = Backoff(first_s=1.0).wait_s(3, None, random.Random(1))
            >>> 2.0 <= wait <= 4.0
            True
            >>> Backoff().wait_s(1, 30.0, random.Random(1)) >= 30.0
            True
        """
        ceiling = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        drawn = ceiling * (0.5 + 0.5 * draw.random())
        if told_s is None:
            return drawn
        told = min(max(told_s, 0.0), self.longest_told_s)
        return told + 0.1 * drawn

    def again(self, kinds: Sequence[str], max_attempts: int) -> bool:
        """Whether another attempt is made after these.

        Args:
            kinds: How the attempts so far ended, in order.
            max_attempts: Attempts allowed in all.

        Example:
            >>> backoff = Backoff(empty_attempts=2)
            >>> backoff.again(["rate_limit", "empty"], 8), backoff.again(["empty", "empty"], 8)
            (True, False)
        """
        if kinds[-1] == "empty" and kinds.count("empty") >= self.empty_attempts:
            return False
        return kinds[-1] in RETRIED and len(kinds) < max_attempts
