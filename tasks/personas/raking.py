"""Weights that meet declared margins, and draws that follow weights.

Raking (iterative proportional fitting, Deming and Stephan 1940) scales the weights of the rows of a
seed table to one margin after the other until all are met. The systematic draw turns weights into
rows: the chosen numbers of any two draws of a row differ by less than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Rounds over all margins, at most.
MAX_ITERATIONS = 1_000
#: Total variation at which margins count as met.
TOLERANCE = 1e-9
#: Margins whose total variation stays above this fight each other.
CONFLICT = 1e-6
#: Starts of a systematic draw that are tried.
STARTS = 8


@dataclass(frozen=True, slots=True)
class Margin:
    """A margin of a seed table.

    Attributes:
        codes: Category of each row of the seed table, as a number.
        shares: Target share by category; sums to 1.
    """

    codes: Whole
    shares: Floats

    def realised(self, weights: Floats) -> Floats:
        """Weighted share by category."""
        sums = np.bincount(self.codes, weights, len(self.shares))
        shares: Floats = sums / sums.sum()
        return shares

    def distance(self, weights: Floats) -> float:
        """Total variation between realised and target shares, from 0 to 1."""
        return total_variation(self.realised(weights), self.shares)


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights after raking.

    Attributes:
        weights: Weight of each row; sums to 1.
        iterations: Rounds over all margins.
        distances: Total variation left, by margin.
    """

    weights: Floats
    iterations: int
    distances: Mapping[str, float]

    @property
    def converged(self) -> bool:
        """Whether every margin is met."""
        return max(self.distances.values(), default=0.0) <= CONFLICT

    @property
    def effective_size(self) -> float:
        """Effective sample size of the weights, in rows."""
        return effective_size(self.weights)


def effective_size(weights: Floats) -> float:
    """Kish's effective sample size of weights: ``(sum w)^2 / sum w^2``.

    Example:
        >>> effective_size(np.array([2.0, 2.0, 0.0])), effective_size(np.array([3.0, 1.0]))
        (2.0, 1.6)
    """
    return float(weights.sum() ** 2 / np.square(weights).sum())


def total_variation(found: Floats, wanted: Floats) -> float:
    """Half the sum of absolute differences of two vectors of shares.

    Example:
        >>> total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25]))
        0.25
    """
    return float(np.abs(found - wanted).sum() / 2)


def raked(weights: Floats, margins: Mapping[str, Margin]) -> Raked:
    """Weights that meet margins as far as they can be met together.

    Args:
        weights: Weight of each row of the seed table; not negative.
        margins: The margins by name, each with at least one row of positive weight in every
            category whose target is above 0.

    Example:
        >>> sex = Margin(np.array([0, 0, 1]), np.array([0.5, 0.5]))
        >>> raked(np.ones(3), {"sex": sex}).weights
        array([0.25, 0.25, 0.5 ])
    """
    fitted = weights / weights.sum()
    iterations = 0
    distances = {name: margin.distance(fitted) for name, margin in margins.items()}
    while max(distances.values(), default=0.0) > TOLERANCE and iterations < MAX_ITERATIONS:
        for margin in margins.values():
            realised = margin.realised(fitted)
            with np.errstate(invalid="ignore", divide="ignore"):
                factor = np.where(realised > 0, margin.shares / realised, 0.0)
            fitted = fitted * factor[margin.codes]
        iterations += 1
        distances = {name: margin.distance(fitted) for name, margin in margins.items()}
    return Raked(fitted / fitted.sum(), iterations, distances)


def systematic_rows(weights: Floats, size: int, rng: np.random.Generator) -> Whole:
    """Numbers of drawn rows, in order; a row is drawn about ``size * weight`` times.

    Args:
        weights: Weight of each row; sums to 1.
        size: How many are drawn.
        rng: Gives the start of the grid.

    Example:
        >>> systematic_rows(np.array([0.5, 0.25, 0.25]), 4, np.random.default_rng(1))
        array([0, 0, 1, 2])
    """
    grid = (np.arange(size) + rng.random()) / size
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges / edges[-1], grid, side="right"), len(weights) - 1)


def closest_rows(
    weights: Floats,
    margins: Mapping[str, Margin],
    order: Whole,
    size: int,
    rng: np.random.Generator,
) -> Whole:
    """Of a few systematic draws, the one that comes nearest to all margins.

    Args:
        weights: Weight of each row; sums to 1.
        margins: The margins.
        order: Row numbers in the order that the grid runs through.
        size: How many rows are drawn.
        rng: Gives the starts of the grids.
    """
    draws = [order[systematic_rows(weights[order], size, rng)] for _ in range(STARTS)]
    return min(
        draws,
        key=lambda rows: max(
            total_variation(
                np.bincount(margin.codes[rows], minlength=len(margin.shares)) / size, margin.shares
            )
            for margin in margins.values()
        ),
    )


def serpentine_order(columns: Sequence[Whole]) -> Whole:
    """Row numbers sorted by several columns, each running up and down in turn.

    Neighbours then differ in as few columns as possible, so a systematic draw of sorted rows comes
    near to the shares of every column, not only of the first.

    Args:
        columns: Category of each row as a number, the slowest column first.

    Example:
        >>> two, three = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
        >>> serpentine_order([two, three])
        array([0, 1, 2, 5, 4, 3])
    """
    place = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        top = int(column.max(initial=0))
        _, place = np.unique(
            place * (top + 1) + np.where(place % 2 == 0, column, top - column), return_inverse=True
        )
    return np.argsort(place, kind="stable")
