"""The step that measures: one unit per metric, options and adjudication rule."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import orjson
import polars as pl

from schemas.gateway import Embedder, EmbeddingFailed, Gateway
from schemas.keys import digest, seed_of
from schemas.study import RuleSpec
from schemas.study.models import ModelSpec
from schemas.unit import Failure, Read, Result, Stage, Unit
from tasks.metrics import assembly
from tasks.metrics.catalogue import METRICS
from tasks.metrics.metric import Metric, Unusable
from tasks.metrics.rows import SCHEMA
from tasks.metrics.text.vectors import Encoder, described
from tasks.metrics.units import (
    Measurement,
    Run,
    encoder_model,
    excluded_runs,
    flags_spec,
    measurements,
    runs_of,
    usable,
)
from tasks.stages.base import Upstream
from tasks.studies.design import Design

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """Units whose rows are codes or labels.

    Attributes:
        labels: Units of the step ``label``, each of one rule.
        codes: Units of the step ``code``.
        imported: Keys of imported units.
        samples: Samples drawn for the codebook, by episode: ``sample_key, episode_key``.
    """

    labels: tuple[Unit, ...]
    codes: tuple[Unit, ...]
    imported: tuple[str, ...]
    samples: pl.DataFrame

    @cached_property
    def _label_rules(self) -> tuple[str, ...]:
        return tuple(RuleSpec.model_validate(unit.spec["rule"]).title for unit in self.labels)

    def labels_of(self, rule: str | None, runs: frozenset[str]) -> tuple[str, ...]:
        """Label units of a rule, or of every rule, that rest on some of the runs."""
        return tuple(
            unit.key
            for unit, title in zip(self.labels, self._label_rules, strict=True)
            if rule in {None, title} and not runs.isdisjoint(unit.upstream)
        )

    def codes_of(self, runs: frozenset[str]) -> tuple[str, ...]:
        """Code units that rest on some of the runs."""
        return tuple(unit.key for unit in self.codes if not runs.isdisjoint(unit.upstream))

    def samples_of(self, runs: frozenset[str]) -> list[str]:
        """Samples that were drawn from some of the runs."""
        mine = self.samples.filter(pl.col("episode_key").is_in(sorted(runs)))
        return mine["sample_key"].unique().sort().to_list()


class MeasureStep:
    """Metrics of a study: numbers of runs, conditions and the whole."""

    stage: Stage = "metrics"
    name = "measure"
    recipe = 3
    writes = ("metrics",)
    asks_models = False
    shard = 64

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """One unit per metric with its options, and per rule where it is made of labels.

        Raises:
            Mistake: A metric or an option of one is unknown.
        """
        wanted = measurements(design.study)
        if not wanted:
            return ()
        runs = runs_of(design, upstream)
        good, _ = usable(upstream)
        sources = Sources(
            labels=tuple(unit for unit in good if unit.step == "label"),
            codes=tuple(unit for unit in good if unit.step == "code"),
            imported=_imported_codes(design, upstream, runs),
            samples=_samples(design, upstream),
        )
        return tuple(self._unit(one, design, runs, sources) for one in wanted)

    def _unit(
        self,
        one: Measurement,
        design: Design,
        runs: Sequence[Run],
        sources: Sources,
    ) -> Unit:
        metric, coding = one.metric, design.study.coding
        coded = "labels" in metric.needs or "codes" in metric.needs
        uses_codes = "codes" in metric.needs or one.judge is not None
        incomplete = "keep" if metric.every_run else one.incomplete
        used = [r for r in runs if r.included(incomplete)]
        mine = frozenset(run.episode_key for run in used)
        labels = sources.labels_of(one.rule, mine) if "labels" in metric.needs else ()
        codes = sources.codes_of(mine) if uses_codes else ()
        imported = sources.imported if uses_codes else ()
        every_rule = [rule.title for rule in coding.adjudication.rules] if coding else []
        spec: dict[str, Any] = {
            "metric": metric.name,
            "options": dict(one.options),
            "rule": one.rule,
            "judge": one.judge,
            "rules": every_rule if "codes" in metric.needs else [],
            "gold": coding.gold if coding and "codes" in metric.needs else None,
            "flags": flags_spec(coding.codebook if coded and coding else None),
            "incomplete": incomplete,
            "runs": [
                {"episode_key": r.episode_key, "condition": r.condition, "replicate": r.replicate}
                for r in used
            ],
            "excluded": excluded_runs(runs, incomplete),
            "labels": list(labels),
            "codes": [*codes, *imported],
        }
        if "samples" in metric.needs:
            spec["samples"] = sources.samples_of(mine)
        identity = {name: part for name, part in spec.items() if name not in {"labels", "codes"}}
        parts = [metric.version, identity, sorted(labels), sorted(spec["codes"])]
        encoder = encoder_model(design.study, one.options, f"metrics: {metric.name}")
        if encoder is not None:
            spec["encoder"] = encoder.model_dump(mode="json")
            parts.append(encoder.identity())
        key = digest("measure", self.recipe, *parts)
        episodes = () if design.study.imported else tuple(r.episode_key for r in used)
        return Unit(
            stage=self.stage,
            step=self.name,
            key=key,
            spec=spec,
            label=f"{metric.name} [{one.rule}]" if one.rule else metric.name,
            upstream=(*episodes, *labels, *codes),
        )

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """Rows of the runs, by what the metrics need."""
        wanted: dict[tuple[str, str], dict[str, None]] = {}

        def want(table: str, column: str, keys: Sequence[str]) -> None:
            wanted.setdefault((table, column), {}).update(dict.fromkeys(keys))

        for unit in units:
            needs = METRICS[unit.spec["metric"]].needs
            runs = [run["episode_key"] for run in unit.spec["runs"]]
            want("episodes", "episode_key", runs)
            if "messages" in needs or "events" in needs:
                want("events", "episode_key", runs)
            for table in ("seats", "outcomes"):
                if table in needs:
                    want(table, "episode_key", runs)
            if unit.spec["labels"]:
                want("labels", "unit_key", unit.spec["labels"])
            if unit.spec.get("samples"):
                want("samples", "sample_key", unit.spec["samples"])
            if unit.spec["codes"]:
                want("codes", "unit_key", unit.spec["codes"])
        return tuple(Read(table, column, tuple(keys)) for (table, column), keys in wanted.items())

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """The rows of ``metrics`` of every unit."""
        inputs = assembly.MetricInputs(rows)
        return [await self._asked(unit, inputs, gateway) for unit in units]

    async def _asked(self, unit: Unit, inputs: assembly.MetricInputs, gateway: Gateway) -> Result:
        """The result of a unit, with the calls made for its text vectors where there are any."""
        if "encoder" not in unit.spec:
            return await asyncio.to_thread(self._result, unit, inputs, {})
        # litellm takes seconds to import, and a plan needs none of it.
        from tasks.models.budget import BudgetSpent
        from tasks.models.embedding import GatewayEncoder

        model = ModelSpec.model_validate(unit.spec["encoder"])
        encoder = GatewayEncoder(cast("Embedder", gateway), model, unit.key)
        encoders = {unit.spec["options"]["encoder"]: encoder}
        try:
            made = await asyncio.to_thread(self._result, unit, inputs, encoders)
        except EmbeddingFailed as failed:
            made = Result(unit, {}, failed.failure)
        except BudgetSpent as spent:
            made = Result(unit, {}, Failure("budget", spent.message()))
        return Result(unit, {**made.rows, **gateway.rows(unit.key)}, made.failure)

    def _result(
        self, unit: Unit, inputs: assembly.MetricInputs, encoders: Mapping[str, Encoder]
    ) -> Result:
        metric = METRICS[unit.spec["metric"]]
        if not unit.spec["runs"]:
            reasons = unit.spec["excluded"].values()
            total = sum(count for one in reasons for count in one.values())
            return Result(unit, {}, Failure("no_runs", f"no run is left ({total} excluded)"))
        data = inputs.data(unit.spec, metric, encoders)
        options = metric.options.model_validate(unit.spec["options"])
        rng = np.random.default_rng(seed_of("measure", unit.key))
        try:
            found = metric.compute(data, options, rng)
        except Unusable as problem:
            return Result(unit, {}, Failure("unusable_codes", f"{metric.name}: {problem}"))
        log.info("%s: %d rows", unit.label, found.height)
        return Result(unit, {"metrics": metric_rows(unit, metric, found)})


def metric_rows(unit: Unit, metric: Metric, found: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``metrics`` made of what a metric gave."""
    name = (
        pl.when(pl.col("quantity") == "")
        .then(pl.lit(metric.name))
        .otherwise(pl.lit(f"{metric.name}.") + pl.col("quantity"))
    )
    rule = pl.col("rule").fill_null(pl.lit(unit.spec["rule"], dtype=pl.String))
    columns = [column for column in SCHEMA if column not in {"quantity", "rule"}]
    alone = pl.col("scope").is_in(["run", "seat"]) & pl.col("value").is_not_null()
    of_one = pl.when(alone & pl.col("ci_low").is_null()).then(pl.lit("; one run, so no interval"))
    found = found.with_columns(pl.col("method") + of_one.otherwise(pl.lit("")))
    if "encoder" in unit.spec:
        alias, model = unit.spec["options"]["encoder"], unit.spec["encoder"]["model"]
        named = (described(name) for name in (alias, model))
        found = found.with_columns(pl.col("method").str.replace(*named, literal=True))
    return found.select(
        pl.lit(unit.key).alias("unit_key"),
        name.alias("metric"),
        pl.lit(orjson.dumps(unit.spec["options"], option=orjson.OPT_SORT_KEYS).decode()).alias(
            "options"
        ),
        rule.alias("rule"),
        *columns,
    )


def _imported_codes(design: Design, upstream: Upstream, runs: Sequence[Run]) -> tuple[str, ...]:
    """Units of imported codes of the study's runs and coders."""
    coding, frame = design.study.coding, upstream.frames.get("codes")
    if coding is None or not coding.imported or frame is None:
        return ()
    keys = pl.Series([run.episode_key for run in runs], dtype=pl.String)
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
