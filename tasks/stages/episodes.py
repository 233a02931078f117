"""The step that plays episodes: a unit for each condition and replicate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from schemas.base import Record
from schemas.counts import counted
from schemas.errors import Mistake
from schemas.gateway import Gateway
from schemas.keys import UNLESS_DEFAULT, Shared, digest, seed_of, shared
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.environments.registry import environment_named
from tasks.episodes import Episode, play
from tasks.episodes.episode import acted_by, seats_of
from tasks.episodes.interventions import Roster
from tasks.episodes.params import keyed_params
from tasks.episodes.parts import EpisodeParts, understudies
from tasks.episodes.prompts import template_digests
from tasks.episodes.yoked import Donor
from tasks.models.estimate import HELD, Planned, Span, summed
from tasks.personas.seating import assigned
from tasks.stages.base import Step, Upstream
from tasks.stages.foreseen import questions_of, rules_of
from tasks.stages.seated import HeldPersonas, MadePersonas, SeatedPersona, seated_reads
from tasks.studies.design import Design, aliases_of
from tasks.studies.episode_parts import unfit_parts

if TYPE_CHECKING:
    import polars as pl

    from schemas.unit import TableRows

#: Tables of which a yoked episode takes all that its donor has, in the order of :meth:`Donor.of`.
DONATED = ("actions", "events")


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
        seed: Seed of the replicate; of a yoked episode, that of its donor.
        personas: Persona by seat, and of those that interventions put in the place of others.
        donor: Key of the episode that it is yoked to; empty for one that is not.
        drawn: Seed of its own replicate, where its donor is of another one.
        model_order: For each seat the place of the one whose model it has, from 0; empty where
            models do not change places.
        name_order: The same of names.
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
    donor: str = field(default="", metadata=UNLESS_DEFAULT)
    drawn: int | None = field(default=None, metadata=UNLESS_DEFAULT)
    model_order: tuple[int, ...] = field(default=(), metadata=UNLESS_DEFAULT)
    name_order: tuple[int, ...] = field(default=(), metadata=UNLESS_DEFAULT)


@dataclass(frozen=True)
class Taking:
    """What the episodes of a shard take up.

    Attributes:
        personas: The personas of the seats.
        donors: Episodes that others are yoked to, by key.
    """

    personas: HeldPersonas
    donors: Mapping[str, Donor]


class EpisodeStep(Step[EpisodeInput, Taking]):
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
        found: dict[tuple[str, int], Unit[EpisodeInput]] = {}
        # Donors come first, since the keys of those that are yoked to them hold theirs.
        for condition in sorted(design.conditions, key=lambda one: one.parts.yoked is not None):
            aliases = sorted(set(aliases_of(design, condition).values()))
            models = {alias: study.models[alias] for alias in aliases}
            for place, problem in unfit_parts(study, condition):
                raise Mistake(
                    what=f"condition {condition.name}: {problem}",
                    place=".".join(("episode", *map(str, place))),
                )
            yoked = condition.parts.yoked
            # A donor is known by its key; the name of its condition decides nothing.
            own_parts = condition.parts.model_copy(update={"yoked": None})
            params = Shared(condition.params, digest(keyed_params(condition.params)))
            remembered = template_digests(condition.parts.memory)
            prompts = digest({**templates, **{f"memory.{n}": d for n, d in remembered.items()}})
            parts = Shared(own_parts, digest(keyed_params(own_parts)))
            held = {alias: shared(model) for alias, model in models.items()}
            people = made.people(study, condition)
            for replicate in range(1, study.replicates_of[condition.name] + 1):
                # Conditions share a replicate's seed, so that what is shuffled is shuffled alike.
                seed = seed_of("episode", study.seed, replicate)
                seats = seats_of(environment, condition.params, models, seed)
                laid = own_parts.counterbalance.layout(len(seats), replicate, study.seed)
                order = (laid.block, laid.personas) if laid.personas else None
                given = assigned(seats, people.candidates, seed, replicate, condition.name, order)
                waiting = understudies(condition.parts, Roster(seats, {}))
                if waiting:
                    free = [one for one in people.candidates if one.key not in given.values()]
                    given |= assigned(waiting, free, seed, replicate, condition.name)
                seated = {seat: people.seated(key) for seat, key in given.items()}
                donor = None
                if yoked is not None:
                    shown = yoked.donor(replicate, study.replicates_of[yoked.to])
                    donor = found[yoked.to, shown]
                spec = EpisodeInput(
                    environment=environment.name,
                    version=environment.version,
                    params=params,
                    parts=parts,
                    models=held,
                    reasks=study.episode.reasks,
                    templates=prompts,
                    seed=donor.spec.seed if donor else seed,
                    personas=seated,
                    donor=donor.key if donor else "",
                    drawn=seed if donor and donor.spec.seed != seed else None,
                    model_order=laid.models,
                    name_order=donor.spec.name_order if donor else laid.names,
                )
                makers = (key for one in seated.values() for key in one.units)
                found[condition.name, replicate] = self.unit(
                    spec,
                    condition=condition.name,
                    replicate=replicate,
                    label=f"{condition.name} {replicate}",
                    upstream=tuple(dict.fromkeys((*makers, *([donor.key] if donor else ())))),
                )
        return tuple(
            found[condition.name, replicate]
            for condition in design.conditions
            for replicate in range(1, study.replicates_of[condition.name] + 1)
        )

    def brought_in(self, design: Design) -> bool:
        """Whether the study is about imported episodes."""
        return design.study.imported is not None

    def questions(
        self, design: Design, units: Sequence[Unit[EpisodeInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """As many for each episode as playing it without models puts."""
        for rules, n in Counter(rules_of(unit.spec) for unit in units).items():
            models, asked = dict(rules.models), questions_of(rules)
            put = summed(one for (_, purpose), one in asked.items() if purpose != "embedding")
            for (alias, purpose), span in asked.items():
                why, questions = f"{put} questions in an episode", span.times(Span(n, n))
                if purpose == "embedding":
                    requests = counted(math.ceil(span.high), "request")
                    why = f"at most {requests} for vectors in an episode; {HELD}"
                    questions = Span(0, questions.high)
                yield self.planned(alias, models[alias].value, questions, why, purpose)

    def reads(self, units: Sequence[Unit[EpisodeInput]]) -> tuple[Read, ...]:
        """The personas of the seats, and what happened in donors."""
        donors = tuple(sorted({unit.spec.donor for unit in units if unit.spec.donor}))
        of_donors = [Read(table, "episode_key", donors) for table in DONATED if donors]
        people = seated_reads([one for unit in units for one in unit.spec.personas.values()])
        return (*people, *of_donors)

    def prepare(
        self, units: Sequence[Unit[EpisodeInput]], rows: Mapping[str, pl.DataFrame]
    ) -> Taking:
        """The personas of the seats, and the donors."""
        donated: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for table in DONATED:
            for row in rows[table].iter_rows(named=True) if table in rows else ():
                donated.setdefault(row["episode_key"], {}).setdefault(table, []).append(row)
        donors = {
            key: Donor.of(key, *(tables.get(table, ()) for table in DONATED))
            for key, tables in donated.items()
        }
        return Taking(HeldPersonas.out_of(rows), donors)

    async def work(
        self, unit: Unit[EpisodeInput], prepared: Taking, gateway: Gateway
    ) -> Mapping[str, TableRows]:
        """The episode."""
        spec = unit.spec
        personas = {seat: prepared.personas.persona(one) for seat, one in spec.personas.items()}
        missing = sum(one is None for one in personas.values())
        if missing:
            raise UnitFailed(Failure("upstream", f"{missing} personas are not there"))
        donor = prepared.donors.get(spec.donor)
        if spec.donor and donor is None:
            raise UnitFailed(Failure("upstream", f"the donor {spec.donor} is not there"))
        environment = environment_named(spec.environment)
        models = {alias: model.value for alias, model in spec.models.items()}
        listed = seats_of(environment, spec.params.value, models, spec.seed)
        seats = {
            seat.seat: replace(seat, persona=personas.get(seat.seat))
            for seat in acted_by(listed, spec.parts.value, spec.model_order)
        }
        episode = Episode(
            key=unit.key,
            environment=environment,
            params=spec.params.value,
            seats=tuple(seats.values()),
            models=models,
            seed=spec.seed,
            reasks=spec.reasks,
            parts=spec.parts.value,
            donor=donor,
            understudies={
                name: persona
                for name, persona in personas.items()
                if persona is not None and name not in seats
            },
            name_order=spec.name_order,
        )
        played = await play(episode, gateway)
        if played.failure is not None:
            raise UnitFailed(played.failure, played.rows)
        return played.rows
