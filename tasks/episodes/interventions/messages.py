"""Interventions that put a message before seats."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.environment import EVERYONE, Event
from tasks.episodes.interventions.base import (
    Arrangement,
    Change,
    Intervention,
    Roster,
    SeatName,
    Words,
)
from tasks.episodes.times import Moment


class Inject(Intervention):
    """A message from outside, which no seat has written."""

    do: Literal["inject"]
    text: Words = Field(description="The message.")
    sender: str = Field(
        "Moderator", min_length=1, max_length=80, description="Name that it is shown under."
    )
    to: SeatName | Literal["everyone"] = Field(
        "everyone", description="Who reads it: everyone, or one seat."
    )

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The message is there."""
        audience = EVERYONE if self.to == "everyone" else roster.seat(self.to).seat
        event = Event(
            "intervene",
            "env",
            item=self.do,
            text=self.text,
            data={"sender": self.sender},
            audience=audience,
        )
        return Change(arrangement, (event,))
