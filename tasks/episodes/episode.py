"""An episode that is to be played, and what playing it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.base import Record
from schemas.environment import Environment
from schemas.keys import generator
from schemas.seats import Persona, Seat
from schemas.study.models import ModelSpec
from schemas.unit import Failure
from tasks.episodes.interventions import Roster
from tasks.episodes.parts import EpisodeParts
from tasks.episodes.yoked import Donor


@dataclass(frozen=True)
class Episode:
    """An episode that is to be played.

    Attributes:
        key: Its key, which is that of its unit.
        environment: The rules.
        params: Their parameters.
        seats: Who takes part.
        models: Models by alias.
        seed: Seed of everything random in it.
        reasks: How often an unusable answer may be asked again.
        parts: Names, memory, shown personas, interventions and probes.
        donor: The episode that it is yoked to, if any.
        understudies: Personas that interventions put in the place of others, by name.
        name_order: For each seat the place of the one whose name it has, from 0; each has its own,
            if left out.
    """

    key: str
    environment: Environment[Any]
    params: Record
    seats: tuple[Seat, ...]
    models: Mapping[str, ModelSpec]
    seed: int
    reasks: int = 2
    parts: EpisodeParts = field(default_factory=EpisodeParts)
    donor: Donor | None = None
    understudies: Mapping[str, Persona] = field(default_factory=dict)
    name_order: tuple[int, ...] = ()

    @property
    def model_ids(self) -> dict[str, str]:
        """A provider's model name by alias."""
        return model_ids(self.models)

    @property
    def roster(self) -> Roster:
        """Who takes part."""
        changeable = self.environment.changeable
        return Roster(self.seats, self.model_ids, self.understudies, self.params, changeable)


@dataclass(frozen=True)
class Played:
    """What playing an episode gave.

    Attributes:
        rows: Rows by table; none if it failed.
        failure: Why the episode could not be played to its end.
    """

    rows: Mapping[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    failure: Failure | None = None


def model_ids(models: Mapping[str, ModelSpec]) -> dict[str, str]:
    """A provider's model name by alias."""
    return {alias: model.model for alias, model in models.items()}


def seats_of(
    environment: Environment[Any], params: Record, models: Mapping[str, ModelSpec], seed: int
) -> tuple[Seat, ...]:
    """Who takes part in an episode, personas not yet given."""
    return environment.seating(params, model_ids(models), generator(seed, "seats"))


def acted_by(
    seats: Sequence[Seat], parts: EpisodeParts, model_order: Sequence[int] = ()
) -> tuple[Seat, ...]:
    """The seats with the models that act for them.

    Args:
        seats: Who takes part, as the environment declares.
        parts: The parts; a single agent plays all of them.
        model_order: For each seat the place of the one whose model it has, from 0; each has its
            own, if left out.
    """
    models = [parts.single_agent or seat.model for seat in seats]
    order = model_order or range(len(seats))
    return tuple(
        replace(seat, model=models[place]) for seat, place in zip(seats, order, strict=True)
    )
