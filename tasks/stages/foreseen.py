"""What episodes will hold, foreseen by playing them without models: questions and messages."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.base import Record
from schemas.keys import Shared, digest
from schemas.study import ModelSpec
from schemas.unit import Read
from tasks.environments.registry import environment_named
from tasks.episodes import Episode
from tasks.episodes.counting import Asked, question_counts
from tasks.episodes.episode import acted_by, seats_of
from tasks.episodes.parts import EpisodeParts
from tasks.models.estimate import Span, summed

if TYPE_CHECKING:
    import polars as pl

    from schemas.unit import Unit
    from tasks.stages.episodes import EpisodeInput

#: Conditions whose plays are remembered: steps after the episodes build on them.
REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how many questions an episode puts, the same for all of a condition.

    Attributes:
        environment: Name of the environment.
        params: Its parameters.
        parts: Names, memory, shown personas, interventions and probes.
        models: The models by alias.
    """

    environment: str
    params: Shared[Record]
    parts: Shared[EpisodeParts]
    models: tuple[tuple[str, Shared[ModelSpec]], ...]


def rules_of(spec: EpisodeInput) -> Rules:
    """The rules of an episode."""
    return Rules(spec.environment, spec.params, spec.parts, tuple(spec.models.items()))


@functools.lru_cache(maxsize=REMEMBERED)
def questions_of(rules: Rules) -> Mapping[Asked, Span]:
    """Questions to each alias by purpose in an episode: fewest and most of a few plays."""
    environment = environment_named(rules.environment)
    models = {alias: model.value for alias, model in rules.models}
    episode = Episode(
        key=digest("count", rules),
        environment=environment,
        params=rules.params.value,
        seats=acted_by(
            seats_of(environment, rules.params.value, models, seed=0), rules.parts.value
        ),
        models=models,
        seed=0,
        parts=rules.parts.value,
    )
    return {asked: Span(*span) for asked, span in question_counts(episode).items()}


def message_reads(episode_keys: Iterable[str]) -> tuple[Read, ...]:
    """What :func:`messages` reads."""
    return (Read("v_message_counts", "episode_key", tuple(sorted(set(episode_keys)))),)


def messages(
    episode_keys: Collection[str],
    episodes: Iterable[Unit[EpisodeInput]],
    frames: Mapping[str, pl.DataFrame],
) -> dict[str, Span]:
    """How many messages episodes have, or can have where they are not played yet.

    An episode that is not played has at most a message for each question to an agent; one without
    messages that was brought in from outside has none.

    Args:
        episode_keys: The episodes.
        episodes: The units of those that are played, not brought in.
        frames: What :func:`message_reads` asks for.
    """
    held = dict(frames["v_message_counts"].select("episode_key", "messages").iter_rows())
    rules = {unit.key: rules_of(unit.spec) for unit in episodes if unit.key not in held}
    found = {}
    for key in episode_keys:
        if key in held:
            found[key] = Span(held[key], held[key])
        elif key in rules:
            questions = questions_of(rules[key])
            asked = summed(n for (_, purpose), n in questions.items() if purpose == "agent")
            found[key] = asked if asked.low == asked.high else Span(0, asked.high)
        else:
            found[key] = Span(0, 0)
    return found
