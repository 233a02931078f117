"""Labelling: one label per item, flag and declared adjudication rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.gateway import Gateway
from schemas.keys import digest
from schemas.study.coding import RuleSpec
from schemas.unit import Read, Result, Stage, Unit
from tasks.coding.adjudication import Rule, rule_named
from tasks.coding.coders import coders_of, expected_coders, people_of
from tasks.coding.episodes import Coded, coded_episodes
from tasks.coding.labelling import labelled

if TYPE_CHECKING:
    from tasks.stages.base import Upstream
    from tasks.studies.design import Design


@dataclass(frozen=True, slots=True)
class _Source:
    """An episode with the units that hold its codes; repeated: they may hold one twice."""

    episode: Coded
    units: tuple[str, ...]
    repeated: bool


class LabelStep:
    """One unit per episode and rule; one per study for a rule that learns from all items."""

    stage: Stage = "codes"
    name = "label"
    recipe = 1
    writes = ("labels",)
    asks_models = False
    shard = 256

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """The units of every declared rule.

        Raises:
            Mistake: A rule, a parameter or a coder is unknown, or an imported coder's codes were
                made by another version of the codebook.
        """
        coding = design.study.coding
        if coding is None:
            return ()
        episodes = coded_episodes(design, upstream)
        coders = coders_of(coding, upstream, {episode.key for episode in episodes})
        people = people_of(coding, upstream)
        units: list[Unit] = []
        for declared in coding.adjudication.rules:
            rule, params = rule_named(declared)
            expected = expected_coders(coding, rule, params, declared, people)
            sources = [
                _Source(
                    episode,
                    coders.units(episode.key, expected.coders),
                    coders.repeated(episode.key, expected.coders),
                )
                for episode in episodes
            ]
            sources = [source for source in sources if source.units]
            shared = {
                "codebook_digest": coding.codebook.digest,
                "rule": declared.model_dump(mode="json"),
                "flags": expected.flags,
            }
            if rule.over == "item":
                units += [self._unit(declared, rule, shared, [source]) for source in sources]
            elif sources:
                units.append(self._unit(declared, rule, shared, sources))
        return tuple(units)

    def _unit(
        self, declared: RuleSpec, rule: Rule, shared: Mapping[str, Any], sources: Sequence[_Source]
    ) -> Unit:
        episodes = [source.episode.key for source in sources]
        codes = tuple(key for source in sources for key in source.units)
        alone = sources[0].episode if rule.over == "item" else None
        return Unit(
            stage=self.stage,
            step=self.name,
            key=digest("label", self.recipe, rule.version, shared, sorted(episodes), sorted(codes)),
            spec={
                **shared,
                "sources": codes,
                "repeated": any(source.repeated for source in sources),
            },
            condition=alone.condition if alone else "",
            replicate=alone.replicate if alone else 0,
            label=f"{declared.title} on {alone.label}" if alone else declared.title,
            upstream=(*episodes, *codes),
        )

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """The codes that the labels are made of."""
        keys = dict.fromkeys(key for unit in units for key in unit.spec["sources"])
        return (Read("codes", "unit_key", tuple(keys)),)

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """Labels of each unit, made for all units of a rule at once."""
        groups: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            groups[digest(unit.spec["rule"], unit.spec["flags"])].append(unit)
        made: dict[str, Result] = {}
        for group in groups.values():
            for result in labelled(group, rows["codes"]):
                made[result.unit.key] = result
        return [made[unit.key] for unit in units]
