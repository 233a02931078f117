"""The step that draws a population: everything about its personas but prose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.gateway import Gateway
from schemas.keys import NOT_IDENTITY, Shared
from schemas.study import PopulationSpec
from schemas.unit import Read, Unit
from tasks.personas.draw import drawn_population
from tasks.personas.methods.method import FoundMethod
from tasks.personas.methods.registry import method_named
from tasks.stages.base import Step, Upstream
from tasks.stages.planned import RECIPE, PlannedPopulation, planned_populations, population_of
from tasks.stages.population_rows import persona_rows, population_rows
from tasks.stages.profiles import ProfileStep
from tasks.stages.searches import SearchStep
from tasks.studies.design import Design

if TYPE_CHECKING:
    import polars as pl

    from schemas.unit import TableRows

#: Tables with rows of personas.
PERSONA_ROWS = (
    "personas",
    "persona_texts",
    "persona_traits",
    "persona_attributes",
    "persona_relations",
    "persona_checks",
)


@dataclass(frozen=True, slots=True)
class PopulationInput:
    """What drawing a population takes.

    Attributes:
        population: The population; its digest is the population's key.
        planned: The same, with what its personas' keys are made of.
        found: Units whose rows it is made from, in order, where work goes before.
    """

    population: Shared[PopulationSpec]
    planned: PlannedPopulation = field(metadata=NOT_IDENTITY, compare=False)
    found: tuple[str, ...] = field(default=(), metadata=NOT_IDENTITY, compare=False)


#: Rows that populations are made from, by the unit that wrote them.
Found = Mapping[str, Sequence[Mapping[str, Any]]]


class PopulationStep(Step[PopulationInput, Found]):
    """Draws the populations that a study's personas are taken from."""

    stage = "personas"
    name = "population"
    title = "populations"
    recipe = RECIPE
    writes = (
        "populations",
        "population_targets",
        "population_fits",
        "population_rules",
        *PERSONA_ROWS,
    )

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PopulationInput], ...]:
        """One unit for each population."""
        planned = {one.population.digest: one for one in planned_populations(design)}
        return tuple(
            self.unit(
                PopulationInput(one.population, one, found),
                label=f"population {number}",
                upstream=found,
            )
            for number, one in enumerate(planned.values(), start=1)
            for found in (_found_by(one, upstream),)
        )

    def reads(self, units: Sequence[Unit[PopulationInput]]) -> tuple[Read, ...]:
        """What populations are made from, where work goes before."""
        keys: dict[str, list[str]] = {}
        for unit in units:
            method = method_named(unit.spec.population.value.method.use)
            if isinstance(method, FoundMethod):
                keys.setdefault(method.found_in, []).extend(unit.spec.found)
        return tuple(Read(table, "unit_key", tuple(found)) for table, found in keys.items())

    def prepare(
        self, units: Sequence[Unit[PopulationInput]], rows: Mapping[str, pl.DataFrame]
    ) -> Found:
        """The rows by unit."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for frame in rows.values():
            for row in frame.iter_rows(named=True):
                found.setdefault(row["unit_key"], []).append(row)
        return found

    async def work(
        self, unit: Unit[PopulationInput], prepared: Found, gateway: Gateway
    ) -> dict[str, TableRows]:
        """The population, how it meets its targets, and its personas."""
        planned = unit.spec.planned
        if unit.spec.found:
            found = [prepared[key] for key in unit.spec.found]
            drawn = drawn_population(planned.population.value, planned.profiles, found)
        else:
            drawn = population_of(planned.population, planned.profiles)
        own = {"population_key": planned.population.digest, "unit_key": unit.key}
        return {
            **population_rows(planned.population.value, drawn, own),
            **persona_rows(planned, drawn, own, planned.parts[0]),
        }


def _found_by(planned: PlannedPopulation, upstream: Upstream) -> tuple[str, ...]:
    """Keys of the units whose rows a population is made from, in order."""
    searched = [one for one in upstream.of(SearchStep) if one.spec.profiles == planned.profiles]
    last = max((one.spec.generation for one in searched), default=0)
    return (
        *(one.key for one in searched if one.spec.generation == last),
        *(one.key for one in upstream.of(ProfileStep) if planned.profiles in one.spec.profiles),
    )


@dataclass(frozen=True, slots=True)
class PartInput:
    """What writing down further personas of a population takes.

    Attributes:
        population: The population.
        part: Number of the part, from 1; the population's own unit writes part 0.
        planned: The population with what its personas' keys are made of.
    """

    population: Shared[PopulationSpec]
    part: int
    planned: PlannedPopulation = field(metadata=NOT_IDENTITY, compare=False)


class PartStep(Step[PartInput, Any]):
    """Writes down the personas of large populations, part by part, so that memory stays bounded."""

    stage = "personas"
    name = "population_parts"
    title = "parts of populations"
    recipe = RECIPE
    writes = PERSONA_ROWS

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PartInput], ...]:
        """One unit for each part but the first."""
        return tuple(
            self.unit(
                PartInput(population.spec.population, number, population.spec.planned),
                label=f"{population.label}, part {number + 1}",
                upstream=(population.key,),
            )
            for population in upstream.of(PopulationStep)
            for number in range(1, len(population.spec.planned.parts))
        )

    async def work(
        self, unit: Unit[PartInput], prepared: Any, gateway: Gateway
    ) -> dict[str, TableRows]:
        """The personas of the part."""
        planned = unit.spec.planned
        drawn = population_of(planned.population, planned.profiles)
        own = {"population_key": planned.population.digest, "unit_key": unit.key}
        return persona_rows(planned, drawn, own, planned.parts[unit.spec.part])


def population_units(upstream: Upstream) -> dict[str, tuple[str, ...]]:
    """Keys of the units that write the personas of a population, in order, by its digest.

    See :meth:`PlannedPopulation.part_of` for the place of the unit that writes a persona.
    """
    found: dict[str, tuple[str, ...]] = {
        unit.spec.population.digest: (unit.key,) for unit in upstream.of(PopulationStep)
    }
    for part in upstream.of(PartStep):
        found[part.spec.population.digest] += (part.key,)
    return found
