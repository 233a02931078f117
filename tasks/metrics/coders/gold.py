"""The gold sample: what its coder said, and how many items of the study each item stands for."""

from __future__ import annotations

import polars as pl

from tasks.metrics.coders.pairs import ITEM
from tasks.metrics.data import Data

AT_RANDOM = "taken as drawn at random, as no sample on record holds it"


def weighted_gold(data: Data, flag: str) -> tuple[pl.DataFrame, str]:
    """Gold codes of a flag with weights, and how they were weighted.

    An item drawn from a stratum stands for the items of the stratum over those of it that were
    coded, so that strata which were drawn more often than their size do not count for more. Codes
    that no sample on record holds count alike.

    Returns:
        ``episode, seq, other_seq, gold, weight``, and words for ``method``.
    """
    gold = data.codes.filter(
        (pl.col("flag") == flag)
        & (pl.col("coder") == (data.gold or ""))
        & pl.col("value").is_not_null()
    ).select(*ITEM, pl.col("value").alias("gold"))
    for sample in _largest_first(data.samples):
        placed = gold.join(sample, on=["episode", "seq"], how="inner")
        if placed.height == gold.height and gold.height:
            stands_for = pl.col("stratum_size") / pl.len().over("stratum")
            return (
                placed.with_columns(stands_for.alias("weight")).drop("stratum", "stratum_size"),
                f"weighted by {placed['stratum'].n_unique()} strata of its sample",
            )
    return gold.with_columns(pl.lit(1.0).alias("weight")), AT_RANDOM


def _largest_first(samples: pl.DataFrame) -> list[pl.DataFrame]:
    """Each sample as ``episode, seq, stratum, stratum_size``."""
    if samples.is_empty():
        return []
    sized = samples.with_columns(
        (1 / pl.col("inclusion_probability")).sum().over("sample_key", "stratum").alias("size")
    )
    parts = sized.partition_by("sample_key", maintain_order=True)
    parts.sort(key=lambda part: (-part.height, part["sample_key"][0]))
    return [part.select("episode", "seq", "stratum", stratum_size="size") for part in parts]
