"""Intervals of the means of columns, each made for the values that its column has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np

from tasks.metrics.statistics.arrays import Floats, without_rounding
from tasks.metrics.statistics.effect_intervals import levels_of
from tasks.metrics.statistics.means import Bounds, MeanInterval, mean_intervals

#: The two values of a quantity that has no others.
Levels: TypeAlias = tuple[float, float] | None


def levels_of_columns(
    matrix: Floats, subjects: Sequence[str], yes_or_no: Collection[str]
) -> list[Levels]:
    """The two values that a column has in the whole study, of columns that have no others."""
    return [
        (0.0, 1.0) if subject in yes_or_no else _two(column[np.isfinite(column)])
        for subject, column in zip(subjects, matrix.T, strict=True)
    ]


def _two(values: Floats) -> Levels:
    """The two values that there are, rounding errors aside."""
    return levels_of(without_rounding(values, float(np.abs(values).max(initial=0.0))))


def intervals_of_columns(
    block: Floats, levels: list[Levels], bounds: list[Bounds], resamples: int
) -> list[MeanInterval]:
    """Intervals of columns, those with two values or none and the same bounds together."""
    found: dict[int, MeanInterval] = {}
    for two, ends in dict.fromkeys(zip(levels, bounds, strict=True)):
        places = [place for place, one in enumerate(levels) if (one, bounds[place]) == (two, ends)]
        columns = mean_intervals(block[:, places], resamples, two, ends)
        found |= dict(zip(places, columns, strict=True))
    return [found[place] for place in range(len(levels))]
