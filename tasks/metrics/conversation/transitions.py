"""Who speaks after whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words, shuffled_places
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints


class TransitionOptions(NullOptions):
    """Options of ``transitions``."""

    draws: int = Field(100, ge=20, le=10_000, description="Draws of the null distribution.")


def seat_places(data: Data) -> tuple[Ints, int]:
    """Number of each message's speaker within its episode, and the most speakers of any."""
    ranked = data.messages.select(
        (pl.col("seat").rank("dense").over("episode") - 1).cast(pl.Int64).alias("place")
    )["place"].to_numpy()
    return ranked, int(ranked.max()) + 1 if len(ranked) else 0


def entropy_rate(speaker: Ints, episode: Ints, n_seats: int, n_episodes: int) -> Floats:
    """Entropy of the next speaker given the present one, over log2 of the speakers; by episode.

    Args:
        speaker: Speaker of each message, messages of an episode in order and adjacent.
        episode: Episode of each message, sorted.
        n_seats: Speakers that an episode has at most.
        n_episodes: Number of episodes.
    """
    same = episode[1:] == episode[:-1]
    cell = (episode[:-1] * n_seats + speaker[:-1]) * n_seats + speaker[1:]
    counts = np.bincount(cell[same], minlength=n_episodes * n_seats**2).reshape(
        -1, n_seats, n_seats
    )
    row = counts.sum(axis=2)
    share = counts / np.maximum(row, 1)[:, :, None]
    row_entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=2)
    total = row.sum(axis=1)
    weighted = (row * row_entropy).sum(axis=1) / np.maximum(total, 1)
    spoke = np.zeros((n_episodes, n_seats), dtype=bool)
    spoke[episode, speaker] = True
    n = spoke.sum(axis=1)
    return np.where((total > 0) & (n > 1), weighted / np.log2(np.maximum(n, 2)), np.nan)


def compute(data: Data, options: TransitionOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``transitions``."""
    # Who hears a message has nothing to do with who may speak next.
    data = replace(data, messages=data.messages.drop("conversation", strict=False), shared={})
    speaker, n_seats = seat_places(data)
    episode = data.messages["episode"].to_numpy().astype(np.int64)
    if not len(episode):
        return rows.frame([])
    blocks, free = blocks_of(data), free_to_shuffle(data)
    nulls = np.empty((data.n_episodes, options.draws))
    for draw in range(options.draws):
        order = shuffled_places(blocks.of, 1, rng)[0]
        nulls[:, draw] = entropy_rate(speaker[order], episode, n_seats, data.n_episodes)
    nulls[~free] = np.nan
    observed = entropy_rate(speaker, episode, n_seats, data.n_episodes)
    method = "entropy of the next speaker given the present one over log2 of the speakers"
    words = shuffle_words(blocks, free, options.draws, "turns")
    found = ByEpisode(observed, method, data.n_messages, nulls, null_words=words)
    return rows.of_episodes(data, options, {"": found})


METRIC = Metric(
    name="transitions",
    title="How open it is who speaks next (0: the present speaker decides it)",
    quantities={
        "": Quantity(
            "normalised entropy rate of turns", "-Σ_i π_i Σ_j p(j|i) log2 p(j|i) / log2 n", "[0, 1]"
        )
    },
    source="Shannon (1948); turn-transition matrices after Sacks, Schegloff and Jefferson (1974).",
    avoid="Says nothing where the floor is fixed by the protocol: it is then 0, or what the "
    "shuffle of the floor makes it. Falls in short episodes; compare the excess over the null, "
    "which is below 0 where the order within rounds is always the same.",
    needs=("messages",),
    options=TransitionOptions,
    version=2,
    compute=compute,
)
