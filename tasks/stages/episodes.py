"""The step that plays episodes: a unit for each condition and replicate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.base import Record
from schemas.errors import Mistake
from schemas.gateway import Gateway
from schemas.keys import Shared, digest, seed_of, shared
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.environments.registry import environment_named
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
from tasks.episodes.params import keyed_params
from tasks.episodes.parts import EpisodeParts
from tasks.episodes.prompts import template_digests
from tasks.models.estimate import Planned, Span, summed
from tasks.personas.seating import assigned
from tasks.stages.base import Step, Upstream
from tasks.stages.foreseen import questions_of, rules_of
from tasks.stages.seated import HeldPersonas, MadePersonas, SeatedPersona, seated_reads
from tasks.studies.design import Design, aliases_of
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
        templates: Digest of the prompts of the environment and the memory.
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
    personas: Mapping[str, SeatedPersona]


class EpisodeStep(Step[EpisodeInput, HeldPersonas]):
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
        templates = template_digests(environment)
        made = MadePersonas.of(upstream)
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
            remembered = template_digests(condition.parts.memory)
            prompts = digest({**templates, **{f"memory.{n}": d for n, d in remembered.items()}})
            parts = Shared(condition.parts, digest(keyed_params(condition.parts)))
            held = {alias: shared(model) for alias, model in models.items()}
            people = made.people(study, condition)
            for replicate in range(1, study.replicates_of[condition.name] + 1):
                # Conditions share a replicate's seed, so that what is shuffled is shuffled alike.
                seed = seed_of("episode", study.seed, replicate)
                seats = seats_of(environment, condition.params, models, seed)
                given = assigned(seats, people.candidates, seed, replicate, condition.name)
                seated = {seat: people.seated(key) for seat, key in given.items()}
                spec = EpisodeInput(
                    environment=environment.name,
                    version=environment.version,
                    params=params,
                    parts=parts,
                    models=held,
                    reasks=study.episode.reasks,
                    templates=prompts,
                    seed=seed,
                    personas=seated,
                )
                units.append(
                    self.unit(
                        spec,
                        condition=condition.name,
                        replicate=replicate,
                        label=f"{condition.name} {replicate}",
                        upstream=tuple(
                            dict.fromkeys(key for one in seated.values() for key in one.units)
                        ),
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
            models, asked = dict(rules.models), questions_of(rules)
            why = f"{summed(asked.values())} questions in an episode"
            for (alias, purpose), span in asked.items():
                questions = span.times(Span(n, n))
                yield self.planned(alias, models[alias].value, questions, why, purpose)

    def reads(self, units: Sequence[Unit[EpisodeInput]]) -> tuple[Read, ...]:
        """The personas of the seats."""
        return seated_reads([one for unit in units for one in unit.spec.personas.values()])

    def prepare(
        self, units: Sequence[Unit[EpisodeInput]], rows: Mapping[str, pl.DataFrame]
    ) -> HeldPersonas:
        """The personas of the seats."""
        return HeldPersonas.out_of(rows)

    async def work(
        self, unit: Unit[EpisodeInput], prepared: HeldPersonas, gateway: Gateway
    ) -> Mapping[str, TableRows]:
        """The episode."""
        spec = unit.spec
        personas = {seat: prepared.persona(one) for seat, one in spec.personas.items()}
        missing = sum(one is None for one in personas.values())
        if missing:
            raise UnitFailed(Failure("upstream", f"{missing} personas are not there"))
        environment = environment_named(spec.environment)
        models = {alias: model.value for alias, model in spec.models.items()}
        episode = Episode(
            key=unit.key,
            environment=environment,
            params=spec.params.value,
            seats=tuple(
                replace(seat, persona=personas.get(seat.seat))
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
