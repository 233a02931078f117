"""How far seats move from where they began, and towards the rest."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, mean_over, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.grams import EpisodeGram, episode_grams
from tasks.metrics.text.vectors import TextNullOptions


class DriftOptions(TextNullOptions):
    """Options of ``drift``."""

    part: float = Field(
        1 / 3, gt=0, le=0.5, description="Share of a seat's messages that is early, and late."
    )


def seat_parts(gram: EpisodeGram, order: Floats, part: float) -> Floats:
    """Indicators of a seat's early and late messages, shape (draws, 2, seats, messages).

    Args:
        gram: The episode.
        order: What messages of a seat are sorted by, shape (draws, messages): time, or random
            numbers below 1 for a null.
        part: Share of a seat's messages at either end; at least one message.
    """
    place = np.argsort(gram.seat[None, :] + order, axis=1, kind="stable")
    sizes = np.bincount(gram.seat, minlength=gram.n_seats)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty_like(place)
    sorted_rank = np.arange(len(gram.seat)) - np.repeat(starts, sizes)
    np.put_along_axis(rank, place, np.broadcast_to(sorted_rank, place.shape), axis=1)
    width = np.maximum((sizes * part).astype(np.int64), 1)[gram.seat]
    size = sizes[gram.seat]
    ends = np.stack([rank < width, rank >= size - width], axis=1) & (size > 1)
    return np.asarray(ends[:, :, None, :] * gram.members(gram.seat)[None, None])


def drift_and_pull(gram: EpisodeGram, parts: Floats) -> tuple[Floats, Floats]:
    """Drift and societal pull, mean over the seats of an episode, shape (draws,)."""
    own = gram.members(gram.seat)
    rest = own.sum(axis=0)[None, :] - own
    toward = parts @ gram.cosines
    lengths = np.sqrt((toward * parts).sum(axis=-1))
    across = (toward[:, 0] * parts[:, 1]).sum(axis=-1)
    with_rest = (toward * rest[None, None]).sum(axis=-1)
    rest_length = np.sqrt(np.maximum(((rest @ gram.cosines) * rest).sum(axis=-1), 0))
    drift = 1 - ratio(across, lengths[:, 0] * lengths[:, 1], 1e-9)
    pull = ratio(with_rest, lengths * rest_length[None, None, :], 1e-9)
    return mean_over(drift, -1), mean_over(pull[:, 1] - pull[:, 0], -1)


def compute(data: Data, options: DriftOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``drift``."""
    unit = vectors.message_vectors(data, options.encoder)
    observed = np.full((2, data.n_episodes), np.nan)
    nulls = np.full((2, data.n_episodes, options.draws), np.nan)
    seats = np.zeros(data.n_episodes, dtype=np.int64)
    for gram in episode_grams(data, unit):
        m = len(gram.seat)
        order = np.vstack([np.arange(m) / m, rng.random((options.draws, m))])
        drawn = np.stack(drift_and_pull(gram, seat_parts(gram, order, options.part)))
        observed[:, gram.episode], nulls[:, gram.episode] = drawn[:, 0], drawn[:, 1:]
        seats[gram.episode] = gram.n_seats
    words = vectors.encoder_words(options.encoder)
    titles = ("1 - cosine of early and late", "cosine with the others, late less early")
    found = {
        quantity: ByEpisode(
            observed[place],
            f"{titles[place]}, first and last {options.part:.0%} of a seat's messages, mean over "
            f"seats ({words}); null: messages of a seat in random order, {options.draws} draws",
            seats,
            nulls[place],
        )
        for place, quantity in enumerate(("", "societal_pull"))
    }
    return rows.of_episodes(data, options, found)


METRIC = Metric(
    name="drift",
    title="How far seats move from what they said first, and whether towards the others",
    quantities={
        "": Quantity("semantic drift", "1 - cos(c_early, c_late), mean over seats", "[0, 2]"),
        "societal_pull": Quantity(
            "pull towards the others", "cos(c_late, c_rest) - cos(c_early, c_rest)", "[-2, 2]"
        ),
    },
    source="Li, Li and Zhou (2026), arXiv 2602.14299.",
    avoid="Few messages per seat make drift large by sampling alone: read the excess over the "
    "null. A topic that moves on moves everybody; that is no change of mind. Where it does, seats "
    "that fall silent early change `societal_pull`. Messages that grow longer over time pass for "
    "drift and for pull, since long texts are more like each other than short ones. Do not compare "
    "conditions in which topics, lengths or silence develop differently.",
    needs=("messages",),
    options=DriftOptions,
    compute=compute,
)
