"""The rows of a metric, no interval of which reaches beyond what its quantity can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Cases
from tasks.metrics.metric import Metric, Options


def computed(
    metric: Metric, data: Cases, options: Options, rng: np.random.Generator
) -> pl.DataFrame:
    """Rows of a metric.

    Means over episodes have intervals that are made for the range that their quantity declares. Of
    others, as of pooled numbers, an end beyond the range is cut to it, and ``method`` says so. An
    excess has no range.

    Args:
        metric: The metric.
        data: What it is computed from.
        options: Its options.
        rng: Draws its shuffles.

    Raises:
        Unusable: The codes or labels allow no number.
    """
    bounds = {name: quantity.bounds for name, quantity in metric.quantities.items()}
    return _within_range(metric, metric.compute(replace(data, bounds=bounds), options, rng))


def _within_range(metric: Metric, found: pl.DataFrame) -> pl.DataFrame:
    for name, quantity in metric.quantities.items():
        mine = (pl.col("quantity") == name) & (pl.col("subject") != EXCESS)
        ends = [pl.col(end).clip(*quantity.bounds) for end in ("ci_low", "ci_high")]
        cut = mine & ((ends[0] != pl.col("ci_low")) | (ends[1] != pl.col("ci_high")))
        said = pl.col("method") + f", cut to {quantity.range}"
        found = found.with_columns(
            *(pl.when(mine).then(end).otherwise(pl.col(end.meta.output_name())) for end in ends),
            pl.when(cut).then(said).otherwise("method").alias("method"),
        )
    return found
