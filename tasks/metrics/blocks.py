"""Which messages of a run may change seats where it does not matter who speaks.

A shuffle of seats is a fair null only among messages that were exchangeable before anybody looked:
what is said changes from round to round, so messages stay in their round. Blocks are derived from
what happened, not from a declared floor, so imported transcripts have them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Bools, Ints

#: How seats are shuffled in a run, the closed list, and what ``method`` says of each.
ROUNDS, STRETCHES, NONE = "rounds", "stretches", "none"
SHUFFLES = {
    ROUNDS: "shuffled within rounds",
    STRETCHES: "shuffled within stretches of as many messages as there are seats",
    NONE: "no shuffle changes who said what, so there is no null and no excess",
}


@dataclass(frozen=True)
class Blocks:
    """Blocks of the messages of a study.

    Attributes:
        of: Block of each message; numbers rise with the run and are not shared between runs.
        by_round: Whether the blocks of a run are its rounds; by run.
    """

    of: Ints
    by_round: Bools


def blocks_of(data: Data) -> Blocks:
    """Blocks of all messages; made once for all metrics that share the runs.

    A block is a round. Where a run has one round only, or no round in which two seats speak, it is
    a stretch of as many messages as seats spoke in the run: neighbours in time.
    """
    if "blocks" not in data.shared:
        data.shared["blocks"] = _blocks(data)
    return cast("Blocks", data.shared["blocks"])


def _blocks(data: Data) -> Blocks:
    run = data.messages["run"].to_numpy().astype(np.int64)
    round_ = data.messages["round"].to_numpy().astype(np.int64)
    seat = seat_numbers(data)
    n = data.n_runs
    if not len(run):
        return Blocks(run, np.zeros(n, dtype=bool))
    width = int(round_.max()) + 1
    rounds, of_round = np.unique(run * width + round_, return_inverse=True)
    mixed = several(of_round, seat)
    by_round = np.zeros(n, dtype=bool)
    by_round[run[mixed[of_round]]] = True
    by_round &= np.bincount(rounds // width, minlength=n) > 1
    _, first = np.unique(run * (int(seat.max()) + 1) + seat, return_index=True)
    seats = np.bincount(run[first], minlength=n)
    place = np.arange(len(run)) - np.searchsorted(run, run)
    inner = np.where(by_round[run], round_, place // np.maximum(seats[run], 1))
    _, of = np.unique(run * (int(inner.max()) + 1) + inner, return_inverse=True)
    return Blocks(of.astype(np.int64), by_round)


def seat_numbers(data: Data) -> Ints:
    """Number of the seat of each message, the same name the same number in every run."""
    return data.messages["seat"].rank("dense").cast(pl.Int64).to_numpy() - 1


def several(groups: Ints, seat: Ints) -> Bools:
    """Whether each group of messages has two seats or more, by number of the group."""
    n = int(groups.max()) + 1
    pairs = np.unique(groups * (int(seat.max()) + 1) + seat)
    return np.asarray(np.bincount(pairs // (int(seat.max()) + 1), minlength=n) > 1)


def free_runs(run: Ints, block: Ints, seat: Ints, n_runs: int) -> Bools:
    """Runs in which some shuffle within blocks changes who said what.

    Where every seat that shares a block speaks once in the run, a shuffle only renames seats, and
    no number that treats seats alike can change.

    Args:
        run: Run of each message.
        block: Its block.
        seat: Its seat.
        n_runs: Number of runs.

    Example:
        >>> free_runs(np.array([0, 0]), np.array([0, 0]), np.array([0, 1]), 1).tolist()
        [False]
    """
    free = np.zeros(n_runs, dtype=bool)
    if len(run):
        own = run * (int(seat.max()) + 1) + seat
        again = np.bincount(own)[own] > 1
        free[run[again & several(block, seat)[block]]] = True
    return free


def free_to_shuffle(data: Data) -> Bools:
    """Runs in which some shuffle of all messages within blocks changes who said what."""
    run = data.messages["run"].to_numpy().astype(np.int64)
    return free_runs(run, blocks_of(data).of, seat_numbers(data), data.n_runs)


def shuffle_words(by_round: Bools, free: Bools, draws: int, what: str = "seats") -> Sequence[str]:
    """How the null of each run was drawn, in words for ``method``."""
    kinds = np.where(~free, NONE, np.where(by_round, ROUNDS, STRETCHES))
    words = {kind: f"{what} {text}, {draws} draws" for kind, text in SHUFFLES.items()}
    words[NONE] = SHUFFLES[NONE]
    return [words[kind] for kind in kinds.tolist()]


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
