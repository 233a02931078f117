"""Turns: who writes in a round, from when to when.

A seat has read what was published before it began to write, and what it writes is published when
it is done. When a message can be read follows from that alone, whatever the floor and the barrier:
seats that begin before anything more is published are asked at the same time.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.environments.talk.barriers import Barrier, Spread

#: What a turn is for: a message, or what a leader says before and after the others.
Part = Literal["message", "opening", "synthesis"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A seat writes a message.

    Attributes:
        seat: Who writes.
        start: When it begins: seconds of the round where these are declared, steps otherwise.
        end: When its message is published, in the same unit.
        part: What the turn is for.
    """

    seat: str
    start: float
    end: float
    part: Part = "message"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the seats of a talk write.

    Attributes:
        barrier: When a message can be read.
        latencies: Times to write that differ from the barrier's own, by seat.
    """

    barrier: Barrier
    latencies: Mapping[str, Spread]

    def turns(
        self, order: Sequence[str], rng: random.Random, begin: float = 0.0
    ) -> tuple[Turn, ...]:
        """A turn for each seat of an order, by the time at which it begins.

        Args:
            order: The seats; one may be there several times where messages are read at once.
            rng: Generator for times that are drawn.
            begin: When the first begins.

        Example:
            >>> [(one.start, one.end) for one in Pace("turn", {}).turns("ab", random.Random(1))]
            [(0.0, 1.0), (1.0, 2.0)]
            >>> [(one.start, one.end) for one in Pace("round", {}).turns("ab", random.Random(1))]
            [(0.0, 1.0), (0.0, 1.0)]
        """
        barrier = self.barrier
        if barrier == "turn":
            return tuple(Turn(seat, begin + k, begin + k + 1) for k, seat in enumerate(order))
        if barrier == "round":
            return tuple(Turn(seat, begin, begin + 1) for seat in order)
        turns = []
        for seat in order:
            latency = self.latencies.get(seat, barrier.latency_s)
            turns.append(Turn(seat, begin, begin + latency.drawn(rng)))
            begin += barrier.gap_s.drawn(rng)
        return tuple(turns)


def asked_together(turns: Sequence[Turn], first: int, published: float) -> int:
    """The place after the last turn whose seat is asked at the same time as that of the first.

    Args:
        turns: The turns, by the time at which they begin.
        first: Place of the first that is to be asked.
        published: When the next message is published that is being written.
    """
    place = first
    while place < len(turns) and turns[place].start < published:
        published = min(published, turns[place].end)
        place += 1
    return place
