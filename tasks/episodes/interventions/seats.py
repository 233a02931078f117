"""Interventions on a seat: its provider crashes, or another model takes it over."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.environment import EVERYONE, NOBODY, Event
from tasks.episodes.interventions.base import Arrangement, Change, Intervention, Roster, SeatName


class Crash(Intervention):
    """A seat stops answering and is not asked any more."""

    do: Literal["crash"]
    seat: SeatName = Field(description="The seat: its position, from 1, or its identifier.")
    notice: bool = Field(False, description="Whether the others are told.")

    def change(self, arrangement: Arrangement, roster: Roster) -> Change:
        """The seat is out."""
        seat = roster.seat(self.seat).seat
        event = Event(
            "intervene",
            "env",
            target=seat,
            item=self.do,
            text=f"{arrangement.names[seat]} has disconnected." if self.notice else None,
            audience=EVERYONE if self.notice else NOBODY,
        )
        return Change(arrangement.without([seat]), (event,))


class Replace(Intervention):
    """Another model acts for a seat from now on; the others are not told."""

    do: Literal["replace"]
    seat: SeatName = Field(description="The seat: its position, from 1, or its identifier.")
    model: str = Field(min_length=1, description="Alias of the model that takes over.")

    @property
    def aliases(self) -> tuple[str, ...]:
        """The model that takes over."""
        return (self.model,)

    def change(self, arrangement: Arrangement, roster: Roster) -> Change:
        """The seat has the other model."""
        seat = roster.seat(self.seat).seat
        data = {"model": self.model, "replaced": arrangement.models[seat]}
        event = Event("intervene", "env", target=seat, item=self.do, data=data, audience=NOBODY)
        return Change(arrangement.with_models({seat: self.model}), (event,))
