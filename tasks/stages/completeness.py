"""The step that holds episodes against the study's rules of completeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.gateway import Gateway
from schemas.keys import Shared, shared
from schemas.study.completeness import CompletenessSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.coding.episodes import coded_episodes, episode_reads
from tasks.episodes.completeness import Numbers, broken_rules
from tasks.stages.base import Step

if TYPE_CHECKING:
    from tasks.stages.base import Upstream
    from tasks.studies.design import Design


@dataclass(frozen=True, slots=True)
class CompletenessInput:
    """What holding an episode against rules takes.

    Attributes:
        episode_key: The episode.
        rules: The rules.
    """

    episode_key: str
    rules: Shared[CompletenessSpec]


class CompletenessStep(Step[CompletenessInput, Mapping[str, Numbers]]):
    """One unit per episode; other rules play no episode again."""

    stage = "episodes"
    name = "completeness"
    title = "checks of completeness"
    recipe = 1
    writes = ("exclusions",)
    shard = 256

    def plan_reads(self, design: Design, upstream: Upstream) -> tuple[Read, ...]:
        """The episodes, where the study has rules."""
        return episode_reads(design, upstream) if design.study.completeness else ()

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[CompletenessInput], ...]:
        """A unit per episode of the study; none where it has no rules."""
        if design.study.completeness is None:
            return ()
        rules = shared(design.study.completeness)
        return tuple(
            self.unit(
                CompletenessInput(episode.key, rules),
                condition=episode.condition,
                replicate=episode.replicate,
                label=f"completeness of {episode.label}",
                upstream=(episode.key,),
            )
            for episode in coded_episodes(design, upstream)
            if not episode.placeholder
        )

    def reads(self, units: Sequence[Unit[CompletenessInput]]) -> tuple[Read, ...]:
        """The episodes, what was said in them, and the questions put to their seats."""
        keys = tuple(unit.spec.episode_key for unit in units)
        return (
            Read("episodes", "episode_key", keys, _EPISODE),
            Read("events", "episode_key", keys, _EVENT, distinct=True),
            Read("actions", "episode_key", keys, _ACTION),
        )

    def prepare(
        self, units: Sequence[Unit[CompletenessInput]], rows: Mapping[str, pl.DataFrame]
    ) -> dict[str, Numbers]:
        """The numbers of the episodes."""
        speakers = rows["events"].filter(kind="say")["episode_key"].value_counts()
        said = dict(speakers.iter_rows())
        counted = (
            rows["actions"]
            .group_by("episode_key")
            .agg(pl.len(), pl.col("absent").sum(), pl.col("fallback").sum())
        )
        acted = {key: numbers for key, *numbers in counted.iter_rows()}
        return {
            key: Numbers(planned, completed, said.get(key, 0), *acted.get(key, ()))
            for key, planned, completed in rows["episodes"].select(_EPISODE).iter_rows()
        }

    async def work(
        self, unit: Unit[CompletenessInput], prepared: Mapping[str, Numbers], gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """A row for each rule that the episode breaks; none if it is complete."""
        spec = unit.spec
        numbers = prepared.get(spec.episode_key)
        if numbers is None:
            raise UnitFailed(Failure("upstream", "the episode is not there"))
        return {
            "exclusions": [
                {
                    "unit_key": unit.key,
                    "episode_key": spec.episode_key,
                    "rule": one.rule,
                    "value": one.value,
                    "bound": one.bound,
                    "reason": one.reason,
                }
                for one in broken_rules(spec.rules.value, numbers)
            ]
        }


def exclusion_reads(upstream: Upstream) -> tuple[Read, ...]:
    """What a later step's plan reads of the rules that episodes break."""
    keys = tuple(unit.key for unit in upstream.of(CompletenessStep))
    return (Read("exclusions", "unit_key", keys),) if keys else ()


_EPISODE = ("episode_key", "planned_rounds", "completed_rounds")
_EVENT = ("episode_key", "kind", "actor")
_ACTION = ("episode_key", "absent", "fallback")
