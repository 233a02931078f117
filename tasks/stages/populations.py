"""The step that writes down a population: how its personas are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.gateway import Gateway
from schemas.keys import Shared, digest
from schemas.study import ModelSpec, PopulationSpec
from schemas.unit import Unit
from tasks.personas.text import biography_template
from tasks.stages.base import Step, Upstream
from tasks.studies.design import Design

#: Raised by hand when the way in which personas are drawn changes; part of every persona's key.
RECIPE = 1


def population_key(spec: PopulationSpec, writer: ModelSpec | None) -> str:
    """Digest of all that decides the personas of a population; its size does not.

    Args:
        spec: The population.
        writer: The model that writes biographies, if any.
    """
    declared = spec.model_dump(mode="json", exclude={"size", "prose"}, exclude_defaults=True)
    prose = None if writer is None else [writer.identity(), digest(biography_template())]
    return digest("population", RECIPE, declared, prose)


def writer_of(design: Design) -> ModelSpec | None:
    """The model that writes biographies in a study, if any."""
    population = design.study.population
    if population is None or population.prose is None:
        return None
    return design.study.models[population.prose]


def population_of(design: Design) -> Shared[PopulationSpec] | None:
    """The population of a study, its digest being its key; without what does not decide it."""
    spec = design.study.population
    if spec is None:
        return None
    decisive = spec.model_copy(update={"size": 1, "prose": None})
    return Shared(decisive, population_key(spec, writer_of(design)))


@dataclass(frozen=True, slots=True)
class PopulationInput:
    """What writing down a population takes.

    Attributes:
        population: The population; its digest is the population's key.
    """

    population: Shared[PopulationSpec]


class PopulationStep(Step[PopulationInput, Any]):
    """Writes down the population that a study's personas are drawn from."""

    stage = "personas"
    name = "population"
    title = "population"
    recipe = RECIPE
    writes = ("populations", "population_targets")

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PopulationInput], ...]:
        """One unit, if the study has a population."""
        population = population_of(design)
        if population is None:
            return ()
        return (self.unit(PopulationInput(population), label="population"),)

    async def work(
        self, unit: Unit[PopulationInput], prepared: Any, gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The population and its target shares."""
        population = unit.spec.population
        key, spec = population.digest, population.value
        return {
            "populations": [
                {
                    "population_key": key,
                    "unit_key": unit.key,
                    "method": spec.method,
                    "seed": spec.seed,
                    "spec": spec.model_dump(mode="json", exclude={"size", "prose"}),
                }
            ],
            "population_targets": [
                {
                    "population_key": key,
                    "unit_key": unit.key,
                    "dimension": dimension,
                    "category": category,
                    "target_share": share,
                }
                for dimension, shares in spec.shares.items()
                for category, share in shares.items()
            ],
        }
