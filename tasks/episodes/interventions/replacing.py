"""Interventions that put another in the place of who acts for a seat."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from schemas.keys import digest
from schemas.seats import PersonaChoice, Seat
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Intervention, SeatField
from tasks.episodes.times import Moment


class Replace(Intervention):
    """Another model acts for a seat, or the seat has another persona; the others are not told."""

    do: Literal["replace"]
    seat: SeatField
    model: str | None = Field(
        None, min_length=1, description="Alias of the model that takes over, if another does."
    )
    persona: PersonaChoice | None = Field(
        None,
        description="The persona that takes over, if another does: drawn among those that no seat "
        "has, a persona's key, or {where: {ATTRIBUTE: VALUE}} to draw among those that match.",
    )

    @model_validator(mode="after")
    def _replaces_something(self) -> Self:
        if self.model is None and self.persona is None:
            raise ValueError("replace needs a model or a persona")
        if self.persona == "none":
            raise ValueError("a persona is replaced by another, not by none")
        return self

    @property
    def aliases(self) -> tuple[str, ...]:
        """The model that takes over."""
        return () if self.model is None else (self.model,)

    @property
    def name(self) -> str:
        """Name of the persona that takes over, among those that wait for it."""
        return f"replace {digest(self.model_dump(mode='json'))[:12]}"

    def understudy(self, roster: Roster) -> Seat | None:
        """A seat that is to have the persona that takes over; ``None`` if none does."""
        if self.persona is None:
            return None
        return dataclasses.replace(
            roster.seat(self.seat), seat=self.name, choice=self.persona, persona=None
        )

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat has the other model or persona."""
        seat = roster.seat(self.seat).seat
        data: dict[str, Any] = {}
        if self.model is not None:
            data |= {"model": self.model, "replaced": arrangement.models[seat]}
            arrangement = arrangement.with_models({seat: self.model})
        persona = roster.understudies.get(self.name)
        if persona is not None:
            before = arrangement.personas[seat].key
            data |= {"persona_key": persona.key, "replaced_persona_key": before}
            arrangement = arrangement.with_personas({seat: persona})
        return Change(arrangement, (self.event(target=seat, data=data),))

    def problem(self, roster: Roster, others: Sequence[Intervention]) -> str | None:
        """The seat has no persona that another could take the place of."""
        seat = roster.seat(self.seat)
        if self.persona is None or seat.persona is not None:
            return None
        return f"{seat.seat} has no persona that another could take the place of"
