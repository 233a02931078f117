"""The step that measures: one unit per metric, options and adjudication rule."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast, get_args

import numpy as np
import polars as pl

from schemas.counts import counted
from schemas.gateway import Embedder, EmbeddingFailed, Gateway
from schemas.keys import Shared, seed_of, shared
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.coding.coders import imported_codes, imported_reads
from tasks.coding.episodes import episode_reads
from tasks.coding.labelling import LabelInput
from tasks.metrics.assembly import (
    AUDIENCES,
    CHOICE_SETS,
    SEAT_CHANGES,
    SHOWN_BEFORE,
    TOKENS,
    MetricInputs,
)
from tasks.metrics.catalogue import METRICS
from tasks.metrics.computed import computed
from tasks.metrics.data import EPISODE, MeasuredEpisode
from tasks.metrics.metric import Unusable
from tasks.metrics.stored import Measured, metric_rows
from tasks.metrics.text.vectors import Encoder
from tasks.metrics.units import (
    MeasureInput,
    Measurement,
    Rule,
    StudyEpisode,
    encoder_model,
    episodes_of,
    excluded_episodes,
    flags_of,
    measurements,
)
from tasks.models.estimate import HELD, TEXTS_PER_CALL, Planned, Span, summed
from tasks.stages.base import Step, Upstream
from tasks.stages.codes import CodeInput, CodeStep
from tasks.stages.completeness import CompletenessStep, exclusion_reads
from tasks.stages.episodes import EpisodeStep
from tasks.stages.foreseen import message_reads, messages
from tasks.stages.labels import LabelStep
from tasks.studies.design import Design

log = logging.getLogger(__name__)

#: Tables of which metrics take all that an episode has.
BY_EPISODE = frozenset({"events", "actions", "seats", "outcomes", "responses"})
#: Column by which the others are read.
BY = {"labels": "unit_key", "codes": "unit_key", "samples": "sample_key"}
_JUDGED = ("episode_key", "seq", "other_seq", "flag", "value")
_EVENT = ("episode_key", "seq", "round", "turn", "kind", "actor", "text", "audience")
_OUTCOME = ("episode_key", "scope", "subject", "other", "round", "metric", "value", "label")
#: Columns that metrics take of the tables with most rows, and those of them whose texts repeat.
COLUMNS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "codes": ((*_JUDGED, "coder"), ("episode_key", "flag", "coder")),
    "labels": ((*_JUDGED, "rule"), ("episode_key", "flag", "rule")),
    "events": (_EVENT, ("episode_key", "kind", "actor", "audience")),
    AUDIENCES: (("episode_key", "audience", "from_seq", "seats"), ("episode_key", "audience")),
    "outcomes": (_OUTCOME, ("episode_key", "scope", "metric")),
    "episodes": (EPISODE, ()),
}


@dataclass(frozen=True)
class Sources:
    """Units whose rows are codes or labels.

    Attributes:
        labels: Units with labels, each of one rule.
        codes: Units with codes.
        imported: Keys of imported units.
        samples: Samples drawn for the codebook, by episode: ``sample_key, episode_key``.
        checks: Units that say which episodes are complete.
    """

    labels: tuple[Unit[LabelInput], ...]
    codes: tuple[Unit[CodeInput], ...]
    imported: tuple[str, ...]
    samples: pl.DataFrame
    checks: tuple[str, ...] = ()

    @cached_property
    def _label_rules(self) -> tuple[str, ...]:
        return tuple(unit.spec.rule.value.rule.title for unit in self.labels)

    def labels_of(self, rule: str | None, episodes: frozenset[str]) -> tuple[str, ...]:
        """Label units of a rule, or of every rule, that rest on some of the episodes."""
        return tuple(
            unit.key
            for unit, title in zip(self.labels, self._label_rules, strict=True)
            if rule in {None, title} and not episodes.isdisjoint(unit.upstream)
        )

    def codes_of(self, episodes: frozenset[str]) -> tuple[str, ...]:
        """Code units that rest on some of the episodes."""
        return tuple(unit.key for unit in self.codes if not episodes.isdisjoint(unit.upstream))

    def samples_of(self, episodes: frozenset[str]) -> tuple[str, ...]:
        """Samples that were drawn from some of the episodes."""
        mine = self.samples.filter(pl.col("episode_key").is_in(sorted(episodes)))
        return tuple(mine["sample_key"].unique().sort())


class MeasureStep(Step[MeasureInput, MetricInputs]):
    """Metrics of a study: numbers of episodes, conditions and the whole."""

    stage = "metrics"
    name = "measure"
    title = "metrics"
    recipe = 8
    writes = ("metrics",)
    asks = "embedding"

    def plan_reads(self, design: Design, upstream: Upstream) -> tuple[Read, ...]:
        """The episodes, rules that they break, imported codes and samples."""
        imported = imported_reads(design.study.coding)
        return (*episode_reads(design, upstream), *exclusion_reads(upstream), *imported)

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[MeasureInput], ...]:
        """One unit per metric with its options, and per rule where it is made of labels.

        Raises:
            Mistake: A metric or an option of one is unknown.
        """
        wanted = [one for one in measurements(design.study) if one.metric.scope == "episode"]
        if not wanted:
            return ()
        episodes = episodes_of(design, upstream)
        sources = Sources(
            labels=upstream.expected(LabelStep),
            codes=upstream.expected(CodeStep),
            imported=_imported_codes(design, upstream, episodes),
            samples=_samples(design, upstream),
            checks=tuple(unit.key for unit in upstream.expected(CompletenessStep)),
        )
        used = {rule: _used(episodes, rule) for rule in get_args(Rule)}
        return tuple(self._unit(one, design, episodes, used, sources) for one in wanted)

    def _unit(
        self,
        one: Measurement,
        design: Design,
        episodes: Sequence[StudyEpisode],
        used: Mapping[Rule, Shared[tuple[MeasuredEpisode, ...]]],
        sources: Sources,
    ) -> Unit[MeasureInput]:
        metric, coding = one.metric, design.study.coding
        coded = "labels" in metric.needs or "codes" in metric.needs
        incomplete: Rule = "keep" if metric.every_episode else one.incomplete
        keys = tuple(episode.episode_key for episode in used[incomplete].value)
        mine = frozenset(keys)
        labels = sources.labels_of(one.rule, mine) if "labels" in metric.needs else ()
        codes: tuple[str, ...] = ()
        imported: tuple[str, ...] = ()
        if "codes" in metric.needs or one.judge is not None:
            codes, imported = sources.codes_of(mine), sources.imported
        of_codes = coding if "codes" in metric.needs else None
        encoder = encoder_model(design.study, one.options, f"metrics: {metric.name}")
        spec = MeasureInput(
            metric=metric.name,
            version=metric.version,
            options=dict(one.options),
            rule=one.rule,
            judge=one.judge,
            rules=tuple(rule.title for rule in of_codes.adjudication.rules) if of_codes else (),
            gold=of_codes.gold if of_codes else None,
            flags=flags_of(coding.codebook if coded and coding else None),
            incomplete=incomplete,
            episodes=used[incomplete],
            excluded=excluded_episodes(episodes, incomplete),
            labels=tuple(sorted(labels)),
            codes=tuple(sorted((*codes, *imported))),
            samples=sources.samples_of(mine) if "samples" in metric.needs else (),
            encoder=shared(encoder) if encoder else None,
        )
        return self.unit(
            spec,
            label=f"{metric.name} [{one.rule}]" if one.rule else metric.name,
            upstream=(
                *(() if design.study.imported else keys),
                *sources.checks,
                *labels,
                *codes,
            ),
        )

    def question_reads(
        self, design: Design, units: Sequence[Unit[MeasureInput]]
    ) -> tuple[Read, ...]:
        """How many messages the episodes have whose texts an embedding model is sent."""
        return message_reads(
            episode.episode_key
            for unit in units
            if unit.spec.encoder is not None
            for episode in unit.spec.episodes.value
        )

    def questions(
        self, design: Design, units: Sequence[Unit[MeasureInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """Requests for vectors: each text once for each embedding model, many in a request."""
        episodes: dict[str, set[str]] = defaultdict(set)
        encoders: dict[str, ModelSpec] = {}
        for spec in (unit.spec for unit in units):
            if spec.encoder is not None:
                alias = spec.options["encoder"]
                encoders[alias] = spec.encoder.value
                episodes[alias].update(episode.episode_key for episode in spec.episodes.value)
        for alias, keys in episodes.items():
            said = messages(keys, upstream.of(EpisodeStep), upstream.frames)
            texts = summed(said.values()).high
            why = f"at most {counted(round(texts), 'text')}, {TEXTS_PER_CALL} in a request; {HELD}"
            requests = Span(0, math.ceil(texts / TEXTS_PER_CALL))
            yield self.planned(alias, encoders[alias], requests, why)

    def reads(self, units: Sequence[Unit[MeasureInput]]) -> tuple[Read, ...]:
        """Rows of the episodes, by what the metrics need."""
        wanted: dict[str, dict[str, None]] = {}
        for unit in units:
            spec, needs = unit.spec, METRICS[unit.spec.metric].needs
            episodes = [episode.episode_key for episode in spec.episodes.value]
            keys: dict[str, Sequence[str]] = {
                "labels": spec.labels,
                "samples": spec.samples,
                "codes": spec.codes,
            }
            if "messages" in needs:
                keys |= {"events": episodes, AUDIENCES: episodes}
            keys |= dict.fromkeys(("episodes", *(n for n in needs if n in BY_EPISODE)), episodes)
            if "seats" in needs:
                keys[SEAT_CHANGES] = episodes
            if "exposures" in needs:
                keys[SHOWN_BEFORE] = episodes
            if "choice_sets" in needs:
                keys[CHOICE_SETS] = episodes
            if "tokens" in needs:
                keys[TOKENS] = episodes
            for table, some in keys.items():
                if some:
                    wanted.setdefault(table, {}).update(dict.fromkeys(some))
        found = []
        for table, keys_of in wanted.items():
            columns, repeated = COLUMNS.get(table, ((), ()))
            column = BY.get(table, "episode_key")
            found.append(Read(table, column, tuple(keys_of), columns, repeated=repeated))
        return tuple(found)

    def prepare(
        self, units: Sequence[Unit[MeasureInput]], rows: Mapping[str, pl.DataFrame]
    ) -> MetricInputs:
        """The inputs of metrics, pieces that units share made once."""
        return MetricInputs(rows)

    async def work(
        self, unit: Unit[MeasureInput], prepared: MetricInputs, gateway: Gateway
    ) -> dict[str, pl.DataFrame]:
        """The numbers of a metric."""
        encoders = encoders_of(unit, gateway)
        try:
            found = await asyncio.to_thread(_measured, unit, prepared, encoders)
        except EmbeddingFailed as failed:
            raise UnitFailed(failed.failure) from None
        return {"metrics": found}


def encoders_of(unit: Unit[Measured], gateway: Gateway) -> dict[str, Encoder]:
    """The embedding model that a unit asks, by its alias; none where texts are hashed."""
    if unit.spec.encoder is None:
        return {}
    # litellm takes seconds to import, and a plan needs none of it.
    from tasks.models.embedding import GatewayEncoder

    encoder = GatewayEncoder(cast("Embedder", gateway), unit.spec.encoder.value, unit.key)
    return {unit.spec.options["encoder"]: encoder}


def _used(
    episodes: Sequence[StudyEpisode], incomplete: Rule
) -> Shared[tuple[MeasuredEpisode, ...]]:
    """The episodes that are analysed under a rule for incomplete ones."""
    return shared(
        tuple(
            MeasuredEpisode(episode.episode_key, episode.condition, episode.replicate)
            for episode in episodes
            if episode.included(incomplete)
        )
    )


def _measured(
    unit: Unit[MeasureInput], inputs: MetricInputs, encoders: Mapping[str, Encoder]
) -> pl.DataFrame:
    """Rows of ``metrics``.

    Raises:
        UnitFailed: No episode is left, or the codes allow no number.
    """
    spec = unit.spec
    metric = METRICS[spec.metric]
    if not spec.episodes.value:
        total = sum(count for one in spec.excluded.values() for count in one.values())
        raise UnitFailed(Failure("no_episodes", f"no episode is left ({total} excluded)"))
    data = inputs.data(spec, metric, encoders)
    options = metric.options.model_validate(spec.options)
    rng = np.random.default_rng(seed_of("measure", unit.key))
    try:
        found = computed(metric, data, options, rng)
    except Unusable as problem:
        raise UnitFailed(Failure("unusable_codes", f"{metric.name}: {problem}")) from None
    log.info("%s: %d rows", unit.label, found.height)
    return metric_rows(unit, metric, found)


def _imported_codes(
    design: Design, upstream: Upstream, episodes: Sequence[StudyEpisode]
) -> tuple[str, ...]:
    """Units of imported codes of the study's episodes and coders."""
    coding, frame = design.study.coding, imported_codes(upstream)
    if coding is None or not coding.imported or frame is None:
        return ()
    keys = pl.Series([episode.episode_key for episode in episodes], dtype=pl.String)
    mine = frame.filter(
        pl.col("coder").is_in(list(coding.imported)) & pl.col("episode_key").is_in(keys.implode())
    )
    return tuple(mine["unit_key"].unique().sort().to_list())


def _samples(design: Design, upstream: Upstream) -> pl.DataFrame:
    """Samples that were drawn for the study's codebook, where there is gold."""
    coding, frame = design.study.coding, upstream.frames.get("samples")
    if coding is None or coding.gold is None or frame is None:
        return pl.DataFrame(schema={"sample_key": pl.String, "episode_key": pl.String})
    return frame.filter(pl.col("codebook_digest") == coding.codebook.digest)
