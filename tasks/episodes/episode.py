"""An episode that is to be played, and what playing it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

    @property
    def model_ids(self) -> dict[str, str]:
        """A provider's model name by alias."""
        return model_ids(self.models)

    @property
    def roster(self) -> Roster:
        """Who takes part."""
        return Roster(self.seats, self.model_ids, self.understudies)


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
