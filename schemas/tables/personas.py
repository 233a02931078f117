"""Tables of populations and their personas."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.tables.column import Count, Json, Key, Name, Row, Share, Table


class PopulationRow(Row):
    """A population."""

    table: ClassVar[Table] = Table(
        "populations", ("population_key",), "population", owner="unit_key"
    )

    population_key: Key = Field(description="Digest of how it is drawn, its size apart.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    method: Name = Field(description="How attributes are drawn.")
    seed: int = Field(description="Seed of the draws.")
    spec: Json = Field(description="The population as declared.")


class PopulationTargetRow(Row):
    """A target share of a population."""

    table: ClassVar[Table] = Table(
        "population_targets",
        ("population_key", "dimension", "category"),
        "target share of a population",
        {"population_key": "populations.population_key"},
        owner="unit_key",
    )

    population_key: Key = Field(description="The population.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    dimension: Name = Field(description="Attribute.")
    category: Name = Field(description="Category of the attribute.")
    target_share: Share = Field(description="Share that was declared.")


class PersonaRow(Row):
    """A persona."""

    table: ClassVar[Table] = Table(
        "personas",
        ("persona_key",),
        "persona",
        {"population_key": "populations.population_key"},
        owner="unit_key",
    )

    persona_key: Key = Field(description="The persona; key of the unit that made it.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    population_key: Key = Field(description="Its population.")
    position: Count = Field(description="Number within the population, from 1.")
    name: Name = Field(description="Its name.")
    biography: str = Field(description="Prose written by a model; empty if none was asked.")
    call_key: Key | None = Field(None, description="Call that wrote the prose.")


class PersonaTraitRow(Row):
    """A trait of a persona."""

    table: ClassVar[Table] = Table(
        "persona_traits",
        ("persona_key", "inventory", "trait"),
        "trait of a persona",
        {"persona_key": "personas.persona_key"},
        owner="unit_key",
    )

    persona_key: Key = Field(description="The persona.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    inventory: Name = Field(description="Inventory that the trait belongs to.")
    trait: Name = Field(description="The trait.")
    score: Share = Field(description="Score as a population quantile: the normal CDF of z.")
    level: Literal["very_low", "low", "average", "high", "very_high"] = Field(
        description="The score in five levels, cut at z = -1.5, -0.5, 0.5, 1.5."
    )
    assigned: bool = Field(description="Drawn as a target, as opposed to measured.")


class PersonaAttributeRow(Row):
    """An attribute of a persona."""

    table: ClassVar[Table] = Table(
        "persona_attributes",
        ("persona_key", "attribute"),
        "attribute of a persona",
        {"persona_key": "personas.persona_key"},
        owner="unit_key",
    )

    persona_key: Key = Field(description="The persona.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    attribute: Name = Field(description="Name of the attribute.")
    value: str = Field(description="Its value.")
    provenance: Literal["sampled", "model", "imported"] = Field(description="Where it came from.")
