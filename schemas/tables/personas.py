"""Tables of populations and their personas."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.base import Share
from schemas.inventories import Level
from schemas.study.expectations import Severity
from schemas.study.taxonomy import Stratum
from schemas.tables.column import Count, Json, Key, Name, Ordinal, Row, Table

#: A level of intensity.
Intensity = Annotated[int, Field(ge=1, le=5)]


class PopulationRow(Row):
    """A population."""

    table: ClassVar[Table] = Table(
        "populations", ("population_key",), "population", owner="unit_key"
    )

    population_key: Key = Field(description="Digest of all that decides its personas.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    method: Name = Field(description="How its structured part was made.")
    size: Count = Field(description="Number of personas.")
    seed: int = Field(description="Seed of the draws.")
    spec: Json = Field(description="The population as declared.")
    figures: Json = Field(
        description="What is to be known of how it was made, such as iterations of raking."
    )


class PopulationTargetRow(Row):
    """A cell of a target table, and what the population realises of it."""

    table: ClassVar[Table] = Table(
        "population_targets",
        ("population_key", "dimension", "category"),
        "cell of a target table of a population",
        {"population_key": "populations.population_key"},
        owner="unit_key",
    )

    population_key: Key = Field(description="The population.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    dimension: Name = Field(description="Attribute, or several: 'age_group x sex'.")
    category: Name = Field(description="Category, or one of each attribute.")
    target_share: Share = Field(description="Share that was declared.")
    realised_share: Share | None = Field(
        None, description="Share of the personas; missing in rows of older versions."
    )


class PopulationFitRow(Row):
    """How well a population meets a target table."""

    table: ClassVar[Table] = Table(
        "population_fits",
        ("population_key", "dimension"),
        "target table that a population was to meet",
        {"population_key": "populations.population_key"},
        owner="unit_key",
    )

    population_key: Key = Field(description="The population.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    dimension: Name = Field(description="Attribute, or several: 'age_group x sex'.")
    cells: Count = Field(description="Cells of the table.")
    total_variation: Share = Field(description="Half the sum of absolute differences of shares.")
    tolerance: Share = Field(description="Total variation up to which the table is met.")
    chi_square: float | None = Field(
        None,
        description="Pearson's chi-square; missing if a cell that should be empty is not.",
    )
    p: Share | None = Field(None, description="Its p-value under independent draws.")
    jensen_shannon: Share = Field(description="Jensen-Shannon divergence, in bits.")
    standardised_error: float = Field(
        ge=0, description="Root mean square difference of shares over the mean share (SRMSE)."
    )
    source: str = Field(description="Who published the table.")
    vintage: str = Field(description="Time that it describes.")
    licence: str = Field(description="Licence of the table.")


class PopulationRuleRow(Row):
    """How well a population keeps a rule of consistency."""

    table: ClassVar[Table] = Table(
        "population_rules",
        ("population_key", "rule"),
        "rule that personas of a population were to keep",
        {"population_key": "populations.population_key"},
        owner="unit_key",
    )

    population_key: Key = Field(description="The population.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    rule: Name = Field(description="The rule.")
    severity: Severity = Field(description="What follows where it is kept too rarely.")
    about: Count = Field(description="Personas that it is about.")
    broken: Count = Field(description="Personas who break it; see persona_checks.")
    pass_rate: Share = Field(
        description="Share of those that it is about who keep it; 1 where it is about nobody."
    )
    least_pass_rate: Share = Field(description="Share that was declared.")


class PersonaRow(Row):
    """A persona."""

    table: ClassVar[Table] = Table(
        "personas",
        ("persona_key",),
        "persona",
        {"population_key": "populations.population_key"},
        owner="unit_key",
    )

    persona_key: Key = Field(description="The persona.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    population_key: Key = Field(description="Its population.")
    position: Count = Field(description="Number within the population, from 1.")
    profile_key: Key = Field(
        description="Digest of what decides the persona; the same where a larger population begins "
        "with the personas of a smaller one."
    )
    name: Name = Field(description="Its name.")


class PersonaTextRow(Row):
    """Prose about a persona."""

    table: ClassVar[Table] = Table(
        "persona_texts",
        ("unit_key", "profile_key", "kind"),
        "text about a persona",
        owner="unit_key",
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    profile_key: Key = Field(description="What decides the persona; see personas.")
    kind: Name = Field(description="What the text is, such as biography.")
    text: str = Field(min_length=1, description="The text.")
    call_key: Key | None = Field(None, description="Call that wrote it; missing if given.")


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
    level: Level = Field(description="The score in five levels, cut at z = -1.5, -0.5, 0.5, 1.5.")
    frequency: Intensity | None = Field(None, description="Intensity: how often it shows.")
    depth: Intensity | None = Field(None, description="Intensity: how strongly it shows.")
    threshold: Intensity | None = Field(None, description="Intensity: how readily it shows.")
    effort: Intensity | None = Field(None, description="Intensity: what the persona does for it.")
    willingness: Intensity | None = Field(None, description="Intensity: how gladly it shows it.")
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
    attribute: Name = Field(
        description="Name of the attribute; its path where it comes from a taxonomy."
    )
    value: str | None = Field(
        None,
        description="Its value; missing where it is left to prose, which stands in persona_texts "
        "under the same name.",
    )
    provenance: Literal["sampled", "derived", "model", "imported", "prose"] = Field(
        description="Where it came from."
    )
    depth: Count | None = Field(None, description="Depth in its taxonomy, from 1.")
    category: Name | None = Field(None, description="Node at the top of the taxonomy above it.")
    stratum: Stratum | None = Field(
        None, description="Third of the taxonomy that it was drawn from, by similarity."
    )
    similarity: Share | None = Field(
        None, description="How near its path and description are to the persona's anchors."
    )
    similarity_measure: Name | None = Field(None, description="How nearness was measured.")
    ordinal: Ordinal | None = Field(
        None, description="Place among the persona's attributes of the taxonomy, from 1."
    )


class PersonaRelationRow(Row):
    """A relation of a persona to another; one that is the same both ways has two rows."""

    table: ClassVar[Table] = Table(
        "persona_relations",
        ("persona_key", "other_key", "relation"),
        "relation of a persona to another",
        {"persona_key": "personas.persona_key", "other_key": "personas.persona_key"},
        owner="unit_key",
    )

    persona_key: Key = Field(description="The persona.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    other_key: Key = Field(description="The other persona.")
    relation: Name = Field(description="What the other is to it.")
    strength: Share = Field(description="Strength from 0 to 1.")
    symmetric: bool = Field(description="Whether it is the same the other way round.")


class PersonaCheckRow(Row):
    """A rule that a persona breaks."""

    table: ClassVar[Table] = Table(
        "persona_checks",
        ("persona_key", "rule"),
        "rule of a population that a persona breaks",
        {"persona_key": "personas.persona_key"},
        owner="unit_key",
    )

    persona_key: Key = Field(description="The persona.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    rule: Name = Field(description="The rule.")
    detail: str = Field(description="What it has, and what was expected.")


class CandidateRow(Row):
    """A candidate of a genetic search over weights of traits."""

    table: ClassVar[Table] = Table(
        "candidates",
        ("search_key", "generation", "candidate"),
        "candidate of a search for weights of traits",
        owner="unit_key",
    )

    search_key: Key = Field(description="The search; what decides its population decides it.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    generation: Ordinal = Field(description="Number of the generation, from 0.")
    candidate: Ordinal = Field(description="Number within the generation, from 0.")
    weights: Json = Field(description="Mean of each trait, in standard deviations.")
    answers: Json = Field(description="Share of yes by question, with these weights.")
    fitness: Share = Field(description="1 less the mean difference from the declared shares.")


class ProfileRow(Row):
    """What a model read out of what a person wrote."""

    table: ClassVar[Table] = Table(
        "profiles", ("unit_key", "field"), "field of a profile read out of texts", owner="unit_key"
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    field: Name = Field(description="Field of the profile; summary is there for everybody.")
    value: str = Field(description="What was read; unknown where the texts do not tell.")
    call_key: Key = Field(description="Call that read it.")
