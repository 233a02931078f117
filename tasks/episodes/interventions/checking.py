"""Interventions in which a model reads what was said and answers to all: fact checks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.environment import NOBODY, Event
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Inquiry, Intervention, Words
from tasks.episodes.times import Moment

INSTRUCTION = (
    "You check the facts in a conversation in which you take no part. Name each statement that is "
    "wrong and say in one sentence what is right. If nothing is wrong, say so in one sentence."
)


class FactCheck(Intervention):
    """A model without a seat reads what was said to all since its last check, and all read it.

    Nothing happens where nothing was said to all.
    """

    do: Literal["fact_check"]
    model: str = Field(min_length=1, description="Alias of the model that checks.")
    sender: str = Field(
        "Fact check", min_length=1, max_length=80, description="Name that it is shown under."
    )
    instruction: Words = Field(INSTRUCTION, description="What it is told to do.")

    @property
    def aliases(self) -> tuple[str, ...]:
        """The model that checks."""
        return (self.model,)

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The model is asked."""
        return Change(arrangement, inquiry=Inquiry(self.model, self.instruction, self._posted))

    def _posted(self, text: str | None) -> Event:
        audience = None if text else NOBODY
        data = {"sender": self.sender, "model": self.model}
        return self.event(text, data=data, audience=audience)
