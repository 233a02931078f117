"""Cosines between all messages of an episode.

Whatever is a sum of message vectors, its lengths and dot products follow from these cosines, so
null draws cost small matrix products and never touch the vectors again.

Long messages have larger cosines than short ones that draw their words alike. Nulls therefore are
of products that do not depend on length: what is above them is not length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.metrics.blocks import blocks_of, shuffled_places
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats, Ints, ratio
from tasks.metrics.text import vectors


@dataclass(frozen=True)
class EpisodeGram:
    """The messages of one episode.

    Attributes:
        episode: Its number.
        cosines: Shape (messages, messages).
        evened: Products in place of cosines, shape (messages, messages).
        weights: One per message. A sum of ``evened`` over the sum of the products of the weights
            does not depend on how long messages are.
        seat: Seat of each message, numbered from 0 in the order of their names.
        n_seats: Seats that spoke.
        block: Block of each message, among which seats are shuffled.
    """

    episode: int
    cosines: Floats
    evened: Floats
    weights: Floats
    seat: Ints
    n_seats: int
    block: Ints

    @property
    def filled(self) -> Floats:
        """1 for messages that have a vector, 0 for those that have none."""
        return (np.diagonal(self.cosines) > 0).astype(np.float64)

    def members(self, seat: Ints) -> Floats:
        """Indicators of seats, shape (..., seats, messages), of labels shaped (..., messages)."""
        same = np.equal(seat[..., None, :], np.arange(self.n_seats)[:, None])
        return np.asarray(same, dtype=np.float64)

    def pair_products(self, members: Floats) -> Floats:
        """Mean product of two different messages of groups, whatever their length.

        Args:
            members: Indicators of groups, shape (..., groups, messages).

        Returns:
            Shape (..., groups); not-a-number for groups of one message.
        """
        every = ((members @ self.evened) * members).sum(axis=-1)
        pairs = (members @ self.weights) ** 2 - members @ self.weights**2
        return ratio(every - members @ np.diagonal(self.evened), pairs, 1e-9)

    def shuffled(self, draws: int, rng: np.random.Generator) -> Ints:
        """Seats in random order over the messages of each block, shape (draws, messages)."""
        return self.seat[shuffled_places(self.block, draws, rng)]


def _products(matrix: Any) -> Floats:
    return np.asarray((matrix @ matrix.T).toarray(), dtype=np.float64)


def episode_grams(data: Data, encoder: str) -> Iterator[EpisodeGram]:
    """Every episode that has messages, with the cosines between them.

    Raises:
        Unusable: The encoder is not there, or there are no messages.
    """
    unit = vectors.message_vectors(data, encoder)
    even, weights = vectors.evened_vectors(data, encoder)
    blocks = blocks_of(data).of
    episode = data.messages["episode"].to_numpy()
    seats = data.messages["seat"].to_numpy().astype(str)
    known, starts = np.unique(episode, return_index=True)
    ends = np.append(starts[1:], len(episode))
    for number, first, last in zip(known, starts, ends, strict=True):
        mine = slice(int(first), int(last))
        cosines = _products(unit[mine])
        evened = cosines if even is unit else _products(even[mine])
        names, seat = np.unique(seats[first:last], return_inverse=True)
        block = blocks[first:last] - blocks[first]
        yield EpisodeGram(
            int(number), cosines, evened, weights[mine], seat.astype(np.int64), len(names), block
        )
