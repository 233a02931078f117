"""Worlds of drift: what changes in the course of an episode, for a seat or for everybody."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.worlds.frames import spoken, turns_of
from tasks.metrics.worlds.wording import (
    ALTERNATING,
    BROAD,
    COMMON,
    DOUBLED,
    OWN,
    PAIR,
    TOPIC,
    WORDS,
    drawn,
    fresh_texts,
    joined,
    null_world,
)
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World


def nothing_changes(sizes: Sizes, rng: Rng) -> Data:
    """Seats with voices of their own that are the same from first to last."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=True)
    length = 6 + turns.seat + rng.integers(0, 8, turns.n)
    own = rng.integers(0, OWN, (turns.n, 20)) + 100 * turns.seat[:, None]
    broad = rng.integers(0, BROAD, (turns.n, 20)) + 1000
    words = np.where(rng.random(own.shape) < 0.4, own, broad)
    return spoken(turns, joined(words, length))


def topics_move_on(sizes: Sizes, rng: Rng) -> Data:
    """The topic changes by round for everybody; no seat has a voice."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    return spoken(turns, drawn(turns, rng, voices=False, topics=True))


def messages_grow(sizes: Sizes, rng: Rng) -> Data:
    """All draw their words alike, and later messages are longer, most of all in b."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    words = rng.integers(0, 60, (turns.n, 24))
    return spoken(turns, joined(words, 3 + 2 * turns.round * (1 + turns.in_b)))


def all_at_once(sizes: Sizes, rng: Rng) -> Data:
    """Voices that stay, while topics move on and messages grow; b faster, with unequal turns."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=True)
    shape, faster = (turns.n, 40), 1 + turns.in_b
    kind, words = rng.random(shape), rng.integers(0, BROAD, shape)
    topic = rng.integers(0, TOPIC, shape) + 2000 + 100 * (faster * turns.round // 2)[:, None]
    own = rng.integers(0, OWN, shape) + 5000 + 100 * turns.seat[:, None]
    words = np.where(kind < 0.25, rng.integers(0, COMMON, shape) + 1000, words)
    words = np.where((kind > 0.25) & (kind < 0.55), topic, words)
    length = 5 + 3 * turns.round * faster + rng.integers(0, 4, turns.n)
    return spoken(turns, joined(np.where(kind > 0.7, own, words), np.minimum(length, 40)))


MOVING = 0.6


def one_seat_moves(sizes: Sizes, rng: Rng) -> Data:
    """In b the first seat goes over to the other's sentence half way, with probability .6."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    moves = (rng.random(sum(sizes.values())) < MOVING)[turns.episode] & turns.in_b
    over = moves & (turns.round >= len(PAIR) // 2)
    number = np.where((turns.seat == 1) | over, 1, 0)
    words = (turns.episode[:, None] * 10 + number[:, None]) * WORDS + np.arange(WORDS)
    return spoken(turns, fresh_texts(words, rng))


def _moved(said: Ints) -> tuple[Floats, Floats]:
    """Drift and pull of two seats in :func:`one_seat_moves`, as differences of means over pairs.

    Args:
        said: Number of the sentence of each round and seat.
    """
    drift, pull = np.empty(2), np.empty(2)
    for seat in (0, 1):
        own, rest = said[:, seat], said[:, 1 - seat]
        same = own[:, None] == own[None, :]
        drift[seat] = same[np.triu_indices(len(own), 1)].mean() - same[:2, -2:].mean()
        with_rest = own[:, None] == rest[None, :]
        apart = ~np.eye(len(own), dtype=bool)
        pull[seat] = with_rest[-2:][apart[-2:]].mean() - with_rest[:2][apart[:2]].mean()
    return drift, pull


def moving_excesses() -> tuple[float, float]:
    """Excess of drift and of societal pull in :func:`one_seat_moves`, of b.

    A shuffle within rounds turns rounds of the first half round, in which seats differ; of messages
    in random order it gives nothing, since all rounds are alike then.
    """
    half = len(PAIR) // 2
    swaps = np.array(list(product((0, 1), repeat=half)))
    later = np.ones((half, 2), dtype=np.int64)
    drawn = [_moved(np.vstack([np.stack([one, 1 - one], axis=1), later])) for one in swaps]
    rounds = np.mean(drawn, axis=0)
    own = _moved(np.vstack([np.tile([0, 1], (half, 1)), later]))
    alike = 2 * comb(half, 2) / comb(len(PAIR), 2)
    # Of parts of two messages; of the others' messages, all of one sentence or half of each.
    lengths = np.array([(1 + alike) / 2, 1.0]), np.array([1.0, np.sqrt(0.5)])
    return tuple(
        MOVING * float(((mine - null) / length).mean())
        for mine, null, length in zip(own, rounds, lengths, strict=True)
    )  # type: ignore[return-value]


TOPICS, LONGER = (
    "topics move on for everybody alike",
    "messages grow longer for everybody alike, twice as fast in b",
)
AT_ONCE = "voices that stay, topics that move on, messages that grow; faster, unequal turns in b"
drift = MetricWorlds(
    "drift",
    null=tuple(
        null_world(title, make, "", "societal_pull", draws=20)
        for title, make in (
            ("voices that stay; unequal turns in b", nothing_changes),
            (TOPICS, topics_move_on),
            (LONGER, messages_grow),
            (AT_ONCE, all_at_once),
        )
    ),
    planted=(
        World(
            "in b one of two seats goes over to the other's sentence with probability .6",
            one_seat_moves,
            (
                Truth("", 0.0, moving_excesses()[0], EXCESS),
                Truth("societal_pull", 0.0, moving_excesses()[1], EXCESS),
            ),
            {"draws": 20},
        ),
    ),
    notes={
        "": "a tenth of half the width of the interval of 12 episodes, so that coverage and "
        "rejection hold; where it comes from is not known"
    },
)
