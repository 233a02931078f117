"""Factorial populations: every combination of declared levels, or a covering part of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from schemas.inventories import LEVELS
from schemas.names import Name
from schemas.study.population import PopulationSpec
from tasks.personas.methods.method import Params, PersonaMethod
from tasks.personas.scores import score_of_level
from tasks.personas.structure import Column, Draws, Structure, coded


class FactorialParams(Params):
    """Parameters of a factorial population."""

    levels: dict[Name, tuple[Name, ...]] = Field(
        min_length=1,
        description="Levels by factor: attributes, or traits of the inventory with very_low, low, "
        "average, high or very_high.",
    )
    design: Literal["full", "covering"] = Field(
        "full",
        description="full (every combination equally often), or covering (every combination of "
        "the levels of any few factors at least once).",
    )
    control: int = Field(
        0, ge=0, description="Personas that have none of the factors, beside the design."
    )
    strength: int = Field(
        2, ge=1, le=4, description="How many factors a covering design combines fully."
    )


class Factorial(PersonaMethod[FactorialParams]):
    """Crosses declared levels."""

    name = "factorial"
    about = "Crosses declared levels: every combination, or a covering design."
    params = FactorialParams
    targets = "ignored"

    def problems(
        self, spec: PopulationSpec, params: FactorialParams
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """A size that the design does not fit, and levels that a trait does not have."""
        traits = {trait for one in spec.traits for trait in one.traits}
        for factor, levels in params.levels.items():
            if factor in traits and not set(levels) <= set(LEVELS):
                odd = min(set(levels) - set(LEVELS))
                yield ("method", "levels", factor), f"{odd} is no level; use {', '.join(LEVELS)}"
            if len(set(levels)) < len(levels):
                yield ("method", "levels", factor), "a level is listed twice"
        if params.control and traits & set(params.levels):
            yield ("method", "control"), "everybody has the traits that are factors"
        size = spec.size - params.control
        beside = f" beside {params.control:,} without factors" if params.control else ""
        if params.design == "full":
            n = math.prod(len(levels) for levels in params.levels.values())
            if size < 1 or size % n:
                fitting = n * -(-max(size, 1) // n) + params.control
                yield (
                    ("size",),
                    f"a full design has {n:,} combinations: expected a multiple of {n:,}{beside}, "
                    f"found {max(size, 0):,}; set size to {fitting:,}",
                )
        elif params.strength > len(params.levels):
            yield ("method", "strength"), f"there are only {len(params.levels)} factors"
        elif size < (n := len(_covering(params))):
            yield ("size",), f"the covering design has {n:,} rows: expected at least {n:,}{beside}"

    def attributes(self, spec: PopulationSpec, params: FactorialParams) -> tuple[str, ...]:
        """The factors that are no traits."""
        traits = {trait for one in spec.traits for trait in one.traits}
        return tuple(factor for factor in params.levels if factor not in traits)

    def given_traits(self, spec: PopulationSpec, params: FactorialParams) -> frozenset[str]:
        """The factors that are traits."""
        return frozenset(params.levels).difference(self.attributes(spec, params))

    def structure(self, spec: PopulationSpec, params: FactorialParams, draws: Draws) -> Structure:
        """The rows of the design in turn, in a random order."""
        names = list(params.levels)
        rows = (
            list(itertools.product(*params.levels.values()))
            if params.design == "full"
            else _covering(params)
        )
        places = draws.of("order").permutation(spec.size)
        designed = places < spec.size - params.control
        columns = {}
        for place, name in enumerate(names):
            column = coded([rows[row][place] for row in places % len(rows)], params.levels[name])
            columns[name] = Column(column.categories, np.where(designed, column.codes, -1))
        traits = {trait for one in spec.traits for trait in one.traits}
        scores = {
            name: score_of_level(column.values())
            for name, column in columns.items()
            if name in traits
        }
        attributes: dict[str, Column] = {
            name: column for name, column in columns.items() if name not in traits
        }
        return Structure(attributes, scores, figures={"design_rows": float(len(rows))})


def _covering(params: FactorialParams) -> list[tuple[str, ...]]:
    """The rows of the covering design; the same for the same levels."""
    import covertable
    from covertable.sorters import hash as by_hash

    names = list(params.levels)
    rows = covertable.make(
        [list(levels) for levels in params.levels.values()],
        strength=params.strength,
        sorter=by_hash,
    )
    return sorted(tuple(row[place] for place in range(len(names))) for row in rows)
