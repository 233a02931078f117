"""How well a population meets its targets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schemas.study.population import PopulationSpec
from schemas.study.targets import TIMES, Target, attributes_of
from tasks.personas.raking import total_variation
from tasks.personas.structure import Column, Floats

#: A population that was drawn as declared misses its default tolerance once in so many tables.
FALSE_ALARMS = 10_000


@dataclass(frozen=True, slots=True)
class Fit:
    """A target table against what a population realises.

    Attributes:
        dimension: The attribute, or attributes.
        categories: Its cells, in words.
        target: Target share of each cell.
        realised: Realised share of each cell, among personas of whom all values are known.
        size: Number of personas.
        tolerance: Total variation up to which it is met.
    """

    dimension: str
    categories: tuple[str, ...]
    target: Floats
    realised: Floats
    size: int
    tolerance: float

    @property
    def total_variation(self) -> float:
        """Half the sum of absolute differences of shares, from 0 to 1."""
        return total_variation(self.realised, self.target)

    @property
    def chi_square(self) -> float | None:
        """Pearson's ``n sum (q - p)^2 / p``; ``None`` if a cell that should be empty is not."""
        empty = self.target == 0
        if (self.realised[empty] > 0).any():
            return None
        p, q = self.target[~empty], self.realised[~empty]
        return float(self.size * (np.square(q - p) / p).sum())

    @property
    def p(self) -> float | None:
        """Chance of a statistic as large under independent draws from the target."""
        from scipy.special import chdtrc  # start-up that a plan need not wait for

        df = int((self.target > 0).sum()) - 1
        return None if self.chi_square is None or df < 1 else float(chdtrc(df, self.chi_square))

    @property
    def jensen_shannon(self) -> float:
        """Jensen-Shannon divergence in bits, from 0 to 1."""
        middle = (self.target + self.realised) / 2
        return sum(_bits(one, middle) for one in (self.target, self.realised)) / 2

    @property
    def standardised_error(self) -> float:
        """Root mean square difference of shares over the mean share (SRMSE)."""
        difference = np.square(self.realised - self.target).mean()
        return float(np.sqrt(difference) / self.target.mean())

    @property
    def met(self) -> bool:
        """Whether the table is met within its tolerance."""
        return self.total_variation <= self.tolerance


def _bits(one: Floats, other: Floats) -> float:
    held = one > 0
    return float((one[held] * np.log2(one[held] / other[held])).sum())


def default_tolerance(size: int, n_cells: int) -> float:
    """Total variation that an honest draw of independent personas exceeds hardly ever.

    The bound is that of Bretagnolle, Huber and Carol: the sum of absolute differences exceeds
    ``e`` with probability at most ``2^k exp(-n e^2 / 2)``.

    Args:
        size: Number of personas.
        n_cells: Cells of the table.

    Example:
        >>> round(default_tolerance(100, 4), 3)
        0.245
    """
    return min(1.0, math.sqrt(2 * (n_cells * math.log(2) + math.log(FALSE_ALARMS)) / size) / 2)


def population_fit(spec: PopulationSpec, attributes: Mapping[str, Column]) -> list[Fit]:
    """Every target table of a population against what it realises."""
    return [_fit(dimension, target, spec, attributes) for dimension, target in spec.targets.items()]


def _fit(
    dimension: str, target: Target, spec: PopulationSpec, attributes: Mapping[str, Column]
) -> Fit:
    cells = target.cells()
    columns = [attributes[name] for name in attributes_of(dimension)]
    sizes = tuple(len(one.categories) for one in columns)
    known = np.all([one.codes >= 0 for one in columns], axis=0)
    codes = np.ravel_multi_index([one.codes[known] for one in columns], sizes)
    counts = np.bincount(codes, minlength=math.prod(sizes)).reshape(sizes)
    place = [{category: i for i, category in enumerate(one.categories)} for one in columns]
    realised = np.array(
        [counts[tuple(at[one] for at, one in zip(place, cell, strict=True))] for cell in cells]
    )
    tolerance = target.tolerance
    if tolerance is None:
        tolerance = default_tolerance(spec.size, len(cells))
    return Fit(
        dimension,
        tuple(TIMES.join(cell) for cell in cells),
        np.array(list(cells.values())),
        realised / max(1, int(known.sum())),
        spec.size,
        tolerance,
    )
