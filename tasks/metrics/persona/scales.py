"""Scales of instruments: the scores of personas on the traits that items are keyed to."""

from __future__ import annotations

import polars as pl

from tasks.metrics.statistics.arrays import Floats

#: Share of a scale's items that must be answered for a score.
LEAST_ANSWERED = 0.5
#: Where scores come from, in words for ``method``.
SCORED = "scale scores are means over answered items after reverse keys, at least half of them"


def named(answers: pl.DataFrame) -> pl.DataFrame:
    """Answers with ``scale``, the name of their scale: ``instrument.trait``."""
    return answers.with_columns(scale=pl.col("instrument") + "." + pl.col("trait"))


def scale_scores(answers: pl.DataFrame, by: tuple[str, ...] = ("persona",)) -> pl.DataFrame:
    """Scores on every scale.

    Args:
        answers: ``persona, instrument, item, trait, model, repeat, scored``.
        by: What there is one score for: a persona, or a persona's answers of a model or repeat.

    Returns:
        The columns of ``by``, ``scale`` and ``score``, which is missing where fewer than half of
        the answers are usable; sorted.
    """
    usable = pl.col("scored").is_not_null().mean() >= LEAST_ANSWERED
    return (
        named(answers)
        .group_by("scale", *by)
        .agg(pl.when(usable).then(pl.col("scored").mean()).alias("score"))
        .sort("scale", *by)
    )


def matrix(answers: pl.DataFrame, rows: tuple[str, ...], column: str, value: str) -> Floats:
    """Values by row and column, rows with a value missing left out.

    Args:
        answers: One value for each row and column.
        rows: Columns that make a row.
        column: The column whose values become columns.
        value: The column with the values.
    """
    wide = answers.pivot(on=column, index=list(rows), values=value, sort_columns=True)
    return wide.drop(rows).drop_nulls().to_numpy().astype(float)
