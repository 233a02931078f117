"""How far seats move from where they began, and towards the rest."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints, mean_over, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.grams import EpisodeGram, episode_grams
from tasks.metrics.text.vectors import TextNullOptions


class DriftOptions(TextNullOptions):
    """Options of ``drift``."""

    part: float = Field(
        1 / 3, gt=0, le=0.5, description="Share of a seat's messages that is early, and late."
    )


def seat_parts(gram: EpisodeGram, seat: Ints, order: Floats, part: float) -> Floats:
    """Indicators of a seat's early and late messages, shape (draws, 2, seats, messages).

    Args:
        gram: The episode.
        seat: Seat of each message, shape (draws, messages) or (1, messages); every seat has as
            many messages as in the episode.
        order: What messages of a seat are sorted by, shape (draws, messages) or (1, messages):
            time, or random numbers below 1 for a null.
        part: Share of a seat's messages at either end; at least one message.
    """
    place = np.argsort(seat + order, axis=1, kind="stable")
    sizes = np.bincount(gram.seat, minlength=gram.n_seats)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty_like(place)
    sorted_rank = np.arange(len(gram.seat)) - np.repeat(starts, sizes)
    np.put_along_axis(rank, place, np.broadcast_to(sorted_rank, place.shape), axis=1)
    width = np.maximum((sizes * part).astype(np.int64), 1)[seat]
    size = sizes[seat]
    ends = np.stack([rank < width, rank >= size - width], axis=1) & (size > 1)[:, None]
    return np.asarray(ends[:, :, None, :] * gram.members(seat)[:, None])


def drift_and_pull(gram: EpisodeGram, seat: Ints, parts: Floats) -> tuple[Floats, Floats]:
    """Drift and societal pull, mean over the seats of an episode, shape (draws,).

    Args:
        gram: The episode.
        seat: Seat of each message, shape (draws, messages) or (1, messages).
        parts: Their early and late messages, as of :func:`seat_parts`.
    """
    own = gram.members(seat)
    rest = own.sum(axis=-2, keepdims=True) - own
    toward = parts @ gram.cosines
    lengths = np.sqrt((toward * parts).sum(axis=-1))
    across = (toward[:, 0] * parts[:, 1]).sum(axis=-1)
    with_rest = (toward * rest[:, None]).sum(axis=-1)
    rest_length = np.sqrt(np.maximum(((rest @ gram.cosines) * rest).sum(axis=-1), 0))
    drift = 1 - ratio(across, lengths[:, 0] * lengths[:, 1], 1e-9)
    pull = ratio(with_rest, lengths * rest_length[:, None, :], 1e-9)
    return mean_over(drift, -1), mean_over(pull[:, 1] - pull[:, 0], -1)


def _pull_null(
    gram: EpisodeGram, shuffled: Ints, time: Floats, mixed: Floats, part: float
) -> Floats:
    """Pull with seats shuffled within rounds, less what that gives where time means nothing.

    A shuffle within rounds keeps topics and lengths, and so what they do to early and late
    messages. It also mixes voices, which shows where seats speak more often in some rounds than in
    others; the same shuffle of each seat's messages in random order has that part alone.

    Args:
        gram: The episode.
        shuffled: Seats shuffled within rounds, shape (draws, messages).
        time: Places of messages in time, shape (1, messages), below 1.
        mixed: Random numbers below 1, shape (draws, messages).
        part: Share of a seat's messages at either end.
    """
    _, kept = drift_and_pull(gram, shuffled, seat_parts(gram, shuffled, time, part))
    comes = np.argsort(gram.seat + mixed, axis=1, kind="stable")
    places = np.argsort(gram.seat, kind="stable")
    seat, order = np.empty_like(shuffled), np.empty_like(mixed)
    np.put_along_axis(seat, comes, shuffled[:, places], axis=1)
    np.put_along_axis(order, comes, np.broadcast_to(time[:, places], order.shape), axis=1)
    _, timeless = drift_and_pull(gram, seat, seat_parts(gram, seat, order, part))
    return kept - mean_over(timeless, 0)


def compute(data: Data, options: DriftOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``drift``."""
    unit = vectors.message_vectors(data, options.encoder)
    observed = np.full((2, data.n_episodes), np.nan)
    nulls = np.full((2, data.n_episodes, options.draws), np.nan)
    seats = np.zeros(data.n_episodes, dtype=np.int64)
    for gram in episode_grams(data, unit):
        m = len(gram.seat)
        time, mixed = np.arange(m)[None, :] / m, rng.random((options.draws, m))
        own, shuffled = gram.seat[None, :], gram.shuffled(options.draws, rng)
        found = drift_and_pull(gram, own, seat_parts(gram, own, time, options.part))
        observed[:, gram.episode] = np.concatenate(found)
        parts = seat_parts(gram, own, mixed, options.part)
        nulls[0, gram.episode], _ = drift_and_pull(gram, own, parts)
        nulls[1, gram.episode] = _pull_null(gram, shuffled, time, mixed, options.part)
        seats[gram.episode] = gram.n_seats
    free = free_to_shuffle(data)
    nulls[1, ~free] = np.nan
    words = vectors.encoder_words(options.encoder)
    ends = f"first and last {options.part:.0%} of a seat's messages, mean over seats ({words})"
    quantities = {
        "": ByEpisode(
            observed[0],
            f"1 - cosine of early and late, {ends}; null: messages of a seat in random order, "
            f"{options.draws} draws",
            seats,
            nulls[0],
        ),
        "societal_pull": ByEpisode(
            observed[1],
            f"cosine with the others, late less early, {ends}; null less that of a seat's messages "
            "in random order",
            seats,
            nulls[1],
            null_words=shuffle_words(blocks_of(data).by_round, free, options.draws),
        ),
    }
    return rows.of_episodes(data, options, quantities)


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
    "null. A topic that moves on moves everybody, and messages that grow longer pass for drift, "
    "since long texts are more like each other than short ones: do not compare the drift of "
    "conditions in which topics or lengths develop differently. The null of `societal_pull` has "
    "the same topics and lengths; it asks whether seats move more than the round does.",
    needs=("messages",),
    options=DriftOptions,
    version=2,
    compute=compute,
)
