"""What metrics of personas are computed from: the frames of one unit, with personas numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from tasks.metrics.data import Cases


@dataclass(frozen=True)
class PersonaData(Cases):
    """The frames that a metric of personas is computed from. A persona is one of a condition.

    A population that several conditions use is there once for each of them.

    Attributes:
        personas: ``persona`` (number, from 0), ``persona_key``, ``profile_key``,
            ``population_key``, ``condition``, ``position`` (number within its population, from 1),
            ``name``; sorted by condition as declared, then by position.
        traits: ``persona, inventory, trait, score, level`` and the intensities. The score is a
            quantile of the reference population.
        attributes: ``persona, attribute, value`` and what else the table has.
        texts: ``persona, kind, text``.
        answers: Answers to instruments put to the personas: ``persona, instrument, item, trait,
            facet, key, model, repeat, value, scored``; value and scored are missing where no answer
            was usable.
        encoders: Text encoders by name, besides the hashed one.
        shared: What metrics of the same personas share, such as distances.
    """

    scope = "persona"
    personas: pl.DataFrame
    traits: pl.DataFrame = field(default_factory=pl.DataFrame)
    attributes: pl.DataFrame = field(default_factory=pl.DataFrame)
    texts: pl.DataFrame = field(default_factory=pl.DataFrame)
    answers: pl.DataFrame = field(default_factory=pl.DataFrame)
    encoders: Mapping[str, Any] = field(default_factory=dict)
    shared: dict[Any, Any] = field(default_factory=dict, compare=False)

    @property
    def cases(self) -> pl.DataFrame:
        """The personas."""
        return self.personas

    @cached_property
    def populations(self) -> dict[str, str]:
        """Key of the population by condition; conditions may share one."""
        firsts = self.personas.unique("condition", maintain_order=True)
        return dict(firsts.select("condition", "population_key").iter_rows())
