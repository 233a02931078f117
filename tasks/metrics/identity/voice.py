"""Whether a seat keeps to a voice of its own."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints, mean_over
from tasks.metrics.text import vectors
from tasks.metrics.text.grams import EpisodeGram, episode_grams
from tasks.metrics.text.vectors import TextNullOptions


def own_less_others(gram: EpisodeGram, seat: Ints) -> Floats:
    """Mean cosine of a seat's messages with each other, less that with the others' messages.

    Args:
        gram: The episode.
        seat: Seat of each message, shape (draws, messages).

    Returns:
        Shape (draws, seats).
    """
    members = gram.members(seat)
    toward = members @ gram.cosines
    squares = (toward * members).sum(axis=-1)
    across = toward.sum(axis=-1) - squares
    n = members @ gram.filled
    rest = gram.filled.sum() - n
    good = (n > 1) & (rest > 0)
    inside = (squares - n) / np.where(good, n * (n - 1), 1)
    return np.where(good, inside - across / np.where(good, n * rest, 1), np.nan)


def compute(data: Data, options: TextNullOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_consistency``."""
    unit = vectors.message_vectors(data, options.encoder)
    observed = np.full(data.n_episodes, np.nan)
    nulls = np.full((data.n_episodes, options.draws), np.nan)
    by_seat = []
    free = free_to_shuffle(data)
    for gram in episode_grams(data, unit):
        drawn = own_less_others(gram, np.vstack([gram.seat, gram.shuffled(options.draws, rng)]))
        by_seat.append(drawn[0])
        means = mean_over(drawn, -1)
        observed[gram.episode], nulls[gram.episode] = means[0], means[1:]
    names = (
        data.messages.select("episode", "seat").unique(maintain_order=True).sort("episode", "seat")
    )
    nulls[~free] = np.nan
    words = shuffle_words(blocks_of(data).by_round, free, options.draws)
    method = (
        f"cosine of messages of one seat less that with other seats', mean over seats "
        f"({vectors.encoder_words(options.encoder)})"
    )
    seats = rows.of_seats(
        data,
        names.with_columns(pl.Series("value", np.concatenate(by_seat))),
        method="cosine of messages of the seat less that with other seats'",
    )
    found = {"": ByEpisode(observed, method, data.n_messages, nulls, null_words=words)}
    return rows.joined([rows.of_episodes(data, options, found), seats])


METRIC = Metric(
    name="persona_consistency",
    title="Whether a seat's messages resemble each other more than the others' do",
    quantities={
        "": Quantity(
            "own less others' similarity",
            "mean cos(u, own) - mean cos(u, others'), over seats",
            "[-2, 2]",
        )
    },
    source="Prompt-to-line consistency without the prompt, after Abdulhai et al. (2025); computed "
    "from text vectors.",
    avoid="A verbal tic passes for a persona, and so, a little, does the length of messages. It "
    "is about being recognisable, not about being true to what the persona says: code that with a "
    "flag and use `profile_stability`.",
    needs=("messages",),
    options=TextNullOptions,
    version=2,
    compute=compute,
)
