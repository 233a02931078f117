"""Made-up texts of worlds of metrics over text vectors.

Texts are made of words that occur nowhere else unless they are meant to be shared, so the cosine of
two hashed messages is the number of shared words over the number of words and word pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Ints
from tasks.metrics.worlds.frames import Turns
from tasks.metrics.worlds.world import Rng, Sizes, Truth, World

#: Words that all, a round, or a seat use again and again, and that anybody may use.
COMMON, TOPIC, OWN, BROAD = 12, 10, 8, 400
#: Words and word pairs of a message of eleven words.
WORDS, DIMENSIONS = 11, 21
#: What a shared word adds to the product of word shares of two such messages.
SHARED = 1 / WORDS**2 / (1 / WORDS + 1 / (WORDS - 1))
ALTERNATING = [[0, 1, 2, 3]] * 6
#: The same seats one behind the other in the middle of a round.
DOUBLED = [[0, 1, 1, 2, 3, 3], [2, 0, 1, 3], [0, 1, 2]] * 2
PAIR = [[0, 1]] * 6


def joined(words: Ints, lengths: Ints) -> list[str]:
    """Texts of the first so many words of each row."""
    ends = lengths.tolist()
    return [
        " ".join([f"w{word}" for word in row[:n]])
        for row, n in zip(words.tolist(), ends, strict=True)
    ]


def drawn(turns: Turns, rng: Rng, *, voices: bool, topics: bool) -> list[str]:
    """Texts that nobody reacts to: common words, words of the round, of the seat, and others.

    Lengths depend on the round and, where seats have voices, on the seat.
    """
    longest = 24
    length = 6 + 2 * (turns.round % 4) + rng.integers(0, 6, turns.n)
    if voices:
        length = length + 2 * turns.seat
    shape = (turns.n, longest)
    words = rng.integers(0, BROAD, shape)
    kind = rng.random(shape)
    common = rng.integers(0, COMMON, shape) + 1000
    topic = rng.integers(0, TOPIC, shape) + 2000 + 100 * turns.round[:, None]
    own = rng.integers(0, OWN, shape) + 5000 + 100 * turns.seat[:, None]
    words = np.where(kind < 0.3, common, words)
    if topics:
        words = np.where((kind > 0.3) & (kind < 0.6), topic, words)
    if voices:
        words = np.where(kind > 0.8, own, words)
    return joined(words, np.minimum(length, longest))


def unique_words(turns: Turns) -> Ints:
    """Eleven words for each message that no other message has."""
    return np.asarray(np.arange(turns.n * WORDS).reshape(turns.n, WORDS), dtype=np.int64)


def fresh_texts(words: Ints, rng: Rng) -> list[str]:
    """Texts of all words, which are others in every study, so that hashes collide at random."""
    return joined(words + 10**8 * rng.integers(1, 10**6), np.full(len(words), words.shape[1]))


def null_world(
    title: str, make: Callable[[Sizes, Rng], Data], *quantities: str, draws: int = 0
) -> World:
    """A world in which the excess of some quantities is 0."""
    truths = tuple(Truth(quantity, 0.0, 0.0, EXCESS) for quantity in quantities)
    return World(title, make, truths, {"draws": draws} if draws else {})
