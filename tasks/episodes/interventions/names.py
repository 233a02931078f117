"""Interventions on shown names: other names, names that change places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from tasks.episodes.interventions.arrangement import Arrangement, Roster, SeatName
from tasks.episodes.interventions.base import Change, Intervention
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
        text = _renamed(arrangement, names) if self.notice else None
        return Change(arrangement.with_names(names), (self.event(text, data={"names": names}),))


def _renamed(before: Arrangement, names: Mapping[str, str]) -> str:
    told = "; ".join(f"{before.names[seat]} is now {name}" for seat, name in names.items())
    return f"Names have changed: {told}."


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
        return Change(arrangement.with_names(names), (self.event(data={"names": names}),))
