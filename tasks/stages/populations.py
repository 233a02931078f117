"""The step that writes down a population: how its personas are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemas.gateway import Gateway
from schemas.keys import digest
from schemas.study import ModelSpec, PopulationSpec
from schemas.unit import Read, Result, Stage, Unit
from tasks.personas.text import biography_template
from tasks.stages.base import Upstream
from tasks.studies.design import Design

if TYPE_CHECKING:
    import polars as pl

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


class PopulationStep:
    """Writes down the population that a study's personas are drawn from."""

    stage: Stage = "personas"
    name = "population"
    recipe = RECIPE
    writes = ("populations", "population_targets")
    asks_models = False
    shard = 64

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """One unit, if the study has a population."""
        spec = design.study.population
        if spec is None:
            return ()
        key = population_key(spec, writer_of(design))
        declared = spec.model_dump(mode="json", exclude={"size", "prose"})
        return (
            Unit(
                stage=self.stage,
                step=self.name,
                key=digest("population unit", key),
                spec={"population_key": key, "population": declared},
                label="population",
            ),
        )

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """Nothing."""
        return ()

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """The population and its target shares."""
        return [Result(unit, _rows(unit)) for unit in units]


def _rows(unit: Unit) -> dict[str, list[dict[str, Any]]]:
    key = unit.spec["population_key"]
    declared = unit.spec["population"]
    return {
        "populations": [
            {
                "population_key": key,
                "unit_key": unit.key,
                "method": declared["method"],
                "seed": declared["seed"],
                "spec": declared,
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
            for dimension, shares in declared["shares"].items()
            for category, share in shares.items()
        ],
    }
