"""Coding: every item of every episode by every judge and rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.codebook import Codebook
from schemas.gateway import Gateway
from schemas.keys import Shared, shared
from schemas.study import ModelSpec
from schemas.unit import Read, Unit, UnitFailed
from tasks.coding import detectors
from tasks.coding.episodes import coded_episodes, episode_reads
from tasks.coding.items import Changing, Said, items_of, messages_of, names_of
from tasks.coding.judge import judged
from tasks.coding.prompt import template_digest
from tasks.coding.rows import code_rows, codebook_row
from tasks.models.estimate import Planned, Span
from tasks.stages.base import Step
from tasks.stages.episodes import EpisodeStep
from tasks.stages.foreseen import message_reads, messages

if TYPE_CHECKING:
    from tasks.stages.base import Upstream
    from tasks.studies.design import Design


@dataclass(frozen=True, slots=True)
class CodeInput:
    """What coding an episode takes.

    Attributes:
        episode_key: The episode.
        coder: Name of the coder.
        codebook: The codebook.
        flags: The flags that model judges are asked for.
        model: The judge; ``None`` where the codebook's rules code.
        templates: Digest of the judge's prompts.
        rules: Recipe of the codebook's rules.
    """

    episode_key: str
    coder: str
    codebook: Shared[Codebook]
    flags: tuple[str, ...]
    model: Shared[ModelSpec] | None = None
    templates: str = ""
    rules: int | None = None


@dataclass(frozen=True)
class Transcripts:
    """Messages and shown names by episode."""

    messages: Mapping[str, list[Said]]
    names: Mapping[str, Changing]


class CodeStep(Step[CodeInput, Transcripts]):
    """One unit per episode and coder: a model judge, or the codebook's rules."""

    stage = "codes"
    name = "code"
    title = "codings"
    recipe = 1
    writes = ("codebooks", "codes")
    asks = "judge"
    concurrent = True
    shard = 16

    def plan_reads(self, design: Design, upstream: Upstream) -> tuple[Read, ...]:
        """The episodes."""
        return episode_reads(design, upstream) if design.study.coding else ()

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[CodeInput], ...]:
        """The units: episodes x coders; none for imported coders, whose codes are there."""
        coding = design.study.coding
        if coding is None:
            return ()
        codebook = Shared(coding.codebook, coding.codebook.digest)
        ruled = detectors.ruled_flags(codebook.value) if coding.rules else ()
        for name in ruled:
            detectors.rule_of(codebook.value.flags[name].rule or "")
        asked = tuple(name for name in codebook.value.flags if name not in ruled)
        judges = {alias: shared(design.study.models[alias]) for alias in coding.judges if asked}
        templates = template_digest(codebook.value.level)
        units = []
        for episode in coded_episodes(design, upstream):
            if episode.placeholder:
                continue
            specs = [
                CodeInput(episode.key, alias, codebook, asked, model, templates)
                for alias, model in judges.items()
            ]
            if ruled:
                specs.append(
                    CodeInput(episode.key, detectors.CODER, codebook, (), rules=detectors.RECIPE)
                )
            units += [
                self.unit(
                    spec,
                    condition=episode.condition,
                    replicate=episode.replicate,
                    label=f"{spec.coder} on {episode.label}",
                    upstream=(episode.key,),
                )
                for spec in specs
            ]
        return tuple(units)

    def reads(self, units: Sequence[Unit[CodeInput]]) -> tuple[Read, ...]:
        """Events and seats of the episodes."""
        keys = tuple(dict.fromkeys(unit.spec.episode_key for unit in units))
        return (
            Read("events", "episode_key", keys),
            Read("v_seats_over_time", "episode_key", keys),
        )

    def prepare(
        self, units: Sequence[Unit[CodeInput]], rows: Mapping[str, pl.DataFrame]
    ) -> Transcripts:
        """The messages of the episodes."""
        names = names_of(rows["v_seats_over_time"])
        return Transcripts(messages_of(rows["events"], names), names)

    def question_reads(self, design: Design, units: Sequence[Unit[CodeInput]]) -> tuple[Read, ...]:
        """How many messages the episodes have."""
        return message_reads(unit.spec.episode_key for unit in units)

    def questions(
        self, design: Design, units: Sequence[Unit[CodeInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """One for each batch of items that a judge is shown."""
        keys = {unit.spec.episode_key for unit in units}
        said = messages(keys, upstream.of(EpisodeStep), upstream.frames)
        for spec in (unit.spec for unit in units):
            if spec.model is not None:
                book = spec.codebook.value
                why = (
                    f"{book.level}s in batches of {book.batch}, "
                    "a message for each question where an episode is not played yet"
                )
                asked = _batches(said[spec.episode_key], book)
                yield self.planned(spec.coder, spec.model.value, asked, why)

    def batched(self, unit: Unit[CodeInput]) -> bool:
        """Whether its judge is declared for batches."""
        return unit.spec.model is not None and unit.spec.model.value.batch

    async def work(
        self, unit: Unit[CodeInput], prepared: Transcripts, gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """Codes; a judge out of reach fails the unit, an unusable answer does not."""
        spec = unit.spec
        codebook = spec.codebook.value
        items = items_of(prepared.messages.get(spec.episode_key, []), codebook)
        if spec.model is None:
            names = prepared.names.get(spec.episode_key, Changing())
            codes = detectors.codes_by_rule(items, codebook, names)
        else:
            outcome = await judged(
                items,
                codebook=codebook,
                flags=spec.flags,
                model=spec.model.value,
                coder=spec.coder,
                unit_key=unit.key,
                gateway=gateway,
            )
            if outcome.failure is not None:
                raise UnitFailed(outcome.failure)
            codes = outcome.codes
        rows = code_rows(
            codes,
            unit_key=unit.key,
            episode_key=spec.episode_key,
            codebook_digest=spec.codebook.digest,
            coder=spec.coder,
            coder_kind="rule" if spec.model is None else "model",
        )
        return {"codebooks": [codebook_row(codebook)], "codes": rows}


def _batches(said: Span, codebook: Codebook) -> Span:
    """Questions to a judge about an episode with so many messages."""
    if codebook.level == "episode":
        return Span(1, 1)
    # Turns and pairs of one message each may have no item at all.
    low = 0 if codebook.level in {"turn", "pair"} else said.low
    return Span(math.ceil(low / codebook.batch), math.ceil(said.high / codebook.batch))
