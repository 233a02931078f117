"""The structured part of a population, whole: attributes, traits and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from schemas.inventories import LEVELS
from schemas.study.population import PopulationSpec
from schemas.study.rows import RowsFile
from tasks.personas.methods.ipf import weights_of
from tasks.personas.methods.registry import method_of
from tasks.personas.names import COLUMNS, FAMILY_NAMES, GIVEN_NAMES
from tasks.personas.scores import levels_of, quantiles_of
from tasks.personas.structure import Column, Draws, Floats, Whole
from tasks.personas.traits import drawn_scores, intensities


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
        provenance: Where attributes come from.
    """

    names: list[str]
    attributes: Mapping[str, Column]
    traits: Mapping[str, DrawnTrait]
    texts: Mapping[str, tuple[str, ...]]
    figures: Mapping[str, float]
    provenance: Literal["sampled", "imported"]

    def values(self, position: int) -> dict[str, str]:
        """Values of the attributes and levels of the traits of a persona.

        Args:
            position: Number within the population, from 1.
        """
        place = position - 1
        return {
            **{name: one.categories[one.codes[place]] for name, one in self.attributes.items()},
            **{name: LEVELS[one.levels[place]] for name, one in self.traits.items()},
        }


def drawn_population(spec: PopulationSpec, seed_key: str) -> Population:
    """The structured part of a population.

    Args:
        spec: The population.
        seed_key: Digest that seeds its draws.

    Raises:
        Mistake: What is declared cannot be.

    Example:
        >>> spec = PopulationSpec(size=9, targets={"age": {"young": 1.0}}, traits="big_five")
        >>> drawn_population(spec, "0" * 32).values(1)["age"]
        'young'
    """
    draws = Draws(seed_key)
    method, params = method_of(spec)
    made = method.structure(spec, params, draws)
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
    names = list(made.names) or _names(spec, made.attributes, draws)
    return Population(names, made.attributes, traits, made.texts, made.figures, made.provenance)


def _names(spec: PopulationSpec, attributes: Mapping[str, Column], draws: Draws) -> list[str]:
    size = spec.size
    if spec.names is None:
        given = np.array(GIVEN_NAMES)[draws.of("given").integers(0, len(GIVEN_NAMES), size)]
        family = np.array(FAMILY_NAMES)[draws.of("family").integers(0, len(FAMILY_NAMES), size)]
    else:
        given = _by_frequency(spec.names.given, attributes, size, draws.of("given"))
        family = _by_frequency(spec.names.family, attributes, size, draws.of("family"))
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
        values = np.array(table.columns[name], dtype=object)
        rows = np.array([values == category for category in column.categories])
        fits = (fits[:, None, :] & rows[None, :, :]).reshape(-1, len(names))
        groups = groups * len(column.categories) + column.codes
    for group in np.unique(groups):
        members = groups == group
        edges = np.cumsum(weights * fits[group])
        found[members] = names[np.searchsorted(edges, points[members] * edges[-1], side="right")]
    return found
