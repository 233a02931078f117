"""Populations as a study's plan knows them, before anything of them is there."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.keys import Shared, digest, numbered_digests, shared
from schemas.study import ModelSpec, PopulationSpec, Study
from tasks.personas.draw import Population, drawn_population
from tasks.personas.methods.registry import method_of
from tasks.studies.design import Design

#: Raised by hand when the way in which populations are drawn changes; part of every key.
RECIPE = 2
#: Personas that one unit writes down.
PART = 20_000
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

    def persona_keys(self, positions: Iterable[int]) -> list[str]:
        """Keys of many personas."""
        return numbered_digests(positions, "persona", self.population.digest)

    def profile_keys(self, positions: Iterable[int]) -> list[str]:
        """Digests of what decides many personas."""
        return numbered_digests(positions, "profile", self.profiles)

    @property
    def parts(self) -> list[range]:
        """Numbers of the personas, from 0, that each of its units writes down."""
        size = self.population.value.size
        return [range(first, min(first + PART, size)) for first in range(0, size, PART)]

    def part_of(self, position: int) -> int:
        """Number of the unit, from 0, that writes a persona down."""
        return (position - 1) // PART


def planned_population(study: Study, spec: PopulationSpec) -> PlannedPopulation:
    """A population of a study."""
    method, params = method_of(spec)
    declared = spec.model_dump(mode="json", exclude={"size", "prose"}, exclude_defaults=True)
    extends = method.extends and spec.taxonomy is None and not spec.relations
    models = [study.models[alias].identity() for alias in method.aliases(params)]
    profiles = digest(
        "profiles",
        RECIPE,
        method.version,
        declared,
        None if extends else spec.size,
        *([models] if models else []),
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
    """A planned population as it is drawn, where no work goes before.

    Raises:
        Mistake: What is declared cannot be.
    """
    return drawn_population(population.value, profiles)
