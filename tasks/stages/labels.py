"""Labelling: one label per item, flag and declared adjudication rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas.gateway import Gateway
from schemas.keys import Shared, shared
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.coding.adjudication import rule_named
from tasks.coding.coders import (
    coders_of,
    expected_coders,
    imported_codes,
    imported_reads,
    people_of,
)
from tasks.coding.episodes import Coded, coded_episodes, episode_reads
from tasks.coding.labelling import LabelInput, LabelRule, labelled
from tasks.stages.base import Step
from tasks.stages.codes import CodeStep

if TYPE_CHECKING:
    from tasks.stages.base import Upstream
    from tasks.studies.design import Design


@dataclass(frozen=True, slots=True)
class _Source:
    """An episode with the units that hold its codes; repeated: they may hold one twice."""

    episode: Coded
    units: tuple[str, ...]
    repeated: bool


class LabelStep(Step[LabelInput, Mapping[str, pl.DataFrame | Failure]]):
    """One unit per episode and rule; one per study for a rule that learns from all items."""

    stage = "codes"
    name = "label"
    title = "labels"
    recipe = 1
    writes = ("labels",)
    shard = 256

    def plan_reads(self, design: Design, upstream: Upstream) -> tuple[Read, ...]:
        """The episodes and imported codes."""
        coding = design.study.coding
        return (*episode_reads(design, upstream), *imported_reads(coding)) if coding else ()

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[LabelInput], ...]:
        """The units of every declared rule.

        Raises:
            Mistake: A rule, a parameter or a coder is unknown, or an imported coder's codes were
                made with another version of the codebook.
        """
        coding = design.study.coding
        if coding is None:
            return ()
        episodes = coded_episodes(design, upstream)
        coders = coders_of(
            coding,
            upstream.of(CodeStep),
            imported_codes(upstream),
            {episode.key for episode in episodes},
        )
        people = people_of(coding, upstream)
        units: list[Unit[LabelInput]] = []
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
            one = shared(LabelRule(declared, rule.version, coding.codebook.digest, expected.flags))
            if rule.over == "item":
                units += [self._unit(one, [source], source.episode) for source in sources]
            elif sources:
                units.append(self._unit(one, sources, None))
        return tuple(units)

    def _unit(
        self, rule: Shared[LabelRule], sources: Sequence[_Source], alone: Coded | None
    ) -> Unit[LabelInput]:
        episodes = sorted(source.episode.key for source in sources)
        codes = sorted(key for source in sources for key in source.units)
        repeated = any(source.repeated for source in sources)
        title = rule.value.rule.title
        return self.unit(
            LabelInput(rule, tuple(episodes), tuple(codes), repeated),
            condition=alone.condition if alone else "",
            replicate=alone.replicate if alone else 0,
            label=f"{title} on {alone.label}" if alone else title,
            upstream=(*episodes, *codes),
        )

    def reads(self, units: Sequence[Unit[LabelInput]]) -> tuple[Read, ...]:
        """The codes that the labels are made of."""
        keys = dict.fromkeys(key for unit in units for key in unit.spec.sources)
        return (Read("codes", "unit_key", tuple(keys)),)

    def prepare(
        self, units: Sequence[Unit[LabelInput]], rows: Mapping[str, pl.DataFrame]
    ) -> dict[str, pl.DataFrame | Failure]:
        """The labels of all units, made for all units of a rule at once."""
        groups: dict[str, list[Unit[LabelInput]]] = defaultdict(list)
        for unit in units:
            groups[unit.spec.rule.digest].append(unit)
        made: dict[str, pl.DataFrame | Failure] = {}
        for group in groups.values():
            made.update(labelled(group, rows["codes"]))
        return made

    async def work(
        self,
        unit: Unit[LabelInput],
        prepared: Mapping[str, pl.DataFrame | Failure],
        gateway: Gateway,
    ) -> dict[str, pl.DataFrame]:
        """The labels of a unit."""
        labels = prepared[unit.key]
        if isinstance(labels, Failure):
            raise UnitFailed(labels)
        return {"labels": labels}
