"""The step that plays episodes: a unit for each condition and replicate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from schemas.base import Record
from schemas.errors import Mistake
from schemas.gateway import Gateway
from schemas.keys import Shared, digest, seed_of, shared
from schemas.seats import Persona
from schemas.study import ModelSpec, Study
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.environments.registry import environment_named
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
from tasks.episodes.params import keyed_params
from tasks.episodes.parts import EpisodeParts
from tasks.episodes.prompts import template_digests
from tasks.models.estimate import Planned, Span, summed
from tasks.personas.seating import Candidate, assigned
from tasks.stages.base import Step, Upstream
from tasks.stages.foreseen import questions_by_alias, rules_of
from tasks.stages.personas import PersonaInput, PersonaStep, persona_values
from tasks.stages.populations import planned_population
from tasks.studies.design import Condition, Design, aliases_of
from tasks.studies.episode_parts import unfit_parts

if TYPE_CHECKING:
    import polars as pl

    from schemas.unit import TableRows


@dataclass(frozen=True, slots=True)
class EpisodeInput:
    """What playing an episode takes.

    Attributes:
        environment: Name of the environment.
        version: Version of its code.
        params: Its parameters.
        parts: Names, memory, shown personas, interventions and probes.
        models: The models by alias.
        reasks: How often a bad answer is asked again.
        templates: Digest of the environment's prompts.
        seed: Seed of the replicate.
        personas: Persona by seat.
    """

    environment: str
    version: int
    params: Shared[Record]
    parts: Shared[EpisodeParts]
    models: Mapping[str, Shared[ModelSpec]]
    reasks: int
    templates: str
    seed: int
    personas: Mapping[str, str]


class EpisodeStep(Step[EpisodeInput, Mapping[str, Persona]]):
    """Plays the episodes of a study."""

    stage = "episodes"
    name = "episodes"
    title = "episodes"
    recipe = 2
    writes = (
        "episodes",
        "seats",
        "actions",
        "events",
        "audiences",
        "exposures",
        "responses",
        "outcomes",
    )
    asks = "agent"
    concurrent = True
    shard = 16

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[EpisodeInput], ...]:
        """One unit for each condition and replicate.

        Raises:
            Mistake: The population has no persona for a seat, or the parts of the episode do not
                fit who takes part.
        """
        study = design.study
        if study.episode is None:
            return ()
        environment = environment_named(study.episode.environment)
        templates = digest(template_digests(environment))
        people = upstream.of(PersonaStep)
        units = []
        for condition in design.conditions:
            aliases = sorted(set(aliases_of(design, condition).values()))
            models = {alias: study.models[alias] for alias in aliases}
            for field, problem in unfit_parts(study, condition):
                raise Mistake(
                    what=f"condition {condition.name}: {problem}",
                    place=".".join(("episode", *map(str, field))),
                )
            params = Shared(condition.params, digest(keyed_params(condition.params)))
            parts = Shared(condition.parts, digest(keyed_params(condition.parts)))
            held = {alias: shared(model) for alias, model in models.items()}
            personas = personas_of(study, condition, people)
            for replicate in range(1, study.replicates + 1):
                # Conditions share a replicate's seed, so that what is shuffled is shuffled alike.
                seed = seed_of("episode", study.seed, replicate)
                seats = seats_of(environment, condition.params, models, seed)
                given = assigned(seats, personas, seed, replicate, condition.name)
                spec = EpisodeInput(
                    environment=environment.name,
                    version=environment.version,
                    params=params,
                    parts=parts,
                    models=held,
                    reasks=study.episode.reasks,
                    templates=templates,
                    seed=seed,
                    personas=given,
                )
                units.append(
                    self.unit(
                        spec,
                        condition=condition.name,
                        replicate=replicate,
                        label=f"{condition.name} {replicate}",
                        upstream=tuple(dict.fromkeys(given.values())),
                    )
                )
        return tuple(units)

    def brought_in(self, design: Design) -> bool:
        """Whether the study is about imported episodes."""
        return design.study.imported is not None

    def questions(
        self, design: Design, units: Sequence[Unit[EpisodeInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """As many for each episode as playing it without models puts."""
        for rules, n in Counter(rules_of(unit.spec) for unit in units).items():
            asked = questions_by_alias(rules)
            why = f"{summed(asked.values())} questions in an episode"
            for alias, model in rules.models:
                if alias in asked:
                    yield self.planned(alias, model.value, asked[alias].times(Span(n, n)), why)

    def reads(self, units: Sequence[Unit[EpisodeInput]]) -> tuple[Read, ...]:
        """The personas of the seats."""
        keys = tuple(sorted({key for unit in units for key in unit.spec.personas.values()}))
        if not keys:
            return ()
        tables = ("personas", "persona_traits", "persona_attributes")
        return tuple(Read(table, "persona_key", keys) for table in tables)

    def prepare(
        self, units: Sequence[Unit[EpisodeInput]], rows: Mapping[str, pl.DataFrame]
    ) -> dict[str, Persona]:
        """The personas by their keys."""
        return _personas(rows)

    async def work(
        self, unit: Unit[EpisodeInput], prepared: Mapping[str, Persona], gateway: Gateway
    ) -> Mapping[str, TableRows]:
        """The episode."""
        spec = unit.spec
        missing = [key for key in spec.personas.values() if key not in prepared]
        if missing:
            raise UnitFailed(Failure("upstream", f"{len(missing)} personas are not there"))
        environment = environment_named(spec.environment)
        models = {alias: model.value for alias, model in spec.models.items()}
        episode = Episode(
            key=unit.key,
            environment=environment,
            params=spec.params.value,
            seats=tuple(
                replace(seat, persona=prepared.get(spec.personas.get(seat.seat, "")))
                for seat in seats_of(environment, spec.params.value, models, spec.seed)
            ),
            models=models,
            seed=spec.seed,
            reasks=spec.reasks,
            parts=spec.parts.value,
        )
        played = await play(episode, gateway)
        if played.failure is not None:
            raise UnitFailed(played.failure, played.rows)
        return played.rows


def personas_of(
    study: Study, condition: Condition, people: Sequence[Unit[PersonaInput]]
) -> list[Candidate]:
    """The personas that the seats of a condition may have, in order."""
    if condition.population is None:
        return []
    planned = planned_population(study, condition.population)
    return [
        Candidate(unit.key, partial(persona_values, unit))
        for unit in people
        if unit.spec.population.digest == planned.population.digest
        and unit.spec.position <= planned.size
    ]


def _personas(rows: Mapping[str, pl.DataFrame]) -> dict[str, Persona]:
    """Personas by key, out of their rows."""
    if "personas" not in rows:
        return {}
    attributes: dict[str, dict[str, str]] = {}
    for row in rows["persona_attributes"].sort("attribute").iter_rows(named=True):
        attributes.setdefault(row["persona_key"], {})[row["attribute"]] = row["value"]
    levels: dict[str, dict[str, str]] = {}
    for row in rows["persona_traits"].sort("trait").iter_rows(named=True):
        levels.setdefault(row["persona_key"], {})[row["trait"]] = row["level"]
    return {
        row["persona_key"]: Persona(
            row["persona_key"],
            row["name"],
            attributes.get(row["persona_key"], {}),
            levels.get(row["persona_key"], {}),
            row["biography"],
        )
        for row in rows["personas"].iter_rows(named=True)
    }
