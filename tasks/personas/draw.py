"""The structured part of a population, whole: attributes, traits and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from schemas.inventories import LEVELS, TYPE_LETTERS
from schemas.study.population import PopulationSpec
from schemas.study.rows import RowsFile
from schemas.study.rules import OTHER
from tasks.personas.methods.ipf import weights_of
from tasks.personas.methods.method import FoundMethod, FoundRows
from tasks.personas.methods.registry import method_of
from tasks.personas.names import COLUMNS, FAMILY_NAMES, GIVEN_NAMES
from tasks.personas.numbers import drawn_numbers
from tasks.personas.relations import related
from tasks.personas.rules import Kept, Pairs, Values, kept
from tasks.personas.scores import levels_of, quantiles_of, type_column
from tasks.personas.structure import Column, Draws, Floats, Provenance, Structure, Whole
from tasks.personas.taxonomy import Chosen, chosen_attributes, taken_columns
from tasks.personas.traits import coverage_figures, drawn_scores, intensities


@dataclass(frozen=True, slots=True)
class DrawnTrait:
    """A trait of a population.

    Attributes:
        inventory: The inventory that it belongs to.
        scores: Each persona's quantile in the reference population.
        levels: Each persona's level, as its number in ``LEVELS``.
        intensity: Each persona's intensity from 1 to 5, by factor; empty where none is declared.
    """

    inventory: str
    scores: Floats
    levels: Whole
    intensity: Mapping[str, Whole]


@dataclass(frozen=True, slots=True)
class Population:
    """The structured part of a population.

    Attributes:
        names: Name of each persona.
        attributes: Attributes by name.
        traits: Traits by name.
        texts: Prose that it brings along, by kind.
        figures: What is to be known of how it was made.
        provenance: Where attributes come from, by name.
        chosen: Attributes out of a taxonomy.
        relations: Relations by name.
        rules: How well rules are kept, by name.
    """

    names: list[str]
    attributes: Mapping[str, Column]
    traits: Mapping[str, DrawnTrait]
    texts: Mapping[str, tuple[str, ...]]
    figures: Mapping[str, float]
    provenance: Mapping[str, Provenance]
    chosen: Sequence[Chosen] = ()
    relations: Mapping[str, Pairs] = field(default_factory=dict)
    rules: Mapping[str, Kept] = field(default_factory=dict)

    def values(self, position: int) -> dict[str, str]:
        """Values of the attributes and levels of the traits of a persona.

        Args:
            position: Number within the population, from 1.
        """
        place = position - 1
        held = {name: column.of_persona(place) for name, column in self.attributes.items()}
        held |= {one.leaf.path: one.of_persona(place) for one in self.chosen}
        return {
            **{name: value for name, value in held.items() if value is not None},
            **{name: LEVELS[one.levels[place]] for name, one in self.traits.items()},
        }


def drawn_population(
    spec: PopulationSpec, seed_key: str, found: Sequence[FoundRows] = ()
) -> Population:
    """The structured part of a population.

    Args:
        spec: The population.
        seed_key: Digest that seeds its draws.
        found: Rows of the units that its method builds on, in their order, if it builds on any.

    Raises:
        Mistake: What is declared cannot be.

    Example:
        >>> spec = PopulationSpec(size=9, targets={"age": {"young": 1.0}}, traits="big_five")
        >>> drawn_population(spec, "0" * 32).values(1)["age"]
        'young'
    """
    draws = Draws(seed_key)
    method, params = method_of(spec)
    made = (
        method.structure_from(spec, params, draws, found)
        if isinstance(method, FoundMethod)
        else method.structure(spec, params, draws)
    )
    traits = _traits(spec, made, draws)
    attributes, provenance = _attributes(spec, made, traits, draws)
    names = list(made.names) or _names(spec, attributes, draws)
    chosen = chosen_attributes(spec.taxonomy, attributes, spec.size, draws) if spec.taxonomy else []
    values = Values(
        spec.size,
        {
            **attributes,
            **taken_columns(chosen, spec.size, _looked_at(spec)),
            **{name: Column(LEVELS, one.levels) for name, one in traits.items()},
        },
        {name: one.scores for name, one in traits.items()},
    )
    tied = {name: related(name, one, values, names, draws) for name, one in spec.relations.items()}
    relations = {name: one.pairs for name, one in tied.items()}
    values = values.with_counts(relations)
    figures = {
        **made.figures,
        **{
            f"relations.{name}.{figure}": value
            for name, one in tied.items()
            for figure, value in one.figures.items()
        },
        **coverage_figures(spec, {name: one.scores for name, one in traits.items()}, draws),
    }
    return Population(
        names,
        attributes,
        traits,
        made.texts,
        figures,
        provenance,
        chosen,
        relations,
        {name: kept(rule, values, relations) for name, rule in spec.rules.items()},
    )


def _traits(spec: PopulationSpec, made: Structure, draws: Draws) -> dict[str, DrawnTrait]:
    traits: dict[str, DrawnTrait] = {}
    for one in spec.traits:
        scores = drawn_scores(one, spec.size, draws)
        strengths = {**intensities(one, spec.size, draws), **made.intensity}
        for trait in one.traits:
            given = made.scores.get(trait)
            z = scores[trait] if given is None else np.where(np.isnan(given), scores[trait], given)
            traits[trait] = DrawnTrait(
                one.inventory,
                quantiles_of(z),
                levels_of(z),
                {factor: level for (of, factor), level in strengths.items() if of == trait},
            )
    return traits


def _attributes(
    spec: PopulationSpec, made: Structure, traits: Mapping[str, DrawnTrait], draws: Draws
) -> tuple[dict[str, Column], dict[str, Provenance]]:
    """Attributes in their order: those of the method, types, numbers; and where they come from."""
    attributes = dict(made.attributes)
    provenance: dict[str, Provenance] = dict.fromkeys(attributes, made.provenance)
    for inventory, name in spec.types.items():
        own = [one.scores for one in traits.values() if one.inventory == inventory]
        attributes[name] = type_column(TYPE_LETTERS[inventory], own)
        provenance[name] = "derived"
    for name, number in spec.numbers.items():
        attributes[name] = drawn_numbers(name, number, attributes, spec.size, draws)
        provenance[name] = "sampled"
    return attributes, provenance


def _looked_at(spec: PopulationSpec) -> frozenset[str]:
    """Names that rules and relations look at."""
    rules = (name.removeprefix(OTHER) for rule in spec.rules.values() for name in rule.names)
    relations = (name for one in spec.relations.values() for name in one.names)
    return frozenset((*rules, *relations))


def _names(spec: PopulationSpec, attributes: Mapping[str, Column], draws: Draws) -> list[str]:
    size = spec.size
    if spec.names is None:
        firsts = draws.of("given").integers(0, len(GIVEN_NAMES), size).tolist()
        lasts = draws.of("family").integers(0, len(FAMILY_NAMES), size).tolist()
        given, family = [GIVEN_NAMES[n] for n in firsts], [FAMILY_NAMES[n] for n in lasts]
    else:
        given = _by_frequency(spec.names.given, attributes, size, draws.of("given")).tolist()
        family = _by_frequency(spec.names.family, attributes, size, draws.of("family")).tolist()
    return [f"{one} {other}" for one, other in zip(given, family, strict=True)]


def _by_frequency(
    table: RowsFile, attributes: Mapping[str, Column], size: int, rng: np.random.Generator
) -> np.ndarray:
    """Names drawn by weight, among those that go with each persona."""
    names = np.array(table.columns["name"], dtype=object)
    weights = (
        weights_of(table.columns["weight"], "weight")
        if "weight" in table.columns
        else np.ones(len(names))
    )
    points = rng.random(size)
    found = np.empty(size, dtype=object)
    conditions = [name for name in table.columns if name not in COLUMNS]
    groups = np.zeros(size, dtype=np.int64)
    fits = np.zeros((1, len(names)), dtype=bool) | True
    for name in conditions:
        column = attributes[name]
        column.refuse_gaps(name, "population.names")
        values = np.array(table.columns[name], dtype=object)
        rows = np.array([values == category for category in column.categories])
        fits = (fits[:, None, :] & rows[None, :, :]).reshape(-1, len(names))
        groups = groups * len(column.categories) + column.codes
    for group in np.unique(groups):
        members = groups == group
        edges = np.cumsum(weights * fits[group])
        found[members] = names[np.searchsorted(edges, points[members] * edges[-1], side="right")]
    return found
