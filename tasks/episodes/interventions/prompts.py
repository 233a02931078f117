"""Interventions on what the prompts of seats say besides what happened."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.environment import NOBODY, Event
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Intervention, SeatNames
from tasks.episodes.interventions.edits import PromptEdit
from tasks.episodes.times import Moment


class EditPrompt(PromptEdit, Intervention):
    """Lines of the prompts of seats are removed, altered or added, from now on; nobody is told."""

    do: Literal["edit_prompt"]
    seats: SeatNames = Field("all", description="Whose prompts: all seats, or a list.")

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The prompts have other lines."""
        seats = roster.named(self.seats)
        edit = self.model_dump(mode="json", include={"part", "remove", "replace", "add"})
        event = Event(
            "intervene",
            "env",
            target=seats[0] if len(seats) == 1 else None,
            item=self.do,
            data={"seats": list(seats), **{name: one for name, one in edit.items() if one}},
            audience=NOBODY,
        )
        return Change(arrangement.with_edit(seats, self), (event,))
