"""Who names whom."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import ratio


def plain(text: pl.Expr) -> pl.Expr:
    """Lower-case words between single blanks, with a blank at either end."""
    words = text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return pl.lit(" ") + words + pl.lit(" ")


def beside_names(data: Data, said: pl.DataFrame) -> pl.DataFrame:
    """Messages beside the plain name that every seat had then: adds ``other, name``.

    Args:
        data: The data.
        said: Messages: ``episode, seq`` and more.
    """
    names = data.names.select(
        "episode", "from_seq", "until_seq", other="seat", name=plain(pl.col("name"))
    )
    shown_then = pl.col("seq").is_between("from_seq", "until_seq", closed="left")
    return said.join(names, on="episode", how="inner").filter(shown_then)


def mentions_of(data: Data) -> pl.DataFrame:
    """Messages in which a seat names another: ``episode, seat, other, n``."""
    said = data.messages.select("episode", "seq", "seat", plain(pl.col("text")).alias("text"))
    return (
        beside_names(data, said)
        .filter(
            (pl.col("seat") != pl.col("other"))
            & pl.col("text").str.contains(pl.col("name"), literal=True)
        )
        .group_by("episode", "seat", "other")
        .agg(pl.len().alias("n"))
    )


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``mentions``."""
    named = mentions_of(data)
    back = named.select(
        "episode",
        pl.col("other").alias("seat"),
        pl.col("seat").alias("other"),
        pl.col("n").alias("m"),
    )
    per_episode = (
        named.join(back, on=["episode", "seat", "other"], how="left")
        .with_columns(pl.col("m").fill_null(0))
        .group_by("episode")
        .agg(
            pl.col("n").sum().alias("total"),
            pl.min_horizontal("n", "m").sum().alias("returned"),
            (pl.col("m") > 0).sum().alias("pairs_returned"),
            pl.len().alias("pairs"),
        )
    )
    total, returned, pairs_back, pairs = (
        np.nan_to_num(data.by_episode(per_episode, column))
        for column in ("total", "returned", "pairs_returned", "pairs")
    )
    values = {
        "per_message": ratio(total, data.n_messages),
        "reciprocity": ratio(returned, total),
        "reciprocated_pairs": ratio(pairs_back, pairs),
    }
    method = (
        "names of other seats as whole words, case and punctuation ignored, once per message and "
        "name"
    )
    found = {name: ByEpisode(value, method, data.n_messages) for name, value in values.items()}
    return rows.of_episodes(data, options, found)


METRIC = Metric(
    name="mentions",
    title="How often seats name each other, and whether they are named back",
    quantities={
        "per_message": Quantity("other seats named per message", "Σ m_ij / messages", "[0, n - 1]"),
        "reciprocity": Quantity(
            "share of mentions that are returned", "Σ min(m_ij, m_ji) / Σ m_ij", "[0, 1]"
        ),
        "reciprocated_pairs": Quantity(
            "share of directed pairs that are returned",
            "|{ij: m_ij, m_ji > 0}| / |{ij: m_ij > 0}|",
            "[0, 1]",
        ),
    },
    source="Squartini et al. (2013), Reciprocity of weighted networks; Garlaschelli and Loffredo "
    "(2004) for pairs.",
    avoid="Names that are common words are counted wherever the word occurs. A message that names "
    "everybody counts for all. Busy episodes are reciprocal by volume alone.",
    needs=("messages", "seats"),
    compute=compute,
)
