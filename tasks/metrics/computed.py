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
    found = metric.compute(replace(data, bounds=bounds), options, rng)
    return _with_doubts(metric, _within_range(metric, found))


def _with_doubts(metric: Metric, found: pl.DataFrame) -> pl.DataFrame:
    """The rows with a warning at each excess above 0 that is not confirmed as it must be."""
    excess = (pl.col("scope") == "condition") & (pl.col("subject") == EXCESS)
    for name, quantity in metric.quantities.items():
        if quantity.confirmed_by is None:
            continue
        other = quantity.confirmed_by.quantity
        confirmed = found.filter(
            excess & (pl.col("quantity") == other) & (pl.col("ci_low") > 0)
        ).select("condition", "rule", confirmed=pl.lit(value=True))
        doubtful = (
            excess
            & (pl.col("quantity") == name)
            & (pl.col("ci_low") > 0)
            & pl.col("confirmed").is_null()
        )
        said = pl.lit(
            f"{metric.full_name(other)} does not confirm this excess: "
            f"{quantity.confirmed_by.otherwise}"
        )
        found = (
            found.join(
                confirmed,
                on=["condition", "rule"],
                how="left",
                nulls_equal=True,
                maintain_order="left",
            )
            .with_columns(
                pl.when(doubtful)
                .then(pl.concat_str("warning", said, separator="; ", ignore_nulls=True))
                .otherwise("warning")
                .alias("warning")
            )
            .drop("confirmed")
        )
    return found


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
