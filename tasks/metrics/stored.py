"""Rows of the table ``metrics``, made of what a metric gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
import polars as pl

from schemas.keys import Shared
from schemas.study import ModelSpec
from schemas.unit import Unit
from tasks.metrics.metric import Metric
from tasks.metrics.rows import SCHEMA
from tasks.metrics.text.vectors import encoder_words


class Measured(Protocol):
    """What is known of a unit that measures, be it episodes or personas."""

    @property
    def metric(self) -> str:
        """Name of the metric."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options, defaults filled in."""
        ...

    @property
    def rule(self) -> str | None:
        """The adjudication rule behind it, if any."""
        ...

    @property
    def incomplete(self) -> str:
        """What becomes of incomplete episodes."""
        ...

    @property
    def excluded(self) -> Mapping[str, Mapping[str, int]]:
        """What is left out, by condition and reason."""
        ...

    @property
    def encoder(self) -> Shared[ModelSpec] | None:
        """The embedding model, where the metric asks one."""
        ...

    @property
    def replicates(self) -> Mapping[str, int]:
        """Number by which cases of different conditions belong together, by their key."""
        ...


def metric_rows(unit: Unit[Measured], metric: Metric, found: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``metrics`` made of what a metric gave."""
    name = (
        pl.when(pl.col("quantity") == "")
        .then(pl.lit(metric.name))
        .otherwise(pl.lit(f"{metric.name}.") + pl.col("quantity"))
    )
    rule = pl.col("rule").fill_null(pl.lit(unit.spec.rule, dtype=pl.String))
    columns = [column for column in SCHEMA if column not in {"quantity", "rule"}]
    alone = pl.col("scope").is_in(["episode", "seat"]) & pl.col("value").is_not_null()
    of_one = pl.when(alone & pl.col("ci_low").is_null()).then(
        pl.lit("; one episode, so no interval")
    )
    found = found.with_columns(pl.col("method") + of_one.otherwise(pl.lit("")))
    if unit.spec.encoder is not None:
        alias, model = unit.spec.options["encoder"], unit.spec.encoder.value.model
        named = (encoder_words(name) for name in (alias, model))
        found = found.with_columns(pl.col("method").str.replace(*named, literal=True))
    return found.select(
        pl.lit(unit.key).alias("unit_key"),
        name.alias("metric"),
        pl.lit(orjson.dumps(unit.spec.options, option=orjson.OPT_SORT_KEYS).decode()).alias(
            "options"
        ),
        rule.alias("rule"),
        *columns,
    )
