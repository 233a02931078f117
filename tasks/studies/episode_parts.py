"""Whether the parts of an episode fit who takes part in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schemas.seats import Persona
from schemas.study import Study
from tasks.environments.registry import environment_named
from tasks.episodes.episode import Episode, acted_by, seats_of
from tasks.episodes.parts import part_problems, shown_problems
from tasks.episodes.preflight import edit_problems, script_problems
from tasks.personas.methods.registry import known_values
from tasks.studies.design import Condition


def unfit_parts(study: Study, condition: Condition) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the parts of a condition, each with its place in the episode section.

    Args:
        study: A study whose models are all declared.
        condition: One of its conditions.

    Raises:
        LookupError: Who takes part depends on what only the warehouse holds.
    """
    if study.episode is None:
        known = known_values(condition.population) if condition.population else frozenset()
        yield from shown_problems(condition.parts, known)
        return
    environment = environment_named(study.episode.environment)
    seats = acted_by(seats_of(environment, condition.params, study.models, seed=0), condition.parts)
    spec = condition.population
    traits = None
    if spec is not None:
        traits = known_values(spec)
        somebody = Persona("", "Somebody", dict.fromkeys(traits, "some"))
        seats = tuple(
            seat if seat.choice == "none" else replace(seat, persona=somebody) for seat in seats
        )
    episode = Episode(
        key="",
        environment=environment,
        params=condition.params,
        seats=seats,
        models=study.models,
        seed=0,
        parts=condition.parts,
    )
    rounds = None
    if condition.parts.interventions:
        rounds = environment.game(condition.params, seats).planned_rounds
    found = list(part_problems(condition.parts, episode.roster, traits, rounds))
    yield from found
    if not found:
        yield from edit_problems(episode)
        yield from script_problems(episode)
