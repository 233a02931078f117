"""Bounds of the outcomes of an episode, from which intervals of their means are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

Bounds = Mapping[str, tuple[float, float]]
#: Of an environment that declares none.
NO_BOUNDS: Bounds = MappingProxyType({})


def outcome_bounds(
    shares: Iterable[str] = (),
    from_zero: Iterable[str] = (),
    others: Bounds = NO_BOUNDS,
) -> Bounds:
    """Smallest and largest value of outcomes, by name.

    Args:
        shares: Outcomes from 0 to 1.
        from_zero: Outcomes that are 0 or more.
        others: Outcomes with other bounds.

    Example:
        >>> dict(outcome_bounds(["paid"], ["revenue"]))
        {'paid': (0.0, 1.0), 'revenue': (0.0, inf)}
    """
    from_zero_on = dict.fromkeys(from_zero, (0.0, float("inf")))
    return MappingProxyType({**dict.fromkeys(shares, (0.0, 1.0)), **from_zero_on, **others})
