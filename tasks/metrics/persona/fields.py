"""The structured fields of a population as columns, and Gower distances between personas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl

from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats, Ints

#: Distances that are held at once.
MOST_DISTANCES = 4_000_000


@dataclass(frozen=True)
class Fields:
    """Structured fields of some personas: those that every persona has.

    Attributes:
        codes: Number of each persona's category, shape (personas, categorical fields).
        numbers: Numeric fields as shares of their range, shape (personas, numeric fields).
    """

    codes: Ints
    numbers: Floats

    @property
    def n(self) -> int:
        """Number of personas."""
        return len(self.codes)

    @property
    def n_fields(self) -> int:
        """Number of fields."""
        return int(self.codes.shape[1] + self.numbers.shape[1])

    def of(self, personas: Ints) -> Fields:
        """The fields of some of the personas."""
        return Fields(self.codes[personas], self.numbers[personas])

    def shuffled(self, rng: np.random.Generator) -> Fields:
        """Every field in a random order of its own, so that margins are kept and nothing else."""
        return Fields(
            cast("Ints", rng.permuted(self.codes, axis=0)),
            cast("Floats", rng.permuted(self.numbers, axis=0)),
        )

    def distances(self, others: Fields) -> Floats:
        """Gower distance of each persona to each of others, shape (personas, others).

        Source: Gower (1971): the mean over fields of 0 or 1 for categories, and of the difference
        over the range for numbers.
        """
        total = np.zeros((self.n, others.n))
        for mine, theirs in zip(self.codes.T, others.codes.T, strict=True):
            total += mine[:, None] != theirs
        for own, other in zip(self.numbers.T, others.numbers.T, strict=True):
            total += np.abs(own[:, None] - other)
        total /= max(self.n_fields, 1)
        return total

    def mean_distance(self) -> float:
        """Mean Gower distance over all pairs, without looking at each pair."""
        n = self.n
        if n < 2 or not self.n_fields:
            return float("nan")
        pairs = n * (n - 1)
        total = 0.0
        for codes in self.codes.T:
            counts = np.bincount(codes).astype(np.float64)
            total += 1 - float((counts * (counts - 1)).sum()) / pairs
        places = 2 * np.arange(n) - n + 1
        for numbers in self.numbers.T:
            total += 2 * float((places * np.sort(numbers)).sum()) / pairs
        return total / self.n_fields

    def nearest(self, personas: Ints) -> Floats:
        """Distance of some personas to the nearest of all others."""
        found = np.empty(len(personas))
        step = max(1, MOST_DISTANCES // max(self.n, 1))
        for first in range(0, len(personas), step):
            some = personas[first : first + step]
            distances = self.of(some).distances(self)
            distances[np.arange(len(some)), some] = np.inf
            found[first : first + step] = distances.min(axis=1)
        return found


def fields_by_condition(data: PersonaData) -> Iterator[tuple[str, Fields]]:
    """The structured fields of the population of each condition.

    Attributes that every persona of the study has are fields, and all traits. An attribute is a
    number where all its values are; ranges are those of the whole study, a trait's is 0 to 1.
    """
    if "fields" not in data.shared:
        data.shared["fields"] = _fields(data)
    every = cast("Fields", data.shared["fields"])
    for condition, personas in data.by_condition.items():
        if len(personas):
            yield condition, every.of(personas)


def _fields(data: PersonaData) -> Fields:
    n = data.personas.height
    codes: list[Ints] = []
    numbers: list[Floats] = []
    if data.attributes.width:
        known = data.attributes.filter(pl.col("value").is_not_null())
        for _, rows in known.group_by("attribute", maintain_order=True):
            if rows.height < n:
                continue
            values = rows.sort("persona")["value"]
            parsed = values.cast(pl.Float64, strict=False)
            if parsed.null_count() or not np.isfinite(parsed.to_numpy()).all():
                codes.append(values.rank("dense").to_numpy().astype(np.int64) - 1)
            else:
                low, high = parsed.min(), parsed.max()
                span = cast("float", high) - cast("float", low) or 1.0
                numbers.append((parsed.to_numpy() - cast("float", low)) / span)
    if data.traits.width:
        for _, rows in data.traits.group_by("inventory", "trait", maintain_order=True):
            numbers.append(rows.sort("persona")["score"].to_numpy().astype(np.float64))
    return Fields(_columns(codes, n, np.int64), _columns(numbers, n, np.float64))


def _columns(columns: list[np.ndarray], n: int, kind: type) -> np.ndarray:
    return np.column_stack(columns) if columns else np.empty((n, 0), dtype=kind)


def sampled(n: int, most: int, rng: np.random.Generator) -> Ints:
    """Numbers of so many of ``n`` personas, drawn without replacement; all if there are fewer."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
