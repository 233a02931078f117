"""Who names whom."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity


def plain(text: pl.Expr) -> pl.Expr:
    """Lower-case words between single blanks, with a blank at either end."""
    words = text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return pl.lit(" ") + words + pl.lit(" ")


def mentions_of(data: Data) -> pl.DataFrame:
    """Messages in which a seat names another: ``run, seat, other, n``."""
    names = data.seats.select(
        "run", pl.col("seat").alias("other"), plain(pl.col("name")).alias("name")
    )
    said = data.messages.select("run", "seat", plain(pl.col("text")).alias("text"))
    return (
        said.join(names, on="run", how="inner")
        .filter(
            (pl.col("seat") != pl.col("other"))
            & pl.col("text").str.contains(pl.col("name"), literal=True)
        )
        .group_by("run", "seat", "other")
        .agg(pl.len().alias("n"))
    )


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``mentions``."""
    found = mentions_of(data)
    back = found.select(
        "run", pl.col("other").alias("seat"), pl.col("seat").alias("other"), pl.col("n").alias("m")
    )
    per_run = (
        found.join(back, on=["run", "seat", "other"], how="left")
        .with_columns(pl.col("m").fill_null(0))
        .group_by("run")
        .agg(
            pl.col("n").sum().alias("total"),
            pl.min_horizontal("n", "m").sum().alias("returned"),
            (pl.col("m") > 0).sum().alias("pairs_returned"),
            pl.len().alias("pairs"),
        )
    )
    total, returned, pairs_back, pairs = (np.zeros(data.n_runs) for _ in range(4))
    at = per_run["run"].to_numpy()
    for array, column in (
        (total, "total"),
        (returned, "returned"),
        (pairs_back, "pairs_returned"),
        (pairs, "pairs"),
    ):
        array[at] = per_run[column].to_numpy()
    messages = np.bincount(data.messages["run"].to_numpy(), minlength=data.n_runs)
    some = total > 0
    values = {
        "per_message": np.where(messages > 0, total / np.maximum(messages, 1), np.nan),
        "reciprocity": np.where(some, returned / np.maximum(total, 1), np.nan),
        "reciprocated_pairs": np.where(some, pairs_back / np.maximum(pairs, 1), np.nan),
    }
    return rows.together(
        [
            rows.of_runs(
                data,
                value,
                quantity=quantity,
                method="names of other seats as whole words, case and punctuation ignored, "
                "once per message and name",
                resamples=options.resamples,
                n_units=messages,
            )
            for quantity, value in values.items()
        ]
    )


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
    "everybody counts for all. Busy runs are reciprocal by volume alone.",
    needs=("messages", "seats"),
    compute=compute,
)
