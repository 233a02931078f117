"""The step that plays episodes: a unit for each condition and replicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemas.base import Record
from schemas.environment import Environment, Seat
from schemas.errors import Mistake
from schemas.gateway import Gateway
from schemas.keys import digest, generator, seed_of
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Result, Stage, Unit
from tasks.concurrency import gather_all
from tasks.environments.registry import environment_named
from tasks.episodes import play
from tasks.episodes.params import keyed_params
from tasks.episodes.render import template_digests
from tasks.models.budget import BudgetSpent
from tasks.personas.text import persona_text
from tasks.stages.base import Upstream
from tasks.stages.specs import model_of
from tasks.studies.design import Condition, Design

if TYPE_CHECKING:
    import polars as pl


class EpisodeStep:
    """Plays the episodes of a study."""

    stage: Stage = "episodes"
    name = "episodes"
    recipe = 1
    writes = ("episodes", "seats", "events", "exposures", "outcomes")
    asks_models = True
    shard = 16

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """One unit for each condition and replicate.

        Raises:
            Mistake: The population has fewer personas than an episode has seats for them.
        """
        study = design.study
        if study.episode is None:
            return ()
        environment = environment_named(study.episode.environment)
        templates = template_digests(environment)
        personas = [unit.key for unit in upstream.units.get("personas", ())]
        units = []
        for condition in design.conditions:
            aliases = sorted(set(environment.aliases(condition.params).values()))
            models = {alias: study.models[alias] for alias in aliases}
            params_key = digest(keyed_params(condition.params))
            identities = {alias: model.identity() for alias, model in models.items()}
            shared = {
                "environment": environment.name,
                "params": condition.params.model_dump(mode="json"),
                "models": {alias: model.model_dump(mode="json") for alias, model in models.items()},
                "reasks": study.episode.reasks,
            }
            for replicate in range(1, study.replicates + 1):
                # Conditions share a replicate's seed, so that what is shuffled is shuffled alike.
                seed = seed_of("episode", study.seed, replicate)
                assigned = _assigned(environment, condition, models, personas, seed, replicate)
                units.append(
                    Unit(
                        stage=self.stage,
                        step=self.name,
                        key=digest(
                            "episode",
                            self.recipe,
                            environment.name,
                            environment.version,
                            params_key,
                            identities,
                            study.episode.reasks,
                            templates,
                            assigned,
                            study.seed,
                            replicate,
                        ),
                        spec={**shared, "seed": seed, "personas": assigned},
                        condition=condition.name,
                        replicate=replicate,
                        label=f"{condition.name} {replicate}",
                        upstream=tuple(dict.fromkeys(assigned.values())),
                    )
                )
        return tuple(units)

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """The personas of the seats."""
        keys = tuple(sorted({key for unit in units for key in unit.spec["personas"].values()}))
        if not keys:
            return ()
        tables = ("personas", "persona_traits", "persona_attributes")
        return tuple(Read(table, "persona_key", keys) for table in tables)

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """The episodes, played at once on one event loop."""
        texts = _persona_texts(rows)
        return await gather_all(self._result(unit, texts, gateway) for unit in units)

    async def _result(self, unit: Unit, texts: Mapping[str, str], gateway: Gateway) -> Result:
        missing = [key for key in unit.spec["personas"].values() if key not in texts]
        if missing:
            return Result(unit, {}, Failure("upstream", f"{len(missing)} personas are not there"))
        environment = environment_named(unit.spec["environment"])
        params: Record = environment.params_model.model_validate(unit.spec["params"])
        models = {alias: model_of(spec) for alias, spec in unit.spec["models"].items()}
        seed = unit.spec["seed"]
        try:
            played = await play(
                environment,
                params,
                [
                    _with_persona(seat, unit.spec["personas"], texts)
                    for seat in seats_of(environment, params, models, seed)
                ],
                models,
                seed,
                unit.key,
                gateway,
                unit.spec["reasks"],
            )
        except BudgetSpent as spent:
            return Result(unit, gateway.rows(unit.key), Failure("budget", spent.message()))
        return Result(unit, {**played.rows, **gateway.rows(unit.key)}, played.failure)


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
