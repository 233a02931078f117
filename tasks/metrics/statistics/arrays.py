"""Arrays in which a value that is not there is not-a-number."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]


def ratio(top: npt.ArrayLike, bottom: npt.ArrayLike, least: float = 0.0) -> Floats:
    """Top over bottom, not-a-number where the bottom is not above ``least``.

    Example:
        >>> ratio([1.0, 1.0], [4.0, 0.0]).tolist()
        [0.25, nan]
    """
    bottom = np.asarray(bottom, dtype=np.float64)
    good = bottom > least
    return np.where(good, np.asarray(top) / np.where(good, bottom, 1.0), np.nan)


def mean_over(values: Floats, axes: int | tuple[int, ...]) -> Floats:
    """Mean over some axes of what is there; not-a-number where nothing is.

    Example:
        >>> mean_over(np.array([[1.0, np.nan], [np.nan, np.nan]]), 1).tolist()
        [1.0, nan]
    """
    good = np.isfinite(values)
    return ratio(np.where(good, values, 0.0).sum(axis=axes), good.sum(axis=axes))


def group_means(values: Floats, groups: Ints, n_groups: int) -> Floats:
    """Mean by group of what is there; not-a-number for groups of which nothing is."""
    good = np.isfinite(values)
    sums = np.bincount(groups[good], weights=values[good], minlength=n_groups)
    return ratio(sums, np.bincount(groups[good], minlength=n_groups))


#: Share of the largest value, and number, below which differences are rounding errors.
ROUNDING = 1e-9, 1e-12


def varies(values: Floats) -> bool:
    """Whether values differ beyond rounding; not-a-number is no value.

    Example:
        >>> varies(np.array([0.1 + 0.2, 0.3])), varies(np.array([0.3, 0.4]))
        (False, True)
    """
    there = values[np.isfinite(values)]
    if not len(there):
        return False
    relative, least = ROUNDING
    return bool(np.ptp(there) > max(relative * np.abs(there).max(), least))


def without_rounding(values: Floats, largest: float) -> Floats:
    """Values to twelve digits, so that those that differ by rounding errors are equal.

    Args:
        values: The values.
        largest: The largest number that they were computed from.

    Example:
        >>> without_rounding(np.array([0.1 + 0.2, 0.3]), 1.0).tolist()
        [0.3, 0.3]
    """
    digits = 12 - max(0, int(np.ceil(np.log10(largest))) if largest > 0 else 0)
    return np.round(values, digits)
