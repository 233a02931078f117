"""Interventions on what seats remember."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.environment import NOBODY
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Intervention, Notice, SeatNames, words_of
from tasks.episodes.times import Moment


class Wipe(Intervention):
    """Seats remember nothing of what was before, whatever their memory."""

    do: Literal["wipe"]
    seats: SeatNames = Field("all", description="Which seats: all, or a list.")
    notice: Notice = Field(False, description="Whether they are told, or the words in which.")

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seats have forgotten everything."""
        seats = roster.named(self.seats)
        text = words_of(self.notice, "You remember nothing of what was before.")
        audience, audiences = roster.audience(seats)
        event = self.event(
            text,
            target=seats[0] if len(seats) == 1 else None,
            data={"seats": list(seats)},
            audience=audience if text else NOBODY,
        )
        return Change(arrangement, (event,), frozenset(seats), audiences if text else {})
