"""Cosines between all messages of an episode.

Whatever is a sum of message vectors, its lengths and dot products follow from these cosines, so
null draws cost small matrix products and never touch the vectors again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.metrics.blocks import blocks_of, shuffled_places
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.text.vectors import Matrix


@dataclass(frozen=True)
class EpisodeGram:
    """The messages of one episode.

    Attributes:
        episode: Its number.
        cosines: Shape (messages, messages).
        seat: Seat of each message, numbered from 0 in the order of their names.
        n_seats: Seats that spoke.
        block: Block of each message, among which seats are shuffled.
    """

    episode: int
    cosines: Floats
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

    def shuffled(self, draws: int, rng: np.random.Generator) -> Ints:
        """Seats in random order over the messages of each block, shape (draws, messages)."""
        return self.seat[shuffled_places(self.block, draws, rng)]


def episode_grams(data: Data, unit: Matrix) -> Iterator[EpisodeGram]:
    """Every episode that has messages, with the cosines between them."""
    blocks = blocks_of(data).of
    episode = data.messages["episode"].to_numpy()
    seats = data.messages["seat"].to_numpy().astype(str)
    known, starts = np.unique(episode, return_index=True)
    ends = np.append(starts[1:], len(episode))
    for number, first, last in zip(known, starts, ends, strict=True):
        part: Any = unit[int(first) : int(last)]
        cosines = np.asarray((part @ part.T).toarray(), dtype=np.float64)
        names, seat = np.unique(seats[first:last], return_inverse=True)
        block = blocks[first:last] - blocks[first]
        yield EpisodeGram(int(number), cosines, seat.astype(np.int64), len(names), block)
