"""The step that writes down a population: how its personas are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.gateway import Gateway
from schemas.keys import Shared, digest
from schemas.study import ModelSpec, PopulationSpec, Study
from schemas.unit import Unit
from tasks.personas.text import biography_template
from tasks.stages.base import Step, Upstream
from tasks.studies.design import Design

#: Raised by hand when the way in which personas are drawn changes; part of every persona's key.
RECIPE = 1
#: How attributes are drawn: each from its own shares.
METHOD = "independent"


def population_key(spec: PopulationSpec, writer: ModelSpec | None) -> str:
    """Digest of all that decides the personas of a population; its size does not.

    Args:
        spec: The population.
        writer: The model that writes biographies, if any.
    """
    declared = spec.model_dump(mode="json", exclude={"size", "prose"}, exclude_defaults=True)
    prose = None if writer is None else [writer.identity(), digest(biography_template())]
    return digest("population", RECIPE, declared, prose)


@dataclass(frozen=True, slots=True)
class PlannedPopulation:
    """A population that conditions of a study use.

    Attributes:
        population: What decides its personas; its digest is the population's key.
        writer: The model that writes biographies, if any.
        size: How many personas are made: as many as the condition that needs most of them.
    """

    population: Shared[PopulationSpec]
    writer: ModelSpec | None
    size: int


def planned_population(study: Study, spec: PopulationSpec) -> PlannedPopulation:
    """A population of a study, without what does not decide its personas."""
    writer = study.models[spec.prose] if spec.prose is not None else None
    decisive = spec.model_copy(update={"size": 1, "prose": None})
    return PlannedPopulation(Shared(decisive, population_key(spec, writer)), writer, spec.size)


def planned_populations(design: Design) -> tuple[PlannedPopulation, ...]:
    """Every distinct population of a study once, in the order of the conditions that use them."""
    specs = [one.population for one in design.conditions] or [design.study.population]
    found: dict[str, PlannedPopulation] = {}
    for spec in specs:
        if spec is not None:
            one = planned_population(design.study, spec)
            held = found.setdefault(one.population.digest, one)
            if held.size < one.size:
                found[one.population.digest] = one
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class PopulationInput:
    """What writing down a population takes.

    Attributes:
        population: The population; its digest is the population's key.
    """

    population: Shared[PopulationSpec]


class PopulationStep(Step[PopulationInput, Any]):
    """Writes down the populations that a study's personas are drawn from."""

    stage = "personas"
    name = "population"
    title = "populations"
    recipe = RECIPE
    writes = ("populations", "population_targets")

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PopulationInput], ...]:
        """One unit for each population."""
        return tuple(
            self.unit(PopulationInput(one.population), label=f"population {number}")
            for number, one in enumerate(planned_populations(design), start=1)
        )

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
                    "method": METHOD,
                    "seed": spec.seed,
                    "spec": {
                        "method": METHOD,
                        **spec.model_dump(mode="json", exclude={"size", "prose"}),
                    },
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
