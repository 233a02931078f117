"""The step that plays episodes: a unit for each condition and replicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.base import Record
from schemas.environment import Environment, Seat
from schemas.errors import Mistake
from schemas.gateway import Gateway
from schemas.keys import Shared, digest, generator, seed_of, shared
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.environments.registry import environment_named
from tasks.episodes import play
from tasks.episodes.params import keyed_params
from tasks.episodes.render import template_digests
from tasks.personas.text import persona_text
from tasks.stages.base import Step, Upstream
from tasks.studies.design import Condition, Design

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
        models: The models by alias.
        reasks: How often a bad answer is asked again.
        templates: Digest of the environment's prompts.
        seed: Seed of the replicate.
        personas: Persona by seat.
    """

    environment: str
    version: int
    params: Shared[Record]
    models: Mapping[str, Shared[ModelSpec]]
    reasks: int
    templates: str
    seed: int
    personas: Mapping[str, str]


class EpisodeStep(Step[EpisodeInput, Mapping[str, str]]):
    """Plays the episodes of a study."""

    stage = "episodes"
    name = "episodes"
    title = "episodes"
    recipe = 1
    writes = ("episodes", "seats", "events", "exposures", "outcomes")
    asks = "agent"
    concurrent = True
    shard = 16

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[EpisodeInput], ...]:
        """One unit for each condition and replicate.

        Raises:
            Mistake: The population has fewer personas than an episode has seats for them.
        """
        study = design.study
        if study.episode is None:
            return ()
        environment = environment_named(study.episode.environment)
        templates = digest(template_digests(environment))
        personas = [unit.key for unit in upstream.units.get("personas", ())]
        units = []
        for condition in design.conditions:
            aliases = sorted(set(environment.aliases(condition.params).values()))
            models = {alias: study.models[alias] for alias in aliases}
            params = Shared(condition.params, digest(keyed_params(condition.params)))
            held = {alias: shared(model) for alias, model in models.items()}
            for replicate in range(1, study.replicates + 1):
                # Conditions share a replicate's seed, so that what is shuffled is shuffled alike.
                seed = seed_of("episode", study.seed, replicate)
                assigned = _assigned(environment, condition, models, personas, seed, replicate)
                spec = EpisodeInput(
                    environment=environment.name,
                    version=environment.version,
                    params=params,
                    models=held,
                    reasks=study.episode.reasks,
                    templates=templates,
                    seed=seed,
                    personas=assigned,
                )
                units.append(
                    self.unit(
                        spec,
                        condition=condition.name,
                        replicate=replicate,
                        label=f"{condition.name} {replicate}",
                        upstream=tuple(dict.fromkeys(assigned.values())),
                    )
                )
        return tuple(units)

    def reads(self, units: Sequence[Unit[EpisodeInput]]) -> tuple[Read, ...]:
        """The personas of the seats."""
        keys = tuple(sorted({key for unit in units for key in unit.spec.personas.values()}))
        if not keys:
            return ()
        tables = ("personas", "persona_traits", "persona_attributes")
        return tuple(Read(table, "persona_key", keys) for table in tables)

    def prepare(
        self, units: Sequence[Unit[EpisodeInput]], rows: Mapping[str, pl.DataFrame]
    ) -> dict[str, str]:
        """The personas as texts, by their keys."""
        return _persona_texts(rows)

    async def work(
        self, unit: Unit[EpisodeInput], prepared: Mapping[str, str], gateway: Gateway
    ) -> Mapping[str, TableRows]:
        """The episode."""
        spec = unit.spec
        missing = [key for key in spec.personas.values() if key not in prepared]
        if missing:
            raise UnitFailed(Failure("upstream", f"{len(missing)} personas are not there"))
        environment = environment_named(spec.environment)
        models = {alias: model.value for alias, model in spec.models.items()}
        played = await play(
            environment,
            spec.params.value,
            [
                _with_persona(seat, spec.personas, prepared)
                for seat in seats_of(environment, spec.params.value, models, spec.seed)
            ],
            models,
            spec.seed,
            unit.key,
            gateway,
            spec.reasks,
        )
        if played.failure is not None:
            raise UnitFailed(played.failure, played.rows)
        return played.rows


def seats_of(
    environment: Environment, params: Record, models: Mapping[str, ModelSpec], seed: int
) -> tuple[Seat, ...]:
    """Who takes part in an episode, personas not yet given."""
    names = {alias: model.model for alias, model in models.items()}
    return environment.seats(params, names, generator(seed, "seats"))


def _assigned(
    environment: Environment,
    condition: Condition,
    models: Mapping[str, ModelSpec],
    personas: Sequence[str],
    seed: int,
    replicate: int,
) -> dict[str, str]:
    """Persona by seat: replicates go through the population in turn, each block shuffled."""
    if not personas:
        return {}
    seats = [
        seat.seat
        for seat in seats_of(environment, condition.params, models, seed)
        if seat.role in environment.persona_roles
    ]
    if len(seats) > len(personas):
        raise Mistake(
            what=f"condition {condition.name} seats more participants than there are personas",
            place="population.size",
            found=str(len(personas)),
            expected=f"at least {len(seats)}",
            fix=f"set size to {len(seats)} or more",
        )
    start = (replicate - 1) * len(seats)
    block = [personas[(start + place) % len(personas)] for place in range(len(seats))]
    generator(seed, "personas").shuffle(block)
    return dict(zip(seats, block, strict=True))


def _with_persona(seat: Seat, assigned: Mapping[str, str], texts: Mapping[str, str]) -> Seat:
    key = assigned.get(seat.seat)
    if key is None:
        return seat
    return seat.model_copy(update={"persona_key": key, "persona": texts[key]})


def _persona_texts(rows: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    if "personas" not in rows:
        return {}
    attributes: dict[str, dict[str, str]] = {}
    for row in rows["persona_attributes"].sort("attribute").iter_rows(named=True):
        attributes.setdefault(row["persona_key"], {})[row["attribute"]] = row["value"]
    levels: dict[str, dict[str, Any]] = {}
    for row in rows["persona_traits"].sort("trait").iter_rows(named=True):
        levels.setdefault(row["persona_key"], {})[row["trait"]] = row["level"]
    return {
        row["persona_key"]: persona_text(
            attributes.get(row["persona_key"], {}),
            levels.get(row["persona_key"], {}),
            row["biography"],
        )
        for row in rows["personas"].iter_rows(named=True)
    }
