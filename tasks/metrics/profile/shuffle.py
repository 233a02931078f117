"""Counts of flags per seat, observed and with the seats' labels shuffled within blocks of episodes.

A message's flags are packed into one 64-bit integer, twelve bits per flag, so that a shuffle moves
one number per message and one segmented sum counts every flag of every seat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics.blocks import (
    Blocks,
    blocks_of,
    free_episodes,
    seat_numbers,
    shuffle_words,
    shuffled_places,
)
from tasks.metrics.data import Data
from tasks.metrics.metric import NullOptions, Unusable
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats, Ints

Packed: TypeAlias = npt.NDArray[np.uint64]

BITS = 12
PER_WORD = 5
#: Numbers that are shuffled at once; bounds memory.
CHUNK = 4_000_000


class ProfileOptions(NullOptions):
    """Options of a metric over the flag profiles of seats."""

    flags: tuple[str, ...] = Field((), description="Flags of the profile; none: all traits.")


@dataclass(frozen=True)
class Batch:
    """Episodes with the same number of messages.

    Attributes:
        episodes: Numbers of the episodes.
        words: Packed flags, shape (words, episodes, messages); an episode's messages sorted by
            seat.
        blocks: Block of each message, shape (episodes, messages), from 0 in each episode.
        seat_starts: First message of each seat in the raveled (episodes, messages) array.
        seat_sizes: Messages of each seat.
        episode_starts: First seat of each episode.
    """

    episodes: Ints
    words: Packed
    blocks: Ints
    seat_starts: Ints
    seat_sizes: Ints
    episode_starts: Ints


@dataclass(frozen=True)
class Counts:
    """Counts of flags by seat.

    Attributes:
        flags: Shape (draws, seats, flags).
        sizes: Messages of each seat, shape (seats,).
        episode_starts: First seat of each episode.
    """

    flags: Floats
    sizes: Floats
    episode_starts: Ints

    def by_episode(self, values: Floats) -> Floats:
        """Sums over the seats of each episode; seats are the second axis."""
        return np.asarray(np.add.reduceat(values, self.episode_starts, axis=1))

    @property
    def seats_per_episode(self) -> Ints:
        """Number of seats that spoke, by episode."""
        return np.diff(np.append(self.episode_starts, len(self.sizes)))


Statistic = Callable[[Counts], Floats]


@dataclass(frozen=True)
class Profiles:
    """Flags of every message of a study, ready to be counted and shuffled.

    Attributes:
        n_episodes: Episodes of the study, those without messages included.
        flags: The flags, in order.
        batches: Episodes by number of messages.
        messages: Messages by episode.
        undecided: Messages by episode that were left out because a flag of theirs is undecided.
        blocks: Blocks within which seats are shuffled.
        free: Whether a shuffle can change anything; by episode.
    """

    n_episodes: int
    flags: tuple[str, ...]
    batches: tuple[Batch, ...]
    messages: Ints
    undecided: Ints
    blocks: Blocks
    free: Bools

    def observed(self, statistic: Statistic) -> Floats:
        """A statistic of every episode, shape (episodes,)."""
        values = np.full(self.n_episodes, np.nan)
        for batch in self.batches:
            counts = _counted(batch, batch.words[:, None], len(self.flags))
            values[batch.episodes] = statistic(counts)[0]
        return values

    def by_episode(
        self,
        statistic: Statistic,
        method: str,
        draws: int = 0,
        rng: np.random.Generator | None = None,
    ) -> ByEpisode:
        """A statistic of every episode, and of its shuffles where there are draws."""
        nulls, words = None, None
        if rng is not None:
            nulls = self.shuffled(statistic, draws, rng)
            words = shuffle_words(self.blocks, self.free, draws)
        observed = self.observed(statistic)
        return ByEpisode(observed, method, self.messages, nulls, self.undecided, words)

    def shuffled(self, statistic: Statistic, draws: int, rng: np.random.Generator) -> Floats:
        """The statistic with seats shuffled within blocks, shape (episodes, draws).

        Not-a-number for episodes in which no shuffle changes anything.
        """
        values = np.full((self.n_episodes, draws), np.nan)
        for batch in self.batches:
            _, n, m = batch.words.shape
            step = max(1, CHUNK // (n * m))
            for first in range(0, draws, step):
                size = min(step, draws - first)
                words = _permuted(batch, size, rng)
                part = statistic(_counted(batch, words, len(self.flags)))
                values[batch.episodes, first : first + size] = part.T
        values[~self.free] = np.nan
        return values


def _permuted(batch: Batch, draws: int, rng: np.random.Generator) -> Packed:
    """Packed flags of messages shuffled within blocks, shape (words, draws, episodes, messages)."""
    order = shuffled_places(batch.blocks, draws, rng)
    return np.stack([np.take_along_axis(word[None], order, axis=2) for word in batch.words])


def _counted(batch: Batch, words: Packed, n_flags: int) -> Counts:
    draws = words.shape[1]
    mask = np.uint64((1 << BITS) - 1)
    counts = np.empty((draws, len(batch.seat_sizes), n_flags))
    for w, word in enumerate(words):
        sums = np.add.reduceat(word.reshape(draws, -1), batch.seat_starts, axis=1)
        for slot in range(min(PER_WORD, n_flags - w * PER_WORD)):
            counts[:, :, w * PER_WORD + slot] = (sums >> np.uint64(BITS * slot)) & mask
    return Counts(counts, batch.seat_sizes.astype(np.float64), batch.episode_starts)


def profiles_of(data: Data, flags: tuple[str, ...]) -> Profiles:
    """The flags of every coded message.

    Args:
        data: Labels of one rule, and the messages that they are of.
        flags: Which flags make up a profile.

    Raises:
        Unusable: No message has a usable label of every flag.
    """
    if not flags:
        raise Unusable("the codebook has no present-or-absent flag that is part of a profile")
    words, labelled, decided = _packed(data, flags)
    good = decided == len(flags)
    if not good.any():
        counts = data.labels.group_by("flag").agg(pl.len(), pl.col("value").count().alias("usable"))
        found = ", ".join(
            f"{flag} {usable} of {n}" for flag, n, usable in counts.sort("flag").iter_rows()
        )
        raise Unusable(
            f"no message has a usable label of every flag under rule {data.rule} "
            f"(usable labels: {found or 'none at all'})"
        )
    episode = data.messages["episode"].to_numpy()
    seat, blocks = seat_numbers(data), blocks_of(data)
    order = np.lexsort((seat[good], episode[good]))
    episode_sorted, seat_sorted, block = (part[good][order] for part in (episode, seat, blocks.of))
    per_episode = np.bincount(episode_sorted, minlength=data.n_episodes)
    every = np.bincount(episode[labelled > 0], minlength=data.n_episodes)
    return Profiles(
        n_episodes=data.n_episodes,
        flags=flags,
        batches=tuple(
            _batches(episode_sorted, seat_sorted, words[:, good][:, order], block, per_episode)
        ),
        messages=per_episode,
        undecided=every - per_episode,
        blocks=blocks,
        free=free_episodes(episode_sorted, block, seat_sorted, data.n_episodes),
    )


def _packed(data: Data, flags: tuple[str, ...]) -> tuple[Packed, Ints, Ints]:
    """Packed flags of every message, how many labels it has, and how many of them are usable."""
    messages = data.messages
    width = max(_top(messages), _top(data.labels)) + 1
    known = messages["episode"].to_numpy() * width + messages["seq"].to_numpy()
    words = np.zeros((-(-len(flags) // PER_WORD), len(known)), dtype=np.uint64)
    labelled, decided = np.zeros(len(known), dtype=np.int64), np.zeros(len(known), dtype=np.int64)
    for number, flag in enumerate(flags):
        mine = data.labels.filter((pl.col("flag") == flag) & pl.col("seq").is_not_null())
        item = mine["episode"].to_numpy() * width + mine["seq"].to_numpy()
        values = mine["value"].fill_null(float("nan")).to_numpy()
        place = np.searchsorted(known, item)
        there = place < len(known)
        there[there] = known[place[there]] == item[there]
        place, values = place[there], values[there]
        labelled[place] += 1
        decided[place] += np.isfinite(values)
        words[number // PER_WORD, place[values > 0]] |= np.uint64(1 << BITS * (number % PER_WORD))
    return words, labelled, decided


def _top(frame: pl.DataFrame) -> int:
    top = frame["seq"].max()
    return top if isinstance(top, int) else 0


def _batches(
    episode: Ints, seat: Ints, words: Packed, block: Ints, per_episode: Ints
) -> list[Batch]:
    """Episodes by number of messages; messages are sorted by episode and seat.

    Raises:
        Unusable: A seat has more messages in one episode than twelve bits can count.
    """
    first = np.flatnonzero(np.append(True, (np.diff(episode) != 0) | (np.diff(seat) != 0)))
    seat_episode, seat_size = episode[first], np.diff(np.append(first, len(episode)))
    if int(seat_size.max()) >= 1 << BITS:
        raise Unusable(f"a seat has more than {(1 << BITS) - 1} messages in one episode")
    starts = np.concatenate([[0], np.cumsum(per_episode)[:-1]])
    batches = []
    for m in np.unique(per_episode[per_episode > 0]):
        episodes = np.flatnonzero(per_episode == m)
        rows = starts[episodes][:, None] + np.arange(m)
        member = np.isin(seat_episode, episodes)
        sizes = seat_size[member]
        seats_per_episode = np.bincount(seat_episode[member], minlength=len(per_episode))[episodes]
        batches.append(
            Batch(
                episodes=episodes,
                words=words[:, rows],
                blocks=block[rows] - block[rows].min(axis=1, keepdims=True),
                seat_starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]),
                seat_sizes=sizes,
                episode_starts=np.concatenate([[0], np.cumsum(seats_per_episode)[:-1]]),
            )
        )
    return batches
