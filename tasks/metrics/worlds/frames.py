"""Frames of made-up studies, built from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics.data import Data, Flags
from tasks.metrics.statistics.arrays import Bools, Ints
from tasks.metrics.worlds.world import Rng, Sizes


def episodes_frame(sizes: Sizes) -> pl.DataFrame:
    """The episodes of a study, by condition."""
    conditions = [name for name, n in sizes.items() for _ in range(n)]
    n = len(conditions)
    return pl.DataFrame(
        {
            "episode": np.arange(n),
            "episode_key": [f"{episode:032x}" for episode in range(n)],
            "condition": conditions,
            "replicate": [place + 1 for size in sizes.values() for place in range(size)],
            "environment": pl.Series([None] * n, dtype=pl.String),
            "status": ["terminated"] * n,
            "planned_rounds": np.full(n, 10),
            "completed_rounds": np.full(n, 10),
        }
    )


@dataclass(frozen=True)
class Turns:
    """Who speaks when: one number per message, messages of an episode in order.

    Attributes:
        episode: Episode of each message.
        round: Round of each message.
        seat: Seat of each message, from 0.
        n_seats: Seats of every episode.
        sizes: Episodes by condition.
    """

    episode: Ints
    round: Ints
    seat: Ints
    n_seats: int
    sizes: Sizes

    @property
    def n(self) -> int:
        """Number of messages."""
        return len(self.episode)

    @property
    def in_b(self) -> Bools:
        """Whether a message belongs to the second condition."""
        return np.asarray(self.episode >= next(iter(self.sizes.values())))

    @property
    def seq(self) -> Ints:
        """Number of each message within its episode."""
        starts = np.searchsorted(self.episode, self.episode)
        return np.arange(self.n) - starts


def turns_of(sizes: Sizes, rng: Rng, *orders: Sequence[Sequence[int]], shuffled: bool) -> Turns:
    """Turns of a study.

    Args:
        sizes: Episodes by condition.
        rng: Draws the order within rounds.
        orders: For each condition, seats in the order in which they speak, round by round.
        shuffled: Whether the order within every round is drawn anew; else it is as given.
    """
    episode, round_, seat = [], [], []
    first = 0
    for n, order in zip(sizes.values(), orders, strict=True):
        rounds = np.repeat(np.arange(len(order)), [len(one) for one in order])
        seats = np.tile(np.concatenate([np.asarray(one) for one in order]), (n, 1))
        if shuffled:
            keys = rng.random(seats.shape) + rounds
            seats = np.take_along_axis(seats, np.argsort(keys, axis=1), axis=1)
        episode.append(np.repeat(np.arange(first, first + n), len(rounds)))
        round_.append(np.tile(rounds, n))
        seat.append(seats.ravel())
        first += n
    seats_ = np.concatenate(seat)
    return Turns(
        np.concatenate(episode), np.concatenate(round_), seats_, int(seats_.max()) + 1, sizes
    )


def messages_frame(turns: Turns, texts: Sequence[str] | None = None) -> pl.DataFrame:
    """The messages of a study."""
    names = pl.Series([f"s{seat + 1}" for seat in range(turns.n_seats)])
    return pl.DataFrame(
        {
            "episode": turns.episode,
            "seq": turns.seq,
            "round": turns.round,
            "turn": turns.seq,
            "seat": names[turns.seat],
            "text": ["x"] * turns.n if texts is None else texts,
        }
    )


def seats_frame(turns: Turns) -> pl.DataFrame:
    """The seats of a study; the model of a seat is that of its position."""
    n_episodes = sum(turns.sizes.values())
    seat = np.tile(np.arange(turns.n_seats), n_episodes)
    names = [f"s{place + 1}" for place in range(turns.n_seats)]
    return pl.DataFrame(
        {
            "episode": np.repeat(np.arange(n_episodes), turns.n_seats),
            "seat": pl.Series(names)[seat],
            "position": seat + 1,
            "name": pl.Series([f"Agent-{chr(65 + place)}" for place in range(turns.n_seats)])[seat],
            "model": pl.Series([f"m{place + 1}" for place in range(turns.n_seats)])[seat],
        }
    )


def labels_frame(turns: Turns, flags: Mapping[str, Any]) -> pl.DataFrame:
    """Labels of every message: one array of values per flag."""
    parts = [
        pl.DataFrame(
            {
                "episode": turns.episode,
                "seq": turns.seq,
                "other_seq": pl.Series([None] * turns.n, dtype=pl.Int64),
                "flag": [flag] * turns.n,
                "value": np.asarray(values, dtype=np.float64),
            }
        )
        for flag, values in flags.items()
    ]
    return pl.concat(parts)


def coded(turns: Turns, flags: Mapping[str, Any]) -> Data:
    """A study of coded messages: one array of zeros and ones per flag."""
    labels = labels_frame(turns, flags)
    return Data(
        episodes=episodes_frame(turns.sizes),
        seats=seats_frame(turns),
        messages=messages_frame(turns),
        labels=labels,
        all_labels=labels.with_columns(pl.lit("union").alias("rule")),
        flags=Flags(traits=tuple(flags), scales=dict.fromkeys(flags, "nominal")),
        rule="union",
        rules=("union",),
    )


def spoken(turns: Turns, texts: Sequence[str]) -> Data:
    """A study of messages with words."""
    return Data(
        episodes=episodes_frame(turns.sizes),
        seats=seats_frame(turns),
        messages=messages_frame(turns, texts),
    )
