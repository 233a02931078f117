"""The step that compares conditions: one unit per family of contrasts, one per curve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from schemas.gateway import Gateway
from schemas.keys import digest, seed_of
from schemas.unit import Failure, Read, Result, Stage, Unit
from tasks.metrics.contrasts.comparisons import families
from tasks.metrics.contrasts.findings import NoValues, curve_rows, family_rows
from tasks.metrics.contrasts.sample import TooFewRuns
from tasks.metrics.units import identity_of, usable
from tasks.stages.base import Upstream
from tasks.studies.design import Design


class ContrastStep:
    """Comparisons of conditions; a family is one unit, since its p-values are corrected as one."""

    stage: Stage = "metrics"
    name = "contrast"
    recipe = 2
    writes = ("contrasts",)
    asks_models = False
    shard = 16

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """One unit per family and per curve.

        Raises:
            Mistake: A contrast names an unknown metric, quantity, test or option.
        """
        good, _ = usable(upstream)
        measured = {identity_of(unit): unit for unit in good if unit.step == "measure"}
        units = []
        for name, comparisons in families(design, measured):
            keys = tuple(dict.fromkeys(one["measure"] for one in comparisons if one["measure"]))
            replicates = {
                run["episode_key"]: run["replicate"]
                for unit in measured.values()
                if unit.key in keys
                for run in unit.spec["runs"]
            }
            units.append(
                Unit(
                    stage=self.stage,
                    step=self.name,
                    key=digest("contrast", self.recipe, name, comparisons, sorted(keys)),
                    spec={
                        "name": name,
                        "curve": any(one["specification"] for one in comparisons),
                        "comparisons": comparisons,
                        "replicates": replicates,
                    },
                    label=name,
                    upstream=keys,
                )
            )
        return tuple(units)

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """The metrics that are compared."""
        keys = tuple(dict.fromkeys(key for unit in units for key in unit.upstream))
        return (Read("metrics", "unit_key", keys),)

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """The rows of ``contrasts`` of every unit."""
        metrics = rows["metrics"]
        return [await asyncio.to_thread(self._result, unit, metrics) for unit in units]

    def _result(self, unit: Unit, metrics: pl.DataFrame) -> Result:
        rng = np.random.default_rng(seed_of("contrast", unit.key))
        make = curve_rows if unit.spec["curve"] else family_rows
        try:
            rows = make(unit.spec["comparisons"], metrics, unit.spec["replicates"], rng)
        except TooFewRuns as problem:
            return Result(unit, {}, Failure("too_few_runs", str(problem)))
        except NoValues as problem:
            return Result(unit, {}, Failure("no_values", str(problem)))
        return Result(unit, {"contrasts": [{"unit_key": unit.key, **row} for row in rows]})
