"""Seats: who takes part in an episode, as a study writes it and as the engine knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from schemas.base import Record
from schemas.names import Name

#: Position of a seat among those of an episode, from 1.
Position = Annotated[int, Field(ge=1)]


class PersonaFilter(Record):
    """A persona drawn among those that have given values."""

    where: dict[str, str] = Field(
        min_length=1, description="Values that its attributes and levels of its traits must have."
    )

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.where.items())))


#: Which persona a seat has: drawn from the population, none, one by its key, or one by a filter.
PersonaChoice = Literal["drawn", "none"] | PersonaFilter | str


class SeatSpec(Record):
    """A seat as a study writes it; a bare model alias stands for ``{model: ALIAS}``."""

    model: str = Field(min_length=1, description="Alias of the model that acts for the seat.")
    name: Name | None = Field(None, description="Name that it is shown under.")
    role: Name | None = Field(None, description="Role in the game.")
    persona: PersonaChoice = Field(
        "drawn",
        description="Its persona, where the study has a population: drawn, none, a persona's key, "
        "or {where: {ATTRIBUTE: VALUE}} to draw among those that match.",
    )


def _from_alias(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


def _short(seat: SeatSpec) -> Any:
    plain = seat.model_dump(exclude_defaults=True)
    return seat.model if set(plain) == {"model"} else plain


#: A seat in the parameters of an environment, written in its shortest form.
SeatField = Annotated[
    SeatSpec,
    BeforeValidator(_from_alias, json_schema_input_type=str | SeatSpec),
    PlainSerializer(_short),
]


@dataclass(frozen=True, slots=True)
class Persona:
    """What an episode knows of a persona.

    Attributes:
        key: The persona.
        name: Its name.
        attributes: Values by attribute.
        levels: Levels (``low``, ``middle``, ``high``) of traits, by trait.
        texts: Prose by name of the text, such as ``biography``.
        scores: Scores of traits, by trait: quantiles of the reference population.
    """

    key: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant of an episode. Position, shown name, model and persona are separate things.

    Attributes:
        seat: Identifier within the episode (``s1``, ``customer_0001``); never shown as a name.
        position: Place in the order, from 1.
        model: Alias of the model in the study.
        name: The name that it is shown under.
        role: Role that the environment gives it.
        choice: Which persona it is to have.
        persona: Its persona, once one is assigned.
    """

    seat: str
    position: int
    model: str
    name: str
    role: str = "participant"
    choice: PersonaChoice = "drawn"
    persona: Persona | None = None
