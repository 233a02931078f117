"""Effective number of different voices in an episode."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints, ratio
from tasks.metrics.statistics.diversity import effective_number
from tasks.metrics.text import vectors
from tasks.metrics.text.grams import EpisodeGram, episode_grams
from tasks.metrics.text.vectors import TextNullOptions


def effective_voices(gram: EpisodeGram, seat: Ints) -> Floats:
    """Effective number of seats by their summed message vectors, shape (draws,).

    Args:
        gram: The episode.
        seat: Seat of each message, shape (draws, messages).
    """
    members = gram.members(seat)
    return _of_kernel(members @ gram.cosines @ np.swapaxes(members, -1, -2))


def evened_voices(gram: EpisodeGram, seat: Ints) -> Floats:
    """The same where the length of messages means nothing, shape (draws,).

    A product of two seats is that of any two messages of the episode, plus what theirs are above
    or below it, so terse seats add no more noise than wordy ones. What a message adds to
    the product of its seat with itself is that of the usual seat of the episode.
    """
    members = gram.members(seat)
    weights = members @ gram.weights
    usual = max(gram.weights.sum() / gram.n_seats, 1e-9) ** 2
    alike = np.nan_to_num(gram.pair_products(np.ones((1, len(gram.seat)))))[0]
    across = members @ gram.evened @ np.swapaxes(members, -1, -2)
    dots = alike + (across - alike * weights[..., :, None] * weights[..., None, :]) / usual
    alone = np.diagonal(gram.evened) - alike * gram.weights**2
    places = np.arange(gram.n_seats)
    dots[..., places, places] += (alone.sum() / gram.n_seats - members @ alone) / usual
    return _of_kernel(dots)


def _of_kernel(dots: Floats) -> Floats:
    """Effective number of seats from the products of their vectors, shape (draws, seats, seats)."""
    lengths = np.sqrt(np.maximum(np.diagonal(dots, axis1=-2, axis2=-1), 0))
    cosines = ratio(dots, lengths[..., :, None] * lengths[..., None, :], 1e-9)
    return effective_number(np.nan_to_num(cosines))


def compute(data: Data, options: TextNullOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``vendi``."""
    observed = np.full(data.n_episodes, np.nan)
    nulls = np.full((data.n_episodes, options.draws), np.nan)
    seats = np.zeros(data.n_episodes, dtype=np.int64)
    free = free_to_shuffle(data)
    for gram in episode_grams(data, options.encoder):
        own, shuffled = gram.seat[None, :], gram.shuffled(options.draws, rng)
        (observed[gram.episode],) = effective_voices(gram, own)
        evened = evened_voices(gram, np.vstack([own, shuffled]))
        nulls[gram.episode] = observed[gram.episode] - (evened[0] - evened[1:])
        seats[gram.episode] = gram.n_seats
    nulls[~free] = np.nan
    words = shuffle_words(blocks_of(data), free, options.draws)
    method = (
        "K* = Vendi score of seats, cosine kernel on summed message vectors "
        f"({vectors.encoder_words(options.encoder)}); {vectors.EVENED}"
    )
    voices = ByEpisode(observed, method, seats, nulls, null_words=words)
    return rows.of_episodes(data, options, {"": voices})


METRIC = Metric(
    name="vendi",
    title="Effective number of different voices in an episode (K*, Vendi score with cosine kernel)",
    quantities={
        "": Quantity(
            "K* over seats",
            "2^H, H = -Σ λ log2 λ, λ: eigenvalues of the Gram matrix over its trace",
            "[1, n]",
            "voices",
        )
    },
    source="Yang et al. (2026), arXiv 2602.03794; Friedman and Dieng (2023), The Vendi Score.",
    avoid="The encoder decides the size, so never compare numbers of two encoders. Grows with the "
    "number of seats and with text length; compare the excess over the null at equal group size.",
    needs=("messages",),
    options=TextNullOptions,
    version=3,
    compute=compute,
)
