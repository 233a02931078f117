"""Coding: every item of every episode by every judge and rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.codebook import Codebook
from schemas.gateway import Gateway
from schemas.keys import digest
from schemas.unit import Read, Result, Stage, Unit
from tasks.coding import detectors
from tasks.coding.episodes import Coded, coded_episodes
from tasks.coding.items import Said, items_of, messages_of, names_of
from tasks.coding.judge import judged
from tasks.coding.prompt import template_digest
from tasks.coding.rows import code_rows, codebook_row
from tasks.concurrency import gather_all
from tasks.stages.specs import model_of

if TYPE_CHECKING:
    from tasks.stages.base import Upstream
    from tasks.studies.design import Design


class CodeStep:
    """One unit per episode and coder: a model judge, or the codebook's rules."""

    stage: Stage = "codes"
    name = "code"
    recipe = 1
    writes = ("codebooks", "codes")
    asks_models = True
    shard = 16

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """The units: episodes x coders; none for imported coders, whose codes are there."""
        coding = design.study.coding
        if coding is None:
            return ()
        codebook = coding.codebook
        ruled = detectors.ruled_flags(codebook) if coding.rules else ()
        for name in ruled:
            detectors.rule_of(codebook.flags[name].rule or "")
        asked = tuple(name for name in codebook.flags if name not in ruled)
        shared = {"codebook": codebook.model_dump(mode="json"), "flags": asked}
        coders: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = []
        if asked:
            for alias in coding.judges:
                model = design.study.models[alias]
                spec = {**shared, "model": model.model_dump(mode="json")}
                coders.append((alias, spec, ("model", model.identity(), template_digest(), asked)))
        if ruled:
            coders.append((detectors.CODER, shared, ("rule", detectors.RECIPE)))
        return tuple(
            self._unit(episode, coder, codebook.digest, spec, made_by)
            for episode in coded_episodes(design, upstream)
            if not episode.placeholder
            for coder, spec, made_by in coders
        )

    def _unit(
        self,
        episode: Coded,
        coder: str,
        codebook_digest: str,
        spec: Mapping[str, Any],
        made_by: tuple[Any, ...],
    ) -> Unit:
        return Unit(
            stage=self.stage,
            step=self.name,
            key=digest("code", self.recipe, episode.key, coder, codebook_digest, *made_by),
            spec={"episode_key": episode.key, "coder": coder, **spec},
            condition=episode.condition,
            replicate=episode.replicate,
            label=f"{coder} on {episode.label}",
            upstream=(episode.key,),
        )

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """Events and seats of the episodes."""
        keys = tuple(dict.fromkeys(unit.spec["episode_key"] for unit in units))
        return (Read("events", "episode_key", keys), Read("seats", "episode_key", keys))

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """Codes of each unit; a judge out of reach fails the unit, an unusable answer does not."""
        messages = messages_of(rows["events"], rows["seats"])
        names = names_of(rows["seats"])
        return await gather_all(
            _result(
                unit,
                messages.get(unit.spec["episode_key"], []),
                names.get(unit.spec["episode_key"], {}),
                gateway,
            )
            for unit in units
        )


async def _result(
    unit: Unit, messages: Sequence[Said], names: Mapping[str, str], gateway: Gateway
) -> Result:
    codebook = Codebook.model_validate(unit.spec["codebook"])
    items = items_of(messages, codebook)
    made: dict[str, Any] = {"codebooks": [codebook_row(codebook)]}
    failure = None
    if "model" in unit.spec:
        outcome = await judged(
            items,
            codebook=codebook,
            flags=unit.spec["flags"],
            model=model_of(unit.spec["model"]),
            coder=unit.spec["coder"],
            unit_key=unit.key,
            gateway=gateway,
        )
        codes, failure = outcome.codes, outcome.failure
        made |= gateway.rows(unit.key)
    else:
        codes = detectors.codes_by_rule(items, codebook, names)
    if failure is not None:
        made.pop("codebooks")
        return Result(unit, made, failure)
    made["codes"] = code_rows(
        codes,
        unit_key=unit.key,
        episode_key=unit.spec["episode_key"],
        codebook_digest=codebook.digest,
        coder=unit.spec["coder"],
        coder_kind="model" if "model" in unit.spec else "rule",
    )
    return Result(unit, made)
