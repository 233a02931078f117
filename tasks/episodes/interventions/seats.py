"""Interventions on a seat: its provider crashes, or another model takes it over."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.environment import EVERYONE, NOBODY, Event
from tasks.episodes.interventions.base import (
    Arrangement,
    Change,
    Intervention,
    Roster,
    SeatName,
    Words,
)
from tasks.episodes.times import Moment


class Crash(Intervention):
    """A seat stops answering and is not asked any more.

    At the later ones of its times the seat is down already, and only the words are repeated.
    """

    do: Literal["crash"]
    seat: SeatName = Field(description="The seat: its position, from 1, or its identifier.")
    notice: bool | Words = Field(
        False, description="Whether all are told, or the words in which they are."
    )
    leak: Words | None = Field(
        None, description="An error of its provider, which all read as a message of the seat."
    )

    @model_validator(mode="after")
    def _one_way_to_notice(self) -> Self:
        if self.notice and self.leak is not None:
            raise ValueError("a crash is told by a notice or by a leaked error, not by both")
        return self

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat is out."""
        seat = roster.seat(self.seat).seat
        text = self.leak or self.notice or None
        if text is True:
            text = f"{arrangement.names[seat]} has disconnected."
        event = Event(
            "intervene",
            "env" if self.leak is None else seat,
            target=seat,
            item=self.do,
            text=text,
            audience=EVERYONE if text else NOBODY,
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

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat has the other model."""
        seat = roster.seat(self.seat).seat
        data = {"model": self.model, "replaced": arrangement.models[seat]}
        event = Event("intervene", "env", target=seat, item=self.do, data=data, audience=NOBODY)
        return Change(arrangement.with_models({seat: self.model}), (event,))
