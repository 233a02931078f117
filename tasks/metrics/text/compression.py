"""How well the text of an episode compresses."""

from __future__ import annotations

import zlib

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode


class CompressionOptions(Options):
    """Options of ``compression``."""

    length: int = Field(
        4000, ge=200, description="Bytes of each episode's text that are compressed."
    )


def compressed_share(text: str, length: int) -> float:
    """Bytes after DEFLATE over bytes before, of the first bytes; not-a-number for shorter texts.

    Example:
        >>> compressed_share("again and " * 50, 400) < 0.1
        True
    """
    raw = text.encode()[:length]
    return len(zlib.compress(raw, 9)) / length if len(raw) == length else float("nan")


def compute(data: Data, options: CompressionOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``compression``."""
    texts = data.messages.group_by("episode", maintain_order=True).agg(
        pl.col("text").str.join("\n")
    )
    values = np.full(data.n_episodes, np.nan)
    for episode, text in texts.iter_rows():
        values[episode] = compressed_share(text, options.length)
    method = f"DEFLATE, level 9, of the first {options.length} bytes of the episode's messages"
    return rows.of_episodes(data, options, {"": ByEpisode(values, method, data.n_messages)})


METRIC = Metric(
    name="compression",
    title="How little the text of an episode repeats itself (small: repetitive)",
    quantities={
        "": Quantity("compressed over raw size", "|DEFLATE(text)| / |text|", "(0, 1]", "bytes/byte")
    },
    source="Shaib et al. (2024), Standardizing the measurement of text diversity.",
    avoid="Depends on length, hence the fixed number of bytes; episodes with less text have no "
    "value. Do not compare languages or scripts.",
    needs=("messages",),
    options=CompressionOptions,
    compute=compute,
)
