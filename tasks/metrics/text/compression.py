"""How well the text of a run compresses."""

from __future__ import annotations

import zlib

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByRun


class CompressionOptions(Options):
    """Options of ``compression``."""

    length: int = Field(4000, ge=200, description="Bytes of each run's text that are compressed.")


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
    texts = data.messages.group_by("run", maintain_order=True).agg(pl.col("text").str.join("\n"))
    values = np.full(data.n_runs, np.nan)
    for run, text in texts.iter_rows():
        values[run] = compressed_share(text, options.length)
    method = f"DEFLATE, level 9, of the first {options.length} bytes of the run's messages"
    return rows.of_runs(data, options, {"": ByRun(values, method, data.n_messages)})


METRIC = Metric(
    name="compression",
    title="How little the text of a run repeats itself (small: repetitive)",
    quantities={
        "": Quantity("compressed over raw size", "|DEFLATE(text)| / |text|", "(0, 1]", "bytes/byte")
    },
    source="Shaib et al. (2024), Standardizing the measurement of text diversity.",
    avoid="Depends on length, hence the fixed number of bytes; runs with less text have no value. "
    "Do not compare languages or scripts.",
    needs=("messages",),
    options=CompressionOptions,
    compute=compute,
)
