"""The step that measures personas: one unit per metric and options."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from schemas.counts import counted
from schemas.gateway import EmbeddingFailed, Gateway
from schemas.keys import seed_of, shared
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.metrics.catalogue import METRICS
from tasks.metrics.computed import computed
from tasks.metrics.metric import Metric, Unusable
from tasks.metrics.persona_inputs import MeasuredPopulation, PersonaInputs, PersonaMeasureInput
from tasks.metrics.stored import metric_rows
from tasks.metrics.text.vectors import Encoder
from tasks.metrics.units import Measurement, encoder_model, measurements
from tasks.models.estimate import TEXTS_PER_CALL, Planned, Span
from tasks.stages.base import Step, Upstream
from tasks.stages.measures import encoders_of
from tasks.stages.questionnaires import QuestionnaireStep
from tasks.stages.seated import MadePersonas
from tasks.studies.design import Design


class PersonaMeasureStep(Step[PersonaMeasureInput, PersonaInputs]):
    """Metrics of personas: numbers of each, and of the population of a condition."""

    stage = "metrics"
    name = "measure_personas"
    title = "metrics of personas"
    recipe = 3
    writes = ("metrics",)
    asks = "embedding"

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PersonaMeasureInput], ...]:
        """One unit per metric with its options.

        Raises:
            Mistake: A metric or an option of one is unknown.
        """
        wanted = [one for one in measurements(design.study) if one.metric.scope == "persona"]
        if not wanted:
            return ()
        made = MadePersonas.of(upstream)
        answered: dict[str, list[str]] = {}
        for unit in upstream.expected(QuestionnaireStep):
            for condition in unit.spec.conditions:
                answered.setdefault(condition, []).append(unit.key)
        return tuple(self._unit(one, design, made, answered) for one in wanted)

    def _unit(
        self,
        one: Measurement,
        design: Design,
        made: MadePersonas,
        answered: Mapping[str, Sequence[str]],
    ) -> Unit[PersonaMeasureInput]:
        metric = one.metric
        populations = []
        for condition in design.conditions:
            people = made.people(design.study, condition)
            if people.planned is None:
                continue
            profiles = map(people.planned.profile_key, people.positions.values())
            wrote = (people.writers.get(profile) for profile in profiles)
            populations.append(
                MeasuredPopulation(
                    condition=condition.name,
                    population=people.planned.population.digest,
                    texts=tuple(sorted(filter(None, wrote))) if "texts" in metric.needs else (),
                    answers=tuple(sorted(answered.get(condition.name, ())))
                    if "answers" in metric.needs
                    else (),
                    units=tuple(people.units),
                    positions=people.positions,
                )
            )
        encoder = encoder_model(design.study, one.options, f"metrics: {metric.name}")
        spec = PersonaMeasureInput(
            metric=metric.name,
            version=metric.version,
            options=dict(one.options),
            populations=tuple(populations),
            encoder=shared(encoder) if encoder else None,
        )
        made_by = dict.fromkeys(
            key for one in populations for key in (*one.units, *one.texts, *one.answers)
        )
        return self.unit(spec, label=metric.name, upstream=tuple(made_by))

    def questions(
        self, design: Design, units: Sequence[Unit[PersonaMeasureInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """Requests for vectors of what was written about the personas."""
        for spec in (unit.spec for unit in units):
            if spec.encoder is None:
                continue
            texts = sum(len(one.texts) for one in spec.populations)
            why = f"texts of {counted(texts, 'persona')}, {TEXTS_PER_CALL} in a request"
            requests = Span(0, math.ceil(texts / TEXTS_PER_CALL))
            yield self.planned(spec.options["encoder"], spec.encoder.value, requests, why)

    def reads(self, units: Sequence[Unit[PersonaMeasureInput]]) -> tuple[Read, ...]:
        """Rows of the personas, by what the metrics need."""
        wanted: dict[tuple[str, str], dict[str, None]] = {}
        for unit in units:
            for read in unit.spec.reads(METRICS[unit.spec.metric]):
                keys = wanted.setdefault((read.table, read.column), {})
                keys.update(dict.fromkeys(read.keys))
        return tuple(Read(*place, tuple(keys)) for place, keys in wanted.items())

    def prepare(
        self, units: Sequence[Unit[PersonaMeasureInput]], rows: Mapping[str, pl.DataFrame]
    ) -> PersonaInputs:
        """The inputs of metrics."""
        return PersonaInputs(rows)

    async def work(
        self, unit: Unit[PersonaMeasureInput], prepared: PersonaInputs, gateway: Gateway
    ) -> dict[str, pl.DataFrame]:
        """The numbers of a metric."""
        metric = METRICS[unit.spec.metric]
        encoders = encoders_of(unit, gateway)
        try:
            found = await asyncio.to_thread(_measured, unit, metric, prepared, encoders)
        except EmbeddingFailed as failed:
            raise UnitFailed(failed.failure) from None
        except Unusable as problem:
            raise UnitFailed(Failure("unusable", f"{metric.name}: {problem}")) from None
        return {"metrics": metric_rows(unit, metric, found)}


def _measured(
    unit: Unit[PersonaMeasureInput],
    metric: Metric,
    inputs: PersonaInputs,
    encoders: Mapping[str, Encoder],
) -> pl.DataFrame:
    data = inputs.data(unit.spec, metric, encoders)
    options = metric.options.model_validate(unit.spec.options)
    return computed(metric, data, options, np.random.default_rng(seed_of("measure", unit.key)))
