"""Distinct n-grams in stretches of fixed length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByRun
from tasks.metrics.statistics.arrays import Ints
from tasks.metrics.text.tokens import tokens_of


class DistinctOptions(Options):
    """Options of ``distinct_n``."""

    n: int = Field(2, ge=1, le=5, description="Words per n-gram.")
    length: int = Field(200, ge=10, description="Words per stretch.")


def distinct_in_runs(hashes: npt.NDArray[np.uint64], stretch: Ints, run: Ints) -> pl.DataFrame:
    """Number of distinct hashes and of all, by run and stretch."""
    frame = pl.DataFrame({"run": run, "stretch": stretch, "hash": hashes})
    return frame.group_by("run", "stretch").agg(
        pl.col("hash").n_unique().alias("distinct"), pl.len().alias("n")
    )


def _shares(data: Data, block: slice, n: int, length: int) -> pl.DataFrame:
    """Mean share of distinct n-grams over the stretches of each run of a block."""
    tokens = tokens_of(data).of(block)
    runs = data.messages["run"].to_numpy()[block]
    run = np.repeat(runs - runs[0], tokens.sizes)
    hashes, in_message = tokens.ngrams(n)
    words = np.bincount(run)
    place = np.arange(len(run)) - np.repeat(np.cumsum(words) - words, words)
    stretch, inside = place // length, place % length
    whole = in_message & (stretch < (words // length)[run]) & (inside <= length - n)
    counts = distinct_in_runs(hashes[whole], stretch[whole], run[whole] + runs[0])
    share = counts.with_columns((pl.col("distinct") / pl.col("n")).alias("share"))
    return share.group_by("run").agg(pl.col("share").mean(), pl.len().alias("stretches"))


def compute(data: Data, options: DistinctOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``distinct_n``."""
    found = [_shares(data, block, options.n, options.length) for block in data.blocks()]
    mean = pl.concat(found) if found else pl.DataFrame({"run": [], "share": [], "stretches": []})
    stretches = np.nan_to_num(data.by_run(mean, "stretches"))
    method = (
        f"distinct {options.n}-grams over all, in stretches of {options.length} words of the "
        "run's messages in order, the rest left out; none reaches over the end of a message"
    )
    return rows.of_runs(data, options, {"": ByRun(data.by_run(mean, "share"), method, stretches)})


METRIC = Metric(
    name="distinct_n",
    title="How rarely word sequences are repeated, at a fixed text length",
    quantities={
        "": Quantity(
            "distinct n-grams over n-grams", "mean over stretches of |types| / |tokens|", "(0, 1]"
        )
    },
    source="Li et al. (2016), A diversity-promoting objective function; fixed length because the "
    "ratio falls with length.",
    avoid="Runs shorter than one stretch have no value: lower `length` for all, never per "
    "condition. Do not compare languages.",
    needs=("messages",),
    options=DistinctOptions,
    version=2,
    compute=compute,
)
