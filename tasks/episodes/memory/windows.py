"""Memories that select events without asking anybody."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.gateway import CHARACTERS_PER_TOKEN
from tasks.episodes.memory.base import Memory, Recalled, SeatView

#: Events that are read at once, looking back.
_STRETCH = 32


class FullMemory(Memory):
    """Everything that the seat could see."""

    kind: Literal["full"]

    def recalled(self, view: SeatView) -> Recalled:
        """All events."""
        return Recalled(view.seen.events)


class LastMemory(Memory):
    """The latest events that the seat could see."""

    kind: Literal["last"]
    size: int = Field(ge=1, le=1_000_000, description="How many events.")

    def recalled(self, view: SeatView) -> Recalled:
        """The last ``size`` events."""
        return Recalled(view.seen.events[-self.size :])


class TokensMemory(Memory):
    """The latest events that fit into a number of tokens, each shown whole or not at all."""

    kind: Literal["tokens"]
    size: int = Field(
        ge=1,
        le=10_000_000,
        description="How many tokens, of four characters each, the words of the events may have.",
    )

    def recalled(self, view: SeatView) -> Recalled:
        """The latest events without a gap, as many as fit."""
        events, room = view.seen.events, self.size * CHARACTERS_PER_TOKEN
        first = end = len(events)
        while first:
            start = max(0, first - _STRETCH)
            for logged in reversed(events[start:first]):
                room -= len(view.words(logged))
                if room < 0:
                    return Recalled(events[first:end])
                first -= 1
        return Recalled(events)


class OwnMemory(Memory):
    """What the seat itself said and did."""

    kind: Literal["own"]

    def recalled(self, view: SeatView) -> Recalled:
        """The seat's own events."""
        return Recalled(view.seen.own)


class NoMemory(Memory):
    """Nothing: every prompt is the first."""

    kind: Literal["none"]

    def recalled(self, view: SeatView) -> Recalled:
        """No event."""
        return Recalled(())
