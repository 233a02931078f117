"""What a row says where all answers move, which looks like a move towards the others."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

MOVES = (
    "the answers of the condition as a whole have moved: if all seats turn to the same options by "
    "themselves, that gives an excess too; hold it against a condition without talk"
)


def with_moves(
    found: pl.DataFrame, quantities: Collection[str], conditions: Collection[str]
) -> pl.DataFrame:
    """The rows with a warning where the answers of a condition as a whole have moved.

    Args:
        found: Rows of a metric.
        quantities: Those that such a move can be taken for.
        conditions: Conditions in which answers have moved.
    """
    doubtful = (
        (pl.col("scope") == "condition")
        & pl.col("quantity").is_in(list(quantities))
        & pl.col("condition").is_in(list(conditions))
    )
    warned = pl.concat_str("warning", pl.lit(MOVES), separator="; ", ignore_nulls=True)
    return found.with_columns(warning=pl.when(doubtful).then(warned).otherwise("warning"))
