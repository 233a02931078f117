"""The sampled part of a whole population, in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Mistake
from schemas.keys import seed_of

#: Where an attribute comes from.
Provenance = Literal["sampled", "derived", "model", "imported"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """A categorical attribute of a population.

    Attributes:
        categories: Its categories.
        codes: Number of each persona's category; -1 for a persona that has none.
    """

    categories: tuple[str, ...]
    codes: Whole

    def of_persona(self, place: int) -> str | None:
        """The category of a persona by its number from 0; ``None`` where it has none."""
        code = int(self.codes[place])
        return self.categories[code] if code >= 0 else None

    def numbers(self) -> Floats:
        """The number that each persona's category says; not a number where it says none.

        Example:
            >>> Column(("18", "unknown"), np.array([0, 1, -1])).numbers().tolist()
            [18.0, nan, nan]
        """
        said = [_number(category) for category in self.categories]
        numbers: Floats = np.array([*said, np.nan])[self.codes]
        return numbers

    def shares(self, weights: Floats | None = None) -> Floats:
        """Share of the personas in each category."""
        sums = np.bincount(self.codes, weights, len(self.categories)).astype(np.float64)
        shares: Floats = sums / sums.sum()
        return shares

    def refuse_gaps(self, name: str, place: str) -> None:
        """Nothing, if every persona has a category.

        Args:
            name: The attribute.
            place: What needs it, for the message.

        Raises:
            Mistake: Some have none.
        """
        gaps = int((self.codes < 0).sum())
        if gaps:
            raise Mistake(
                what=f"{gaps:,} personas have no {name}, on which something else depends",
                place=place,
                found=f"{len(self.codes) - gaps:,} personas with one",
                expected=f"{name} of everybody",
                fix="take away what depends on it, or give it to everybody",
            )

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
    provenance: Provenance = "sampled"


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


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def number_column(numbers: Floats) -> Column:
    """A column of numbers, each written with six digits at least and no exponent.

    Example:
        >>> number_column(np.array([52300.0, 0.25, 1 / 3])).values()
        ['52300', '0.25', '0.333333']
    """
    known, codes = np.unique(numbers, return_inverse=True)
    written = [_written(number) for number in known.tolist()]
    if len(set(written)) < len(written):  # they differ in digits that are not written
        return coded([written[code] for code in codes.tolist()])
    return Column(tuple(written), codes.astype(np.int64))


def _written(number: float) -> str:
    if number == round(number):
        return str(int(number))
    return np.format_float_positional(number, precision=6, unique=False, trim="-")
