"""The sampled part of a whole population, in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from schemas.keys import seed_of

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """A categorical attribute of a population.

    Attributes:
        categories: Its categories.
        codes: Number of each persona's category.
    """

    categories: tuple[str, ...]
    codes: Whole

    def shares(self, weights: Floats | None = None) -> Floats:
        """Share of the personas in each category."""
        sums = np.bincount(self.codes, weights, len(self.categories)).astype(np.float64)
        shares: Floats = sums / sums.sum()
        return shares

    def values(self) -> list[str]:
        """The category of each persona."""
        return [self.categories[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class Structure:
    """What a way of making personas gives: everything but prose.

    Attributes:
        attributes: Attributes by name.
        scores: Standardised scores of traits by name, where the way gives them itself.
        names: Names, where the way gives them itself; one for each persona.
        texts: Prose by kind, where the way brings it along; one text for each persona.
        intensity: Intensity from 1 to 5 by trait and factor, where the way gives it itself.
        figures: What is to be known of how it was made, such as the iterations of raking.
        provenance: Where attributes come from.
    """

    attributes: Mapping[str, Column]
    scores: Mapping[str, Floats] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    intensity: Mapping[tuple[str, str], Whole] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    provenance: Literal["sampled", "imported"] = "sampled"


@dataclass(frozen=True, slots=True)
class Draws:
    """Generators of a population, one for each purpose.

    Attributes:
        population: Digest that seeds them all.
    """

    population: str

    def of(self, *purpose: str) -> np.random.Generator:
        """The generator for a purpose; always in the same state at first."""
        return np.random.default_rng(seed_of("population", self.population, *purpose))


def coded(values: list[str], categories: tuple[str, ...] = ()) -> Column:
    """A column of the values of personas.

    Args:
        values: The category of each persona.
        categories: Its categories, in order; those that occur, sorted, unless given.

    Example:
        >>> coded(["m", "f", "m"])
        Column(categories=('f', 'm'), codes=array([1, 0, 1]))
    """
    known = categories or tuple(sorted(set(values)))
    number = {category: i for i, category in enumerate(known)}
    return Column(known, np.array([number[value] for value in values], dtype=np.int64))
