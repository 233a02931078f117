"""The structured part of a persona, drawn from what a population declares."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from schemas.keys import generator
from schemas.study.population import BIG_FIVE, PopulationSpec
from tasks.personas.names import FAMILY_NAMES, GIVEN_NAMES

Level = Literal["very_low", "low", "average", "high", "very_high"]

_CUTS: tuple[tuple[float, Level], ...] = (
    (-1.5, "very_low"),
    (-0.5, "low"),
    (0.5, "average"),
    (1.5, "high"),
)


@dataclass(frozen=True, slots=True)
class Trait:
    """A drawn trait: population quantile and level."""

    score: float
    level: Level


@dataclass(frozen=True, slots=True)
class Drawn:
    """A persona as it was drawn."""

    name: str
    attributes: Mapping[str, str]
    traits: Mapping[str, Trait]


def level_of(z: float) -> Level:
    """The level of a standardised score, cut at -1.5, -0.5, 0.5 and 1.5.

    Example:
        >>> [level_of(z) for z in (-2, -0.5, 0, 1.5)]
        ['very_low', 'average', 'average', 'very_high']
    """
    return next((level for cut, level in _CUTS if z < cut), "very_high")


def drawn(spec: PopulationSpec, population_key: str, position: int) -> Drawn:
    """The persona at one place of a population; the same however large the population is.

    Args:
        spec: The population.
        population_key: Its digest; seeds the draw.
        position: Number within the population, from 1.

    Example:
        >>> spec = PopulationSpec(size=9, shares={"age": {"young": 1.0}})
        >>> drawn(spec, "0" * 32, 1).attributes
        {'age': 'young'}
    """
    rng = generator("persona", population_key, position)
    name = f"{rng.choice(GIVEN_NAMES)} {rng.choice(FAMILY_NAMES)}"
    attributes = {
        dimension: _category(spec.shares[dimension], generator(population_key, position, dimension))
        for dimension in sorted(spec.shares)
    }
    traits = {}
    if spec.traits == "big_five":
        for trait in BIG_FIVE:
            z = generator(population_key, position, "big_five", trait).gauss(0, 1)
            traits[trait] = Trait(NormalDist().cdf(z), level_of(z))
    return Drawn(name, attributes, traits)


def _category(shares: Mapping[str, float], rng: random.Random) -> str:
    categories = sorted(shares)
    return rng.choices(categories, weights=[shares[one] for one in categories])[0]
