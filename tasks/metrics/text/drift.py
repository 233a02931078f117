"""How far seats move from where they began, and towards the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

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

#: How far seats move, shape (draws, seats).
Moved: TypeAlias = Callable[[EpisodeGram, "Arrangement"], Floats]
#: What the null is, one sentence for ``method``.
NULL = (
    "excess: how much further seats move than the messages of their rounds do, less what the "
    "shuffle gives of a seat's messages in random order, of word shares, which do not depend on "
    "the length of messages"
)


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


@dataclass(frozen=True)
class Arrangement:
    """Seats of the messages of an episode, and which messages of theirs are early and late.

    Attributes:
        seat: Seat of each message, shape (draws, messages) or (1, messages).
        parts: Their early and late messages, as of :func:`seat_parts`.
        at_random: The same with each seat's messages in random order, shape (draws, ...).
    """

    seat: Ints
    parts: Floats
    at_random: Floats


def resampled_means(values: Floats, weights: Floats) -> Floats:
    """Means over draws, as often as draws are resampled; those without a value do not count.

    Args:
        values: Shape (draws, seats).
        weights: How often each draw counts, shape (resamples, draws).

    Returns:
        Shape (resamples, seats).
    """
    known = np.isfinite(values)
    return ratio(weights @ np.where(known, values, 0.0), weights @ known.astype(np.float64))


def distance_in_time(gram: EpisodeGram, arrangement: Arrangement, weights: Floats) -> Floats:
    """How much less alike early and late messages of a seat are than in random order.

    Both are means over pairs of messages, so what a seat always says, which is in both, cancels.
    Random order, and not all pairs of the seat's messages: a long message weighs less in a part of
    a few messages than among all, which shows where what is said goes with its length.
    Shape (draws, seats); ``weights`` as of :func:`resampled_means`.
    """

    def across(parts: Floats) -> Floats:
        products = ((parts[:, 0] @ gram.evened) * parts[:, 1]).sum(axis=-1)
        weights = parts @ gram.weights
        return ratio(products, weights[:, 0] * weights[:, 1])

    at_random = resampled_means(across(arrangement.at_random), weights)
    return np.asarray(at_random - across(arrangement.parts))


def approach(gram: EpisodeGram, arrangement: Arrangement) -> Floats:
    """How much more alike late messages of a seat are to all of the others' than early ones.

    A difference of means over pairs of messages of different rounds: within a round a shuffle
    never pairs messages of one voice. Shape (draws, seats).
    """
    own, parts = gram.members(arrangement.seat), arrangement.parts
    rest = (own.sum(axis=-2, keepdims=True) - own)[:, None]
    apart = (gram.block[:, None] != gram.block).astype(np.float64)
    with_rest = ((parts @ (gram.evened * apart)) * rest).sum(axis=-1)
    pairs = ((parts @ (np.outer(gram.weights, gram.weights) * apart)) * rest).sum(axis=-1)
    alike = ratio(with_rest, pairs, 1e-9)
    return np.asarray(alike[:, 1] - alike[:, 0])


def mean_lengths(gram: EpisodeGram, members: Floats) -> Floats:
    """Length of the mean vector of groups of messages, shape (..., groups)."""
    every = ((members @ gram.evened) * members).sum(axis=-1)
    return ratio(np.sqrt(np.maximum(every, 0)), members @ gram.weights)


def typical_square(gram: EpisodeGram, parts: Floats) -> Floats:
    """Product of the lengths of a seat's early and late mean vectors where time means nothing.

    Args:
        gram: The episode.
        parts: Early and late messages of its seats, shape (1, 2, seats, messages).

    Returns:
        Shape (1, seats).
    """
    own = gram.members(gram.seat[None, :])
    alone = ratio(own @ np.diagonal(gram.evened), own @ gram.filled)[:, None]
    weights = parts @ gram.weights
    pairs = (weights**2 - parts @ gram.weights**2) * gram.pair_products(own)[:, None]
    squares = ratio((parts @ gram.filled) * alone + np.nan_to_num(pairs), weights**2)
    return np.asarray(np.sqrt(np.prod(np.maximum(squares, 0), axis=1)))


@dataclass(frozen=True)
class Shuffles:
    """Seats of an episode shuffled within rounds, in time and without it.

    A shuffle within rounds keeps topics and lengths, and so what they do to early and late
    messages. It also mixes voices, which shows where seats speak more often in some rounds than in
    others; the same shuffle of each seat's messages in random order has that part alone.

    Attributes:
        kept: Seats shuffled within rounds.
        mixed: The same, each seat's messages in random order beforehand.
        weights: How often each draw counts in means over draws that are resampled, shape
            (draws, draws). What is taken off is such a mean, and as unsure as it varies from
            resample to resample; p takes that into account.
    """

    kept: Arrangement
    mixed: Arrangement
    weights: Floats


def arrangements(
    gram: EpisodeGram, time: Floats, part: float, draws: int, rng: np.random.Generator
) -> tuple[Arrangement, Shuffles]:
    """The seats of an episode as they spoke, and draws of the null.

    Args:
        gram: The episode.
        time: Places of messages in time, shape (1, messages), below 1.
        part: Share of a seat's messages at either end.
        draws: Number of draws.
        rng: Draws them.
    """

    def arranged(seat: Ints, order: Floats) -> Arrangement:
        shape = (draws, len(gram.seat))
        at_random = seat_parts(gram, np.broadcast_to(seat, shape), rng.random(shape), part)
        return Arrangement(seat, seat_parts(gram, seat, order, part), at_random)

    kept = gram.shuffled(draws, rng)
    comes = np.argsort(gram.seat + rng.random(kept.shape), axis=1, kind="stable")
    places = np.argsort(gram.seat, kind="stable")
    mixed, order = np.empty_like(kept), np.empty(kept.shape)
    np.put_along_axis(mixed, comes, kept[:, places], axis=1)
    np.put_along_axis(order, comes, np.broadcast_to(time[:, places], order.shape), axis=1)
    weights = rng.multinomial(draws, np.full(draws, 1 / draws), draws).astype(np.float64)
    return arranged(gram.seat[None, :], time), Shuffles(
        arranged(kept, time), arranged(mixed, order), weights
    )


def excesses(gram: EpisodeGram, own: Arrangement, shuffles: Shuffles) -> Floats:
    """Excess of drift and of societal pull over each draw, mean over seats, shape (2, draws).

    Differences of means over pairs are divided by lengths of mean vectors, and so are differences
    of cosines of the parts.

    Args:
        gram: The episode.
        own: Its seats as they spoke.
        shuffles: Draws of the null.
    """
    members = gram.members(own.seat)
    rest = members.sum(axis=-2, keepdims=True) - members
    ends = np.sqrt(np.prod(mean_lengths(gram, own.parts), axis=1))
    lengths = (typical_square(gram, own.parts), ends * mean_lengths(gram, rest))
    weights, found = shuffles.weights, []
    distance: Moved = partial(distance_in_time, weights=weights)
    for moved, length in zip((distance, approach), lengths, strict=True):
        timeless = resampled_means(moved(gram, shuffles.mixed), weights)
        beyond = moved(gram, own) - moved(gram, shuffles.kept) + timeless
        found.append(mean_over(ratio(beyond, length, 1e-9), -1))
    return np.stack(found)


def compute(data: Data, options: DriftOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``drift``."""
    observed = np.full((2, data.n_episodes), np.nan)
    nulls = np.full((2, data.n_episodes, options.draws), np.nan)
    seats = np.zeros(data.n_episodes, dtype=np.int64)
    for gram in episode_grams(data, options.encoder):
        m = len(gram.seat)
        time = np.arange(m)[None, :] / m
        own, shuffles = arrangements(gram, time, options.part, options.draws, rng)
        found = np.concatenate(drift_and_pull(gram, own.seat, own.parts))
        observed[:, gram.episode] = found
        nulls[:, gram.episode] = found[:, None] - excesses(gram, own, shuffles)
        seats[gram.episode] = gram.n_seats
    free = free_to_shuffle(data)
    nulls[:, ~free] = np.nan
    words = vectors.encoder_words(options.encoder)
    ends = f"first and last {options.part:.0%} of a seat's messages, mean over seats ({words})"
    shuffled = shuffle_words(blocks_of(data), free, options.draws)
    quantities = {
        "": ByEpisode(
            observed[0],
            f"1 - cosine of early and late, {ends}; {NULL}",
            seats,
            nulls[0],
            null_words=shuffled,
        ),
        "societal_pull": ByEpisode(
            observed[1],
            f"cosine with the others, late less early, {ends}; {NULL}",
            seats,
            nulls[1],
            null_words=shuffled,
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
    avoid="Few messages per seat make drift large by sampling alone, a topic that moves on moves "
    "everybody, and long texts are more like each other than short ones: read the excess, which "
    "asks whether seats move further than the messages of their rounds do. An episode with one "
    "seat has none.",
    needs=("messages",),
    options=DriftOptions,
    version=4,
    compute=compute,
)
