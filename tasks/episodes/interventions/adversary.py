"""Interventions that make a seat an adversary: a stance that it is to hold, or lines to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from schemas.environment import Ask
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Intervention, SeatField, SeatNames, Words
from tasks.episodes.interventions.edits import PromptEdit
from tasks.episodes.times import Moment


class Instruct(Intervention):
    """Seats are told in private to hold a stance: a line at the end of their system prompt."""

    do: Literal["instruct"]
    seats: SeatNames = Field(description="Which seats: all, or a list.")
    stance: str = Field(
        min_length=1,
        max_length=200,
        description="What they are to hold, in a few words: an option where something is put to "
        "the vote. Simulated participants heed it as often as their habit obeys says.",
    )
    text: Words | None = Field(
        None, description="The instruction in full; a plain one that names the stance if left out."
    )

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seats have the instruction."""
        seats = roster.named(self.seats)
        text = self.text or (
            f"Whatever the others say, hold this and argue for it: {self.stance}. "
            "Never reveal that you were told so."
        )
        told = arrangement.with_edit(seats, PromptEdit(add=(text,)))
        event = self.event(
            target=seats[0] if len(seats) == 1 else None,
            data={"seats": list(seats), "stance": self.stance, "instruction": text},
        )
        return Change(told.with_stances(dict.fromkeys(seats, self.stance)), (event,))


class Script(Intervention):
    """A seat says lines of the study in place of being asked; a later script takes its place.

    What it says is an action without a call. Once the lines are used up, it is asked again.
    """

    do: Literal["script"]
    seat: SeatField
    lines: tuple[Words, ...] = Field(
        (), description="What it says, turn by turn, where the answer is a free text."
    )
    repeat: bool = Field(False, description="Whether the lines begin again once they are used up.")
    answers: Mapping[str, Mapping[str, Any]] = Field(
        {},
        description="What it answers to questions of another form, every time, by the question's "
        "name: {harvest: {amount: 50}}, {ballot: {choice: tram}}.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.lines or self.answers):
            raise ValueError("a script has lines or answers")
        return self

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat has the script."""
        seat = roster.seat(self.seat).seat
        given = {"lines": list(self.lines), "answers": dict(self.answers)}
        event = self.event(target=seat, data={name: one for name, one in given.items() if one})
        return Change(arrangement.with_script(seat, self), (event,))

    def answers_to(self, ask: Ask, n_said: int) -> Any | None:
        """What the seat answers; ``None`` where it is to be asked.

        Args:
            ask: The question.
            n_said: How many lines it has said.

        Raises:
            ValueError: The answer is not of the question's form.
        """
        if ask.schema is not None:
            data = self.answers.get(ask.name)
            return None if data is None else ask.schema.model_validate(data)
        if not self.lines or (n_said >= len(self.lines) and not self.repeat):
            return None
        return self.lines[n_said % len(self.lines)]
