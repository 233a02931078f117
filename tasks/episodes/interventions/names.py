"""Interventions on shown names: other names for all, or names that change places."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.environment import EVERYONE, NOBODY, Event
from tasks.episodes.interventions.base import Arrangement, Change, Intervention, Roster, SeatName
from tasks.episodes.names import Names, shown_names
from tasks.episodes.times import Moment


class Rename(Intervention):
    """All seats are shown under other names from now on, in what was said before as well."""

    do: Literal["rename"]
    names: Names = Field(
        description="neutral (Agent-A, ...), model (the models' real names), persona, or a list."
    )
    notice: bool = Field(False, description="Whether the seats are told.")

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seats have the other names."""
        names = shown_names(self.names, roster.seats, roster.model_ids)
        return Change(arrangement.with_names(names), (self._event(arrangement, names),))

    def _event(self, before: Arrangement, names: dict[str, str]) -> Event:
        told = "; ".join(f"{before.names[seat]} is now {name}" for seat, name in names.items())
        return Event(
            "intervene",
            "env",
            item=self.do,
            text=f"Names have changed: {told}." if self.notice else None,
            data={"names": names},
            audience=EVERYONE if self.notice else NOBODY,
        )


class Swap(Intervention):
    """Two seats are shown under each other's name from now on, without notice."""

    do: Literal["swap"]
    seats: tuple[SeatName, SeatName] = Field(description="The two seats.")

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The two names have changed places."""
        one, other = (roster.seat(name).seat for name in self.seats)
        if one == other:
            raise ValueError(f"swap needs two seats, not {self.seats[0]!r} twice")
        names = {one: arrangement.names[other], other: arrangement.names[one]}
        event = Event("intervene", "env", item=self.do, data={"names": names}, audience=NOBODY)
        return Change(arrangement.with_names(names), (event,))
