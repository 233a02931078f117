"""The step that draws a population: everything about its personas but prose."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.gateway import Gateway
from schemas.inventories import INTENSITY_FACTORS, LEVELS
from schemas.keys import NOT_IDENTITY, Shared, digest, shared
from schemas.study import ModelSpec, PopulationSpec, Study
from schemas.unit import Unit
from tasks.personas.draw import Population, drawn_population
from tasks.personas.fit import population_fit
from tasks.personas.methods.registry import method_named
from tasks.stages.base import Step, Upstream
from tasks.studies.design import Design

if TYPE_CHECKING:
    from schemas.unit import TableRows

#: Raised by hand when the way in which populations are drawn changes; part of every key.
RECIPE = 2
#: Populations that are kept once drawn, since plan and work look at the same ones.
REMEMBERED = 4


@dataclass(frozen=True, slots=True)
class Writing:
    """How prose about personas is written.

    Attributes:
        writer: The model that writes.
        texts: Name of each text and what it is to say, in order.
        reasks: How often an answer that contradicts the persona is asked again.
    """

    writer: ModelSpec
    texts: tuple[tuple[str, str], ...]
    reasks: int


@dataclass(frozen=True, slots=True)
class PlannedPopulation:
    """A population that conditions of a study use.

    Attributes:
        population: The population; its digest is the population's key.
        profiles: Digest of what decides its personas, one by one.
        writing: How prose about them is written, if at all.
    """

    population: Shared[PopulationSpec]
    profiles: str
    writing: Shared[Writing] | None

    def persona_key(self, position: int) -> str:
        """Key of a persona by its number within the population, from 1."""
        return digest("persona", self.population.digest, position)

    def profile_key(self, position: int) -> str:
        """Digest of what decides a persona; the same in a larger population that begins alike."""
        return digest("profile", self.profiles, position)


def planned_population(study: Study, spec: PopulationSpec) -> PlannedPopulation:
    """A population of a study."""
    method = method_named(spec.method.use)
    declared = spec.model_dump(mode="json", exclude={"size", "prose"}, exclude_defaults=True)
    profiles = digest(
        "profiles", RECIPE, method.version, declared, None if method.extends else spec.size
    )
    return PlannedPopulation(
        Shared(spec, digest("population", profiles, spec.size)), profiles, _writing(study, spec)
    )


def _writing(study: Study, spec: PopulationSpec) -> Shared[Writing] | None:
    prose = spec.prose
    if prose is None:
        return None
    return shared(Writing(study.models[prose.model], tuple(prose.fields.items()), prose.reasks))


def planned_populations(design: Design) -> tuple[PlannedPopulation, ...]:
    """Every distinct population of a study once, in the order of the conditions that use them."""
    specs = [one.population for one in design.conditions] or [design.study.population]
    planned = [planned_population(design.study, spec) for spec in specs if spec is not None]
    return tuple(
        {
            (one.population.digest, one.writing.digest if one.writing else ""): one
            for one in planned
        }.values()
    )


@functools.lru_cache(maxsize=REMEMBERED)
def population_of(population: Shared[PopulationSpec], profiles: str) -> Population:
    """A planned population as it is drawn.

    Raises:
        Mistake: What is declared cannot be.
    """
    return drawn_population(population.value, profiles)


@dataclass(frozen=True, slots=True)
class PopulationInput:
    """What drawing a population takes.

    Attributes:
        population: The population; its digest is the population's key.
        planned: The same, with what its personas' keys are made of.
    """

    population: Shared[PopulationSpec]
    planned: PlannedPopulation = field(metadata=NOT_IDENTITY, compare=False)


class PopulationStep(Step[PopulationInput, Any]):
    """Draws the populations that a study's personas are taken from."""

    stage = "personas"
    name = "population"
    title = "populations"
    recipe = RECIPE
    writes = (
        "populations",
        "population_targets",
        "population_fits",
        "personas",
        "persona_texts",
        "persona_traits",
        "persona_attributes",
    )

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PopulationInput], ...]:
        """One unit for each population."""
        planned = {one.population.digest: one for one in planned_populations(design)}
        return tuple(
            self.unit(PopulationInput(one.population, one), label=f"population {number}")
            for number, one in enumerate(planned.values(), start=1)
        )

    async def work(
        self, unit: Unit[PopulationInput], prepared: Any, gateway: Gateway
    ) -> dict[str, TableRows]:
        """The population, how it meets its targets, and its personas."""
        planned = unit.spec.planned
        drawn = population_of(planned.population, planned.profiles)
        return {
            "populations": [_population_row(unit, drawn)],
            **_fit_rows(unit, drawn),
            **_persona_rows(unit, drawn),
        }


