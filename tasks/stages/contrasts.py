"""The step that compares conditions: one unit per family of contrasts, one per curve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from schemas.gateway import Gateway
from schemas.keys import NOT_IDENTITY, seed_of
from schemas.unit import Read, Unit
from tasks.metrics.contrasts.comparisons import families
from tasks.metrics.contrasts.findings import curve_rows, family_rows
from tasks.metrics.stored import Measured
from tasks.metrics.units import identity_of
from tasks.stages.base import Step, Upstream
from tasks.stages.measures import MeasureStep
from tasks.stages.persona_measures import PersonaMeasureStep
from tasks.studies.design import Design

#: Columns of metrics that comparisons take, and those of them whose texts repeat.
_REPEATED = ("unit_key", "metric", "scope", "condition", "episode_key")
_METRIC = (*_REPEATED, "persona_key", "subject", "value", "null_mean")


@dataclass(frozen=True, slots=True)
class ContrastInput:
    """What comparing takes.

    Attributes:
        name: Name of the family or curve.
        curve: Whether it is a curve.
        comparisons: As :func:`tasks.metrics.contrasts.comparisons.families` gives them.
        measures: Units whose metrics are compared, sorted.
        replicates: Number of the replicate by episode, or of the persona within its population by
            persona; the measures decide them.
    """

    name: str
    curve: bool
    comparisons: Sequence[Mapping[str, Any]]
    measures: tuple[str, ...]
    replicates: Mapping[str, int] = field(metadata=NOT_IDENTITY)


class ContrastStep(Step[ContrastInput, Mapping[str, pl.DataFrame]]):
    """Comparisons of conditions; a family is one unit, since its p-values are corrected as one."""

    stage = "metrics"
    name = "contrast"
    title = "contrast families"
    recipe = 12
    writes = ("contrasts",)
    shard = 16

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[ContrastInput], ...]:
        """One unit per family and per curve.

        Raises:
            Mistake: A contrast names an unknown metric, quantity, test or option.
        """
        units_measured: list[Unit[Measured]] = [
            *upstream.expected(MeasureStep),
            *upstream.expected(PersonaMeasureStep),
        ]
        measured = {identity_of(unit): unit for unit in units_measured}
        units = []
        for name, comparisons in families(design, measured):
            keys = tuple(dict.fromkeys(one["measure"] for one in comparisons if one["measure"]))
            spec = ContrastInput(
                name=name,
                curve=any(one["specification"] for one in comparisons),
                comparisons=comparisons,
                measures=tuple(sorted(keys)),
                replicates={
                    case: number
                    for unit in measured.values()
                    if unit.key in keys
                    for case, number in unit.spec.replicates.items()
                },
            )
            units.append(self.unit(spec, label=name, upstream=keys))
        return tuple(units)

    def reads(self, units: Sequence[Unit[ContrastInput]]) -> tuple[Read, ...]:
        """The metrics that are compared."""
        keys = tuple(dict.fromkeys(key for unit in units for key in unit.upstream))
        return (Read("metrics", "unit_key", keys, _METRIC, repeated=_REPEATED),)

    async def work(
        self, unit: Unit[ContrastInput], prepared: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The comparisons of a family or curve."""
        rows = await asyncio.to_thread(_compared, unit, prepared["metrics"])
        return {"contrasts": [{"unit_key": unit.key, **row} for row in rows]}


def _compared(unit: Unit[ContrastInput], metrics: pl.DataFrame) -> list[dict[str, Any]]:
    spec = unit.spec
    rng = np.random.default_rng(seed_of("contrast", unit.key))
    make = curve_rows if spec.curve else family_rows
    return make(spec.comparisons, metrics, spec.replicates, rng)
