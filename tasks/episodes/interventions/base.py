"""What an intervention is: a scheduled change of who takes part in an episode, and how."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Record
from schemas.environment import Event
from schemas.seats import Seat
from tasks.episodes.interventions.edits import PromptEdit
from tasks.episodes.names import Others
from tasks.episodes.times import BetweenTurns, Moment, due

#: A seat as a study names it: its position, from 1, or its identifier.
SeatName = int | str

#: What seats read of an intervention.
Words = Annotated[str, Field(min_length=1, max_length=100_000)]

#: Some seats as a study names them, or all of them.
SeatNames = Literal["all"] | Annotated[tuple[SeatName, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Roster:
    """Who takes part in an episode; nothing of it changes.

    Attributes:
        seats: The seats, in order.
        model_ids: A provider's model name by alias.
    """

    seats: tuple[Seat, ...]
    model_ids: Mapping[str, str]

    def named(self, seats: SeatNames) -> tuple[str, ...]:
        """Identifiers of the seats that a study names.

        Raises:
            ValueError: One of them is not there, or is named twice.
        """
        if seats == "all":
            return tuple(seat.seat for seat in self.seats)
        found = tuple(self.seat(name).seat for name in seats)
        if len(set(found)) != len(found):
            raise ValueError("a seat is named twice")
        return found

    def seat(self, name: SeatName) -> Seat:
        """The seat of that position or identifier.

        Raises:
            ValueError: There is none.
        """
        for seat in self.seats:
            if name in {seat.position, seat.seat}:
                return seat
        known = ", ".join(seat.seat for seat in self.seats[:5])
        raise ValueError(
            f"no seat {name!r}; the episode has {len(self.seats)}: 1 to {len(self.seats)}, or by "
            f"identifier {known}{', ...' if len(self.seats) > 5 else ''}"
        )


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What interventions change.

    Attributes:
        names: Shown name by seat.
        models: Alias of the model by seat.
        out: Seats that are not asked any more.
        edits: Edits of the prompts of a seat, in order, by seat.
        others: How prompts name the other seats.
    """

    names: Mapping[str, str]
    models: Mapping[str, str]
    out: frozenset[str] = frozenset()
    edits: Mapping[str, tuple[PromptEdit, ...]] = field(default_factory=dict)
    others: Others = "named"

    def with_names(self, names: Mapping[str, str]) -> Arrangement:
        """The arrangement with other shown names for some seats."""
        return dataclasses.replace(self, names={**self.names, **names})

    def with_models(self, models: Mapping[str, str]) -> Arrangement:
        """The arrangement with other models for some seats."""
        return dataclasses.replace(self, models={**self.models, **models})

    def without(self, seats: Iterable[str]) -> Arrangement:
        """The arrangement in which these seats are not asked any more."""
        return dataclasses.replace(self, out=self.out | frozenset(seats))

    def with_edit(self, seats: Iterable[str], edit: PromptEdit) -> Arrangement:
        """The arrangement with one more edit of the prompts of these seats."""
        edits = {seat: (*self.edits.get(seat, ()), edit) for seat in seats}
        return dataclasses.replace(self, edits={**self.edits, **edits})


@dataclass(frozen=True, slots=True)
class Change:
    """What an intervention does.

    Attributes:
        arrangement: The arrangement after it.
        events: Events of kind ``intervene``, with the audience that notices them: nobody, where it
            is silent. The engine logs them with ``item`` set to the kind of intervention.
    """

    arrangement: Arrangement
    events: tuple[Event, ...] = field(default=())


class Intervention(Record):
    """A scheduled change. A kind of intervention is a subclass with a field ``do`` of its own.

    ``do`` has no default, so that it is part of every key that a study's interventions enter.
    """

    at: BetweenTurns | tuple[BetweenTurns, ...] = Field(
        "start", description="When it happens: a time, or a list of them."
    )

    @property
    def times(self) -> tuple[BetweenTurns, ...]:
        """The times at which it happens."""
        return self.at if isinstance(self.at, tuple) else (self.at,)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Model aliases that it names."""
        return ()

    @abstractmethod
    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """What it does to an arrangement.

        Args:
            arrangement: The arrangement before it.
            roster: Who takes part.
            now: How far the episode is.

        Raises:
            ValueError: It names what the episode does not have. Every intervention is tried on the
                first arrangement of a condition before anything is run.
        """

    def due(self, now: Moment, before: Moment | None) -> bool:
        """Whether one of its times has come, which it had not at the moment before."""
        return any(due(time, now, before) for time in self.times)