def _population_row(unit: Unit[PopulationInput], drawn: Population) -> dict[str, Any]:
    spec = unit.spec.population.value
    return {
        "population_key": unit.spec.population.digest,
        "unit_key": unit.key,
        "method": spec.method.use,
        "size": spec.size,
        "seed": spec.seed,
        "spec": spec.model_dump(mode="json", exclude={"prose"}, exclude_defaults=True),
        "figures": dict(drawn.figures),
    }


def _fit_rows(unit: Unit[PopulationInput], drawn: Population) -> dict[str, TableRows]:
    own = {"population_key": unit.spec.population.digest, "unit_key": unit.key}
    targets = unit.spec.population.value.targets
    fits = population_fit(unit.spec.population.value, drawn.attributes)
    return {
        "population_targets": [
            {
                **own,
                "dimension": fit.dimension,
                "category": category,
                "target_share": float(target),
                "realised_share": float(realised),
            }
            for fit in fits
            for category, target, realised in zip(
                fit.categories, fit.target, fit.realised, strict=True
            )
        ],
        "population_fits": [
            {
                **own,
                "dimension": fit.dimension,
                "cells": len(fit.categories),
                "total_variation": fit.total_variation,
                "tolerance": fit.tolerance,
                "chi_square": fit.chi_square,
                "p": fit.p,
                "jensen_shannon": fit.jensen_shannon,
                "standardised_error": fit.standardised_error,
                "source": targets[fit.dimension].source,
                "vintage": targets[fit.dimension].vintage,
                "licence": targets[fit.dimension].licence,
            }
            for fit in fits
        ],
    }


def _persona_rows(unit: Unit[PopulationInput], drawn: Population) -> dict[str, TableRows]:
    """Rows of the personas as frames, since they may be a hundred thousand."""
    planned = unit.spec.planned
    positions = range(1, unit.spec.population.value.size + 1)
    keys = pl.Series("persona_key", [planned.persona_key(position) for position in positions])
    profiles = pl.Series("profile_key", [planned.profile_key(position) for position in positions])
    owner = pl.lit(unit.key).alias("unit_key")
    personas = pl.DataFrame([keys, profiles]).with_columns(
        owner,
        pl.lit(unit.spec.population.digest).alias("population_key"),
        pl.Series("position", positions, dtype=pl.Int64),
        pl.Series("name", drawn.names),
    )
    parts = {
        "persona_texts": _texts(profiles, drawn.texts),
        "persona_traits": _traits(keys, drawn),
        "persona_attributes": _attributes(keys, drawn),
    }
    return {
        "personas": personas,
        **{name: pl.concat(part).with_columns(owner) for name, part in parts.items() if part},
    }


def _texts(profiles: pl.Series, texts: Mapping[str, tuple[str, ...]]) -> list[pl.DataFrame]:
    return [
        pl.DataFrame([profiles, pl.Series("text", column)])
        .filter(pl.col("text") != "")
        .with_columns(kind=pl.lit(kind))
        for kind, column in texts.items()
    ]


def _traits(keys: pl.Series, drawn: Population) -> list[pl.DataFrame]:
    levels = pl.Series(LEVELS)
    return [
        pl.DataFrame(
            [
                keys,
                pl.Series("score", trait.scores),
                levels.gather(trait.levels).alias("level"),
                *(
                    pl.Series(factor, trait.intensity.get(factor, [None] * len(keys)), pl.Int64)
                    for factor in INTENSITY_FACTORS
                ),
            ]
        ).with_columns(
            inventory=pl.lit(trait.inventory), trait=pl.lit(name), assigned=pl.lit(value=True)
        )
        for name, trait in drawn.traits.items()
    ]


def _attributes(keys: pl.Series, drawn: Population) -> list[pl.DataFrame]:
    return [
        pl.DataFrame(
            [keys, pl.Series(column.categories).gather(column.codes).alias("value")]
        ).with_columns(attribute=pl.lit(name), provenance=pl.lit(drawn.provenance))
        for name, column in drawn.attributes.items()
    ]
