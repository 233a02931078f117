"""Whether a seat keeps to a voice of its own."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints, mean_over, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.grams import EpisodeGram, episode_grams
from tasks.metrics.text.vectors import TextNullOptions


def own_less_others(gram: EpisodeGram) -> Floats:
    """Mean cosine of a seat's messages with each other, less that with the others', by seat."""
    members = gram.members(gram.seat)
    toward = members @ gram.cosines
    squares = (toward * members).sum(axis=-1)
    across = toward.sum(axis=-1) - squares
    n = members @ gram.filled
    return ratio(squares - n, n * (n - 1)) - ratio(across, n * (gram.filled.sum() - n))


def evened_own_less_others(gram: EpisodeGram, seat: Ints) -> Floats:
    """The same where the length of messages means nothing, mean over seats, shape (draws,).

    Args:
        gram: The episode.
        seat: Seat of each message, shape (draws, messages).
    """
    members = gram.members(seat)
    toward = members @ gram.evened
    across = toward.sum(axis=-1) - (toward * members).sum(axis=-1)
    weights = members @ gram.weights
    others = ratio(across, weights * (gram.weights.sum() - weights), 1e-9)
    # A product of shares times this is a cosine of the usual two messages of the episode.
    usual = gram.weights * np.nan_to_num(ratio(1.0, np.sqrt(np.diagonal(gram.evened))))
    n = gram.filled.sum()
    cosines = (usual.sum() ** 2 - (usual**2).sum()) / max(n * (n - 1), 1)
    return np.asarray(cosines * mean_over(gram.pair_products(members) - others, -1))


def compute(data: Data, options: TextNullOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_consistency``."""
    observed = np.full(data.n_episodes, np.nan)
    nulls = np.full((data.n_episodes, options.draws), np.nan)
    by_seat = []
    free = free_to_shuffle(data)
    for gram in episode_grams(data, options.encoder):
        by_seat.append(own_less_others(gram))
        observed[gram.episode] = mean_over(by_seat[-1], -1)
        shuffled = gram.shuffled(options.draws, rng)
        evened = evened_own_less_others(gram, np.vstack([gram.seat, shuffled]))
        nulls[gram.episode] = observed[gram.episode] - (evened[0] - evened[1:])
    names = (
        data.messages.select("episode", "seat").unique(maintain_order=True).sort("episode", "seat")
    )
    nulls[~free] = np.nan
    words = shuffle_words(blocks_of(data), free, options.draws)
    method = (
        f"cosine of messages of one seat less that with other seats', mean over seats "
        f"({vectors.encoder_words(options.encoder)}); {vectors.EVENED}"
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
    avoid="A verbal tic passes for a persona. It is about being recognisable, not about being true "
    "to what the persona says: code that with a flag and use `profile_stability`.",
    needs=("messages",),
    options=TextNullOptions,
    version=3,
    compute=compute,
)
