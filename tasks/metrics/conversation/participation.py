"""How evenly the seats of an episode take part."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics import inequality

MEASURES = {
    "gini": inequality.gini,
    "entropy": inequality.entropy,
    "hhi": inequality.herfindahl,
    "max_share": inequality.largest_share,
}
AMOUNTS = {"": "messages", "_words": "words"}


def seat_amounts(data: Data) -> pl.DataFrame:
    """Messages and words of every seat, silent seats included, by episode and seat."""
    words = pl.col("text").str.count_matches(r"\S+").cast(pl.Int64)
    said = data.messages.group_by("episode", "seat").agg(
        pl.len().cast(pl.Int64).alias("messages"), words.sum().alias("words")
    )
    every = pl.concat(
        [data.seats.select("episode", "seat"), said.select("episode", "seat")]
    ).unique()
    return (
        every.join(said, on=["episode", "seat"], how="left")
        .with_columns(pl.col("messages", "words").fill_null(0))
        .sort("episode", "seat")
    )


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``participation``."""
    amounts = seat_amounts(data)
    if amounts.is_empty():
        return rows.frame([])
    episode = amounts["episode"].to_numpy()
    present, starts = np.unique(episode, return_index=True)
    parts = [
        rows.of_seats(
            data,
            amounts.with_columns(
                pl.Series("value", inequality.shares(amounts[column].to_numpy() * 1.0, starts))
            ),
            quantity=f"share{suffix}",
            method=f"the seat's share of the episode's {column}",
            n_measured="messages",
        )
        for suffix, column in AMOUNTS.items()
    ]
    found = {}
    for suffix, column in AMOUNTS.items():
        amount = amounts[column].to_numpy().astype(np.float64)
        for name, measure in MEASURES.items():
            values = np.full(data.n_episodes, np.nan)
            values[present] = measure(amount, starts)
            method = f"over the seats' {column}, silent seats included"
            found[name + suffix] = ByEpisode(values, method, data.n_messages)
    return rows.joined([*parts, rows.of_episodes(data, options, found)])


_FORMULAS = {
    "gini": ("Gini coefficient", "Σ_i Σ_j |s_i - s_j| / (2 n Σ s)", "[0, 1 - 1/n]"),
    "entropy": ("normalised entropy of shares", "-Σ s ln s / ln n", "[0, 1]"),
    "hhi": ("Herfindahl-Hirschman index", "Σ s²", "[1/n, 1]"),
    "max_share": ("share of the most talkative seat", "max s", "[1/n, 1]"),
}

METRIC = Metric(
    name="participation",
    title="How evenly the seats of an episode take part, in messages and in words",
    quantities={
        name + suffix: Quantity(f"{title} ({column})", formula, range_)
        for suffix, column in AMOUNTS.items()
        for name, (title, formula, range_) in _FORMULAS.items()
    }
    | {
        f"share{suffix}": Quantity(
            f"a seat's share of {column}, by seat", f"{column} / Σ {column}", "[0, 1]"
        )
        for suffix, column in AMOUNTS.items()
    },
    source="Gini (1912); Shannon (1948); Herfindahl (1950).",
    avoid="With a fixed floor everybody has the same number of messages by design: read the words. "
    "Gini, HHI and the largest share have a range that depends on the number of seats, so do not "
    "compare groups of different size by them. A seat that an intervention took out, or that had "
    "not come yet, counts as silent.",
    needs=("messages", "seats"),
    version=2,
    compute=compute,
)
