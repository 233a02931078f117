"""Conditions on what happened in an episode, at which interventions happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.environment import EventKind
from tasks.episodes.interventions.arrangement import Roster, SeatName

#: An event as a row of the table.
EventRow = Mapping[str, Any]


class Happened(Record):
    """Events of a kind; one counts if everything fits that is named."""

    kind: EventKind | None = Field(None, description="Kind of the events, such as say.")
    item: str | None = Field(None, min_length=1, description="What they are about.")
    by: SeatName | None = Field(None, description="The seat that caused them.")
    containing: str | None = Field(
        None, min_length=1, description="Words in their text, in capitals or not."
    )
    at_least: int = Field(1, ge=1, description="How many of them.")

    def fits(self, event: EventRow, roster: Roster) -> bool:
        """Whether an event counts."""
        by = None if self.by is None else roster.seat(self.by).seat
        wanted = {"kind": self.kind, "item": self.item, "actor": by}
        if any(value is not None and event[name] != value for name, value in wanted.items()):
            return False
        words = (self.containing or "").casefold()
        return words in (event["text"] or "").casefold()


class When(Record):
    """A condition; all that is named must hold at once."""

    turn_of: SeatName | None = Field(None, description="This seat is about to be asked.")
    happened: Happened | None = Field(None, description="This has happened since.")
    agreement: float | None = Field(
        None,
        gt=0,
        le=1,
        description="At least this share of the last vote since then put the same option first.",
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("a condition is one of turn_of, happened, agreement, or several")
        return self

    @property
    def seats(self) -> tuple[SeatName, ...]:
        """The seats that it names."""
        by = self.happened.by if self.happened else None
        return tuple(seat for seat in (self.turn_of, by) if seat is not None)


@dataclass(slots=True)
class Waiting:
    """An intervention that waits for its condition; every event is looked at once.

    Attributes:
        when: The condition.
        looked: How many events of the episode were looked at.
        n_happened: How many of those since it waits fit.
        agreement: Share of the last vote since it waits that put the same option first.
    """

    when: When
    looked: int
    n_happened: int = 0
    agreement: float = 0.0

    def holds(self, events: Sequence[EventRow], asked: Collection[str], roster: Roster) -> bool:
        """Whether the condition holds now.

        Args:
            events: The events of the episode.
            asked: The seats that are about to be asked.
            roster: Who takes part.
        """
        when, new = self.when, events[self.looked :]
        self.looked = len(events)
        if when.happened is not None:
            self.n_happened += sum(when.happened.fits(event, roster) for event in new)
            if self.n_happened < when.happened.at_least:
                return False
        if when.agreement is not None:
            self.agreement = agreement(new, self.agreement)
            if self.agreement < when.agreement:
                return False
        return when.turn_of is None or roster.seat(when.turn_of).seat in asked


def agreement(events: Sequence[EventRow], before: float) -> float:
    """Share of the last vote that put the same option first; as before where there was none.

    Example:
        >>> votes = [("tram", 1), ("bus", 3), ("tram", 3), ("bus", 3), (None, 3)]
        >>> rows = [{"item": item, "turn": turn, "data": {"ballot": {}}} for item, turn in votes]
        >>> agreement(rows, 0.0), agreement([], 0.8)
        (0.5, 0.8)
    """
    ballots = [event for event in events if "ballot" in event["data"]]
    if not ballots:
        return before
    last = [event["item"] for event in ballots if event["turn"] == ballots[-1]["turn"]]
    firsts = Counter(item for item in last if item is not None)
    return max(firsts.values(), default=0) / len(last)
