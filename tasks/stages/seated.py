"""The personas that sit in episodes: planned by population, read with their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from schemas.errors import Mistake
from schemas.keys import NOT_IDENTITY
from schemas.seats import Persona
from schemas.study import Study
from schemas.unit import Read
from tasks.personas.methods.method import FoundMethod
from tasks.personas.methods.registry import method_named
from tasks.personas.seating import Candidate
from tasks.stages.base import Upstream
from tasks.stages.personas import PersonaStep, persona_reads, personas_by_key
from tasks.stages.planned import PlannedPopulation, planned_population, population_of
from tasks.stages.populations import population_units
from tasks.studies.design import Condition

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class SeatedPersona:
    """The persona of a seat.

    Attributes:
        profile: Digest of what decides the persona.
        biography: Key of the unit that writes its texts; empty where no model does.
        persona: Key of the persona, whose rows say what it is.
        population: Key of the unit that writes it down.
    """

    profile: str
    biography: str
    persona: str = field(metadata=NOT_IDENTITY, compare=False)
    population: str = field(metadata=NOT_IDENTITY, compare=False)

    @property
    def units(self) -> tuple[str, ...]:
        """Keys of the units that make it."""
        return tuple(key for key in (self.population, self.biography) if key)


@dataclass(frozen=True, slots=True)
class People:
    """The personas that the seats of a condition may have.

    Attributes:
        planned: Their population; ``None`` for a condition without one.
        units: Keys of the units that write it down, in the order of the personas.
        writers: Key of the unit that writes about a persona, by profile.
        positions: Number within the population by the key of a persona.
    """

    planned: PlannedPopulation | None = None
    units: Sequence[str] = ()
    writers: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)

    @property
    def candidates(self) -> list[Candidate]:
        """The personas, in order."""
        return [
            Candidate(key, partial(self._values, position))
            for key, position in self.positions.items()
        ]

    def seated(self, key: str) -> SeatedPersona:
        """A persona as the seat that has it holds it."""
        if self.planned is None:
            raise ValueError("nobody can be seated without a population")
        position = self.positions[key]
        profile = self.planned.profile_key(position)
        unit = self.units[self.planned.part_of(position)] if self.units else ""
        return SeatedPersona(profile, self.writers.get(profile, ""), key, unit)

    def _values(self, position: int) -> Mapping[str, str]:
        if self.planned is None:
            raise ValueError("nobody has values without a population")
        if isinstance(method_named(self.planned.population.value.method.use), FoundMethod):
            raise Mistake(
                what="a seat asks for a persona by its values, which are found by work that is "
                "planned together with it",
                place="episode.seats",
                found=f"a population by the method {self.planned.population.value.method.use}",
                expected="seats without where",
                fix="let seats draw among all personas, or name one by its key",
            )
        return population_of(self.planned.population, self.planned.profiles).values(position)


@dataclass(frozen=True, slots=True)
class MadePersonas:
    """The units that make personas.

    Attributes:
        populations: Keys of the units that write a population down, by its digest.
        writers: Key of the unit that writes about a persona, by what it writes and profile.
    """

    populations: Mapping[str, Sequence[str]]
    writers: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, upstream: Upstream) -> MadePersonas:
        """The units out of those planned."""
        writers: dict[str, dict[str, str]] = {}
        for unit in upstream.of(PersonaStep):
            writers.setdefault(unit.spec.writing.digest, {})[unit.spec.profile] = unit.key
        return cls(population_units(upstream), writers)

    def people(self, study: Study, condition: Condition) -> People:
        """The personas that the seats of a condition may have."""
        if condition.population is None:
            return People()
        planned = planned_population(study, condition.population)
        writing = planned.writing.digest if planned.writing else ""
        size = planned.population.value.size
        return People(
            planned,
            self.populations.get(planned.population.digest, ()),
            self.writers.get(writing, {}),
            {planned.persona_key(position): position for position in range(1, size + 1)},
        )


@dataclass(frozen=True, slots=True)
class HeldPersonas:
    """Personas as the warehouse holds them.

    Attributes:
        by_key: Personas by key, without prose.
        texts: Texts by name, by profile and the unit that wrote them.
    """

    by_key: Mapping[str, Persona]
    texts: Mapping[tuple[str, str], Mapping[str, str]]

    @classmethod
    def out_of(cls, rows: Mapping[str, pl.DataFrame]) -> HeldPersonas:
        """The personas in the rows that :func:`seated_reads` asks for."""
        texts: dict[tuple[str, str], dict[str, str]] = {}
        if "persona_texts" in rows:
            for row in rows["persona_texts"].iter_rows(named=True):
                of_unit = texts.setdefault((row["profile_key"], row["unit_key"]), {})
                of_unit[row["kind"]] = row["text"]
        return cls(personas_by_key(rows), texts)

    def persona(self, seated: SeatedPersona) -> Persona | None:
        """The persona of a seat with its texts; ``None`` where it is missing.

        Texts that it brought along are its own, unless the writer wrote others of that name. One
        whose texts are in quarantine has none of the writer's. An episode whose personas are not
        written about yet is not played, so their texts are never merely late.
        """
        held = self.by_key.get(seated.persona)
        texts: dict[str, str] = {}
        for author in seated.units:
            texts |= self.texts.get((seated.profile, author), {})
        return None if held is None else replace(held, texts=texts)


def seated_reads(seated: Sequence[SeatedPersona]) -> tuple[Read, ...]:
    """What must be read to know the personas of seats."""
    if not seated:
        return ()
    profiles = tuple(sorted({one.profile for one in seated}))
    keys = sorted({one.persona for one in seated})
    return (*persona_reads(keys), Read("persona_texts", "profile_key", profiles))
