"""Seats as most environments declare them: a list in the parameters, one entry each."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from pydantic import Field

from schemas.base import Record
from schemas.seats import Seat, SeatField, SeatSpec
from tasks.environments.bounds import NO_BOUNDS, Bounds
from tasks.episodes.names import neutral_names

#: Role of a seat that is given none.
PARTICIPANT = "participant"


class SeatedParams(Record):
    """Parameters that list the seats."""

    seats: tuple[SeatField, ...] = Field(
        min_length=1,
        max_length=10_000,
        description="Who takes part: a model alias each, or {model, name, role, persona}.",
    )


class SeatedEnvironment:
    """The part of an environment that its parameters settle by listing the seats."""

    by_events_alone = False
    changeable: frozenset[str] = frozenset()
    bounds: Bounds = NO_BOUNDS

    def aliases(self, params: SeatedParams) -> Mapping[tuple[str | int, ...], str]:
        """The model of every seat."""
        return {("seats", place): spec.model for place, spec in enumerate(params.seats)}

    def seating(
        self, params: SeatedParams, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        """One seat for each that is listed."""
        return declared_seats(params.seats)


def declared_seats(specs: Sequence[SeatSpec], role: str = PARTICIPANT) -> tuple[Seat, ...]:
    """One seat for each entry, named ``Agent-A``, ``Agent-B``, ... unless the entry names it.

    Args:
        specs: The entries.
        role: Role of those whose entry gives none.

    Example:
        >>> [seat.name for seat in declared_seats([SeatSpec(model="a"), SeatSpec(model="a")])]
        ['Agent-A', 'Agent-B']
    """
    names = neutral_names(len(specs))
    return tuple(
        Seat(
            seat=f"s{position}",
            position=position,
            model=spec.model,
            name=spec.name or name,
            role=spec.role or role,
            choice=spec.persona,
        )
        for position, (spec, name) in enumerate(zip(specs, names, strict=True), start=1)
    )
