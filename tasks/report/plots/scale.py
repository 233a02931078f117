"""Linear scales with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """From values to places.

    Attributes:
        low: Smallest value.
        high: Largest value.
        begin: Place of the smallest value.
        end: Place of the largest value.
    """

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value; values outside stay at the edge."""
        inside = min(max(value, self.low), self.high)
        return self.begin + (inside - self.low) / (self.high - self.low) * (self.end - self.begin)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values between two ends.

    Example:
        >>> ticks(0, 1)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = (high - low) / most
    power = 10 ** math.floor(math.log10(raw))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, last + 1)]


def ends(values: Iterable[float | None]) -> tuple[float, float]:
    """Round ends that hold all values, with some room; shares that vary much keep their bounds.

    Example:
        >>> ends([0.1, 0.95]), ends([]), ends([-0.2, 0.1])
        ((0.0, 1.0), (0.0, 1.0), (-0.2, 0.1))
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low >= 0 and high <= 1 and high - low > 0.25:
        return 0.0, 1.0
    room = (high - low) * 0.08 or max(abs(high) * 0.1, 0.05)
    marks = ticks(low - room, high + room)
    step = marks[1] - marks[0] if len(marks) > 1 else room
    bottom = round(marks[0] - (step if marks[0] > low else 0), 12)
    top = round(marks[-1] + (step if marks[-1] < high else 0), 12)
    if low >= 0 and high <= 1:
        top = min(top, 1.0)
    return (max(bottom, 0.0) if low >= 0 else bottom), top


def words(value: float, step: float) -> str:
    """A tick's label with as many decimals as the step needs.

    Example:
        >>> words(0.5, 0.25), words(2.0, 1.0), words(7.5, 2.5)
        ('0.50', '2', '7.5')
    """
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(step * 10**digits - round(step * 10**digits)) > 1e-6:
        digits += 1
    return f"{value:,.{digits}f}".replace("-", "−")
