"""Distinct n-grams in stretches of fixed length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Ints
from tasks.metrics.text.tokens import Tokens, tokens_of


class DistinctOptions(Options):
    """Options of ``distinct_n``."""

    n: int = Field(2, ge=1, le=5, description="Words per n-gram.")
    length: int = Field(200, ge=10, description="Words per stretch.")


def distinct_in_episodes(
    hashes: npt.NDArray[np.uint64], stretch: Ints, episode: Ints
) -> pl.DataFrame:
    """Number of distinct hashes and of all, by episode and stretch."""
    frame = pl.DataFrame({"episode": episode, "stretch": stretch, "hash": hashes})
    return frame.group_by("episode", "stretch").agg(
        pl.col("hash").n_unique().alias("distinct"), pl.len().alias("n")
    )


def distinct_in_stretches(tokens: Tokens, episode: Ints, n: int, length: int) -> pl.DataFrame:
    """Mean share of distinct n-grams over the stretches of each episode, and how many there are.

    Args:
        tokens: The words of texts, those of an episode together and in order.
        episode: Number of the episode of each text, from 0.
        n: Words per n-gram.
        length: Words per stretch.
    """
    of_word = np.repeat(episode, tokens.sizes)
    hashes, in_message = tokens.ngrams(n)
    words = np.bincount(of_word)
    place = np.arange(len(of_word)) - np.repeat(np.cumsum(words) - words, words)
    stretch, inside = place // length, place % length
    whole = in_message & (stretch < (words // length)[of_word]) & (inside <= length - n)
    counts = distinct_in_episodes(hashes[whole], stretch[whole], of_word[whole])
    share = counts.with_columns((pl.col("distinct") / pl.col("n")).alias("share"))
    return share.group_by("episode").agg(pl.col("share").mean(), pl.len().alias("stretches"))


def _shares(data: Data, block: slice, n: int, length: int) -> pl.DataFrame:
    """The same of the episodes of a block of messages."""
    episodes = data.messages["episode"].to_numpy()[block]
    found = distinct_in_stretches(tokens_of(data).of(block), episodes - episodes[0], n, length)
    return found.with_columns(pl.col("episode") + episodes[0])


def compute(data: Data, options: DistinctOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``distinct_n``."""
    found = [_shares(data, block, options.n, options.length) for block in data.blocks()]
    mean = (
        pl.concat(found) if found else pl.DataFrame({"episode": [], "share": [], "stretches": []})
    )
    stretches = np.nan_to_num(data.by_episode(mean, "stretches"))
    method = (
        f"distinct {options.n}-grams over all, in stretches of {options.length} words of the "
        "episode's messages in order, the rest left out; none reaches over the end of a message"
    )
    return rows.of_episodes(
        data, options, {"": ByEpisode(data.by_episode(mean, "share"), method, stretches)}
    )


METRIC = Metric(
    name="distinct_n",
    title="How rarely word sequences are repeated, at a fixed text length",
    quantities={
        "": Quantity(
            "distinct n-grams over n-grams, none across messages",
            "mean over stretches of |types| / |tokens|",
            "(0, 1]",
        )
    },
    source="Li et al. (2016), A diversity-promoting objective function; fixed length because the "
    "ratio falls with length.",
    avoid="Episodes shorter than one stretch have no value: lower `length` for all, never per "
    "condition. Do not compare languages.",
    needs=("messages",),
    options=DistinctOptions,
    version=2,
    compute=compute,
)
