"""Memory: what a seat's prompt shows of what the seat could see.

A kind of memory is a class here and a name in :data:`Memory`; a study names it in ``memory:``.
``kind`` has no default, so that it is part of every key that a study's memory enters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator, Field

from schemas.base import Record
from schemas.environment import Logged


class Seen(Protocol):
    """The events that a seat could see so far."""

    @property
    def events(self) -> Sequence[Logged]:
        """All of them, in order."""
        ...

    @property
    def own(self) -> Sequence[Logged]:
        """Those that the seat itself caused, in order."""
        ...


class FullMemory(Record):
    """Everything that the seat could see."""

    kind: Literal["full"]

    def recalled(self, seen: Seen) -> Sequence[Logged]:
        """All events."""
        return seen.events


class LastMemory(Record):
    """The latest events that the seat could see."""

    kind: Literal["last"]
    size: int = Field(ge=1, le=1_000_000, description="How many events.")

    def recalled(self, seen: Seen) -> Sequence[Logged]:
        """The last ``size`` events."""
        return seen.events[-self.size :]


class OwnMemory(Record):
    """What the seat itself said and did."""

    kind: Literal["own"]

    def recalled(self, seen: Seen) -> Sequence[Logged]:
        """The seat's own events."""
        return seen.own


class NoMemory(Record):
    """Nothing: every prompt is the first."""

    kind: Literal["none"]

    def recalled(self, seen: Seen) -> Sequence[Logged]:
        """No event."""
        return ()


#: Every kind of memory.
Memory = FullMemory | LastMemory | OwnMemory | NoMemory


def _from_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


#: A memory as a study writes it; a bare name stands for a kind without parameters.
MemoryField = Annotated[
    Annotated[Memory, Field(discriminator="kind")],
    BeforeValidator(_from_name, json_schema_input_type=Literal["full", "own", "none"] | Memory),
]
