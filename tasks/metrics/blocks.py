"""Which messages of an episode may change seats where it does not matter who speaks.

A shuffle of seats is a fair null only among messages that were exchangeable before anybody looked:
what is said changes from round to round, so messages stay in their round, and those who hear other
messages talk about other things, so they stay among the seats that heard the same. Blocks are
derived from what happened, not from a declared floor, so imported transcripts have them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Bools, Ints

#: How seats are shuffled in an episode, the closed list, and what ``method`` says of each.
ROUNDS, STRETCHES, NONE = "rounds", "stretches", "none"
SHUFFLES = {
    ROUNDS: "shuffled within rounds",
    STRETCHES: "shuffled within stretches of as many messages as there are seats",
    NONE: "no shuffle changes who said what, so there is no null and no excess",
}
#: What ``method`` adds where not all messages of an episode have the same hearers.
APART = " among seats that hear the same"


@dataclass(frozen=True)
class Blocks:
    """Blocks of the messages of a study.

    Attributes:
        of: Block of each message; numbers rise with the episode and are not shared between
            episodes.
        moment: Number of each message's block within its episode: the round, or the stretch.
        by_round: Whether the blocks of an episode are its rounds; by episode.
        apart: Whether messages of an episode have different hearers, who are then shuffled among
            themselves; by episode.
    """

    of: Ints
    moment: Ints
    by_round: Bools
    apart: Bools


def blocks_of(data: Data) -> Blocks:
    """Blocks of all messages; made once for all metrics that share the episodes.

    A block is a round. Where an episode has one round only, or no round in which two seats speak,
    it is a stretch of as many messages as seats spoke in the episode: neighbours in time. Where
    messages have different hearers, all of that is so among those with the same ones: a pair, or a
    group. Where each seat has hearers of its own, as in a network, no two messages may change
    places.
    """
    if "blocks" not in data.shared:
        data.shared["blocks"] = _blocks(data)
    return cast("Blocks", data.shared["blocks"])


def _blocks(data: Data) -> Blocks:
    episode = data.messages["episode"].to_numpy().astype(np.int64)
    round_ = data.messages["round"].to_numpy().astype(np.int64)
    seat = seat_numbers(data)
    n = data.n_episodes
    if not len(episode):
        return Blocks(episode, round_, np.zeros(n, dtype=bool), np.zeros(n, dtype=bool))
    talk, in_talk = _talks(data, episode)
    width = int(round_.max()) + 1
    _, of_round = np.unique(talk * width + round_, return_inverse=True)
    by_round = np.zeros(n, dtype=bool)
    by_round[episode[several(of_round, seat)[of_round]]] = True
    by_round &= np.bincount(np.unique(episode * width + round_) // width, minlength=n) > 1
    _, first = np.unique(talk * (int(seat.max()) + 1) + seat, return_index=True)
    seats = np.bincount(talk[first])
    inner = np.where(by_round[episode], round_, in_talk // seats[talk])
    _, of = np.unique(talk * (int(inner.max()) + 1) + inner, return_inverse=True)
    apart = np.bincount(episode[np.unique(talk, return_index=True)[1]], minlength=n) > 1
    return Blocks(of.astype(np.int64), inner, by_round, apart)


def _talks(data: Data, episode: Ints) -> tuple[Ints, Ints]:
    """Number of the episode and hearers of each message, rising with it, and its place therein."""
    if "conversation" in data.messages.columns:
        heard = data.messages["conversation"].cast(pl.String).rank("dense").to_numpy()
        heard = heard.astype(np.int64) - 1
    else:
        heard = np.zeros(len(episode), dtype=np.int64)
    _, talk = np.unique(episode * (int(heard.max()) + 1) + heard, return_inverse=True)
    order = np.argsort(talk, kind="stable")
    place = np.empty(len(talk), dtype=np.int64)
    place[order] = np.arange(len(talk)) - np.searchsorted(talk[order], talk[order])
    return talk.astype(np.int64), place


def seat_numbers(data: Data) -> Ints:
    """Number of the seat of each message, the same name the same number in every episode."""
    return data.messages["seat"].rank("dense").cast(pl.Int64).to_numpy() - 1


def several(groups: Ints, seat: Ints) -> Bools:
    """Whether each group of messages has two seats or more, by number of the group."""
    n = int(groups.max()) + 1
    pairs = np.unique(groups * (int(seat.max()) + 1) + seat)
    return np.asarray(np.bincount(pairs // (int(seat.max()) + 1), minlength=n) > 1)


def free_episodes(episode: Ints, block: Ints, seat: Ints, n_episodes: int) -> Bools:
    """Episodes in which some shuffle within blocks changes who said what.

    Where every seat that shares a block speaks once in the episode, a shuffle only renames seats,
    and no number that treats seats alike can change.

    Args:
        episode: Episode of each message.
        block: Its block.
        seat: Its seat.
        n_episodes: Number of episodes.

    Example:
        >>> free_episodes(np.array([0, 0]), np.array([0, 0]), np.array([0, 1]), 1).tolist()
        [False]
    """
    free = np.zeros(n_episodes, dtype=bool)
    if len(episode):
        own = episode * (int(seat.max()) + 1) + seat
        again = np.bincount(own)[own] > 1
        free[episode[again & several(block, seat)[block]]] = True
    return free


def free_to_shuffle(data: Data) -> Bools:
    """Episodes in which some shuffle of all messages within blocks changes who said what."""
    episode = data.messages["episode"].to_numpy().astype(np.int64)
    return free_episodes(episode, blocks_of(data).of, seat_numbers(data), data.n_episodes)


def shuffle_words(blocks: Blocks, free: Bools, draws: int, what: str = "seats") -> Sequence[str]:
    """How the null of each episode was drawn, in words for ``method``.

    Args:
        blocks: Blocks of the messages.
        free: Episodes in which some shuffle changes who said what.
        draws: Number of shuffles.
        what: What is shuffled.
    """
    kinds = np.where(blocks.by_round, ROUNDS, STRETCHES).tolist()
    return [
        f"{what} {SHUFFLES[kind]}{APART if apart else ''}, {draws} draws"
        if any_
        else SHUFFLES[NONE]
        for kind, apart, any_ in zip(kinds, blocks.apart.tolist(), free.tolist(), strict=True)
    ]


def shuffled_places(block: Ints, draws: int, rng: np.random.Generator) -> Ints:
    """Which message comes to each place when messages are shuffled within blocks.

    Args:
        block: Block of each message, shape (..., messages).
        draws: Number of shuffles.
        rng: Draws them.

    Returns:
        Shape (draws, ..., messages).

    Example:
        >>> shuffled_places(np.array([0, 1, 2]), 1, np.random.default_rng(0)).tolist()
        [[0, 1, 2]]
    """
    place = np.argsort(np.argsort(block, axis=-1, kind="stable"), axis=-1, kind="stable")
    order = np.argsort(rng.random((draws, *block.shape)) + block, axis=-1)
    return np.asarray(np.take_along_axis(order, np.broadcast_to(place, order.shape), axis=-1))
