"""The design of a study: its conditions with every parameter resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base import Record
from schemas.study import Study


@dataclass(frozen=True)
class Cell:
    """A condition with its parameters.

    Attributes:
        name: Name of the condition.
        params: Parameters of the environment, validated.
        factors: Parameters that differ from the baseline, with both values.
    """

    name: str
    params: Record
    factors: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Design:
    """A study with its conditions resolved.

    Attributes:
        study: The study as declared.
        cells: Its conditions, the baseline first; none for a study over imported episodes.
        version: Digest of all that can change its results.
    """

    study: Study
    cells: tuple[Cell, ...]
    version: str
