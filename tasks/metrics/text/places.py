"""What other episodes of the condition say at the same place, as a baseline of similarity.

A place is a round, a seat, and the seat's turn in the round: whether it speaks first in it, second,
and so on. In an episode without rounds, a stretch of as many messages as there are seats takes the
place of a round (:mod:`tasks.metrics.blocks`), and turns do not count. Two messages of an episode
that react to each other are more alike than each is to what other episodes say at the other's
place; what seats always say, and what is always said in a round or at a turn, is in both and
cancels.

The baselines of all episodes of a condition are made of each other, so the numbers of its episodes
are not independent until that is taken into account: the baselines here are such that value less
baseline is the jackknife's pseudo-value of the condition's number. Their mean over episodes is that
of the plain baselines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tasks.metrics.blocks import blocks_of, seat_numbers
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.text.tokens import BLOCK
from tasks.metrics.text.vectors import Matrix, row_dots

#: Episodes in which a place must occur: one, another, and a third for when the second is left out.
LEAST_EPISODES = 3
#: Share of messages whose turn enough episodes must have, else turns do not count.
LEAST_AT_TURN = 2 / 3
TURNS_DIFFER = (
    "seats change turns within rounds, and too few episodes have a seat at the same turn to "
    "compare with: if what is said depends on the turn, this excess does too"
)
#: Numbers that are multiplied at once, and places that are summed at once; both bound memory.
PRODUCTS = 4_000_000
PLACES = 2000
#: Spots that are held against whole episodes at once; bounds memory as well.
SPOTS = 2000


@dataclass(frozen=True)
class Spots:
    """A spot: what one seat says in one round of one episode; numbered by place, then episode.

    Attributes:
        of: Spot of each message; -1 for messages without a vector.
        episode: Episode of each spot.
        round: Round of each spot, or stretch where an episode has no rounds.
        seat: Seat of each spot.
        place: Number of its condition, round, seat and turn.
        size: Messages in it.
        in_episodes: Episodes of the condition that have the place.
        turns_differ: Whether seats of the condition change turns from episode to episode, but too
            few episodes have the same to tell them apart; by episode.
    """

    of: Ints
    episode: Ints
    round: Ints
    seat: Ints
    place: Ints
    size: Ints
    in_episodes: Ints
    turns_differ: Bools

    @property
    def usable(self) -> Bools:
        """Whether enough episodes have the place."""
        return np.asarray(self.in_episodes >= LEAST_EPISODES)

    def blocks(self) -> Iterator[tuple[slice, Ints]]:
        """Stretches of spots with whole rounds of a condition, and the messages in them."""
        if not len(self.episode):
            return
        order = np.argsort(self.of, kind="stable")
        first = np.searchsorted(self.of[order], np.arange(len(self.episode) + 1))
        turns = np.flatnonzero(np.diff(self.round, prepend=-1) != 0)
        ends = np.append(turns[1:], len(self.episode))
        start = 0
        for end in ends.tolist():
            many = first[end] - first[start] >= BLOCK
            if many or self.place[end - 1] - self.place[start] >= PLACES or end == ends[-1]:
                yield slice(start, end), order[first[start] : first[end]]
                start = end

    def of_places(self) -> Iterator[slice]:
        """Stretches of spots with whole places, each a few thousand spots long."""
        if not len(self.place):
            return
        turns = np.flatnonzero(np.diff(self.place, prepend=-1) != 0)
        start = 0
        for end in np.append(turns[1:], len(self.place)).tolist():
            if end - start >= SPOTS or end == len(self.place):
                yield slice(start, end)
                start = end


def spots_of(data: Data, filled: Bools) -> Spots:
    """The spots of a study.

    Args:
        data: The episodes.
        filled: Whether each message has a vector.
    """
    blocks = blocks_of(data)
    episode, round_ = data.messages["episode"].to_numpy().astype(np.int64), blocks.moment
    seat = seat_numbers(data)
    rounds, seats = int(round_.max()) + 1, int(seat.max()) + 1
    condition = np.empty(data.n_episodes, dtype=np.int64)
    for which, episodes in enumerate(data.by_condition.values()):
        condition[episodes] = which
    of_seat = (condition[episode] * rounds + round_) * seats + seat
    turn = np.where(blocks.by_round[episode], _turns(episode * rounds + round_, seat), 0)
    exact = of_seat * seats + turn
    at_turn, anywhere = (
        _in_episodes(where[filled], episode[filled], data.n_episodes) for where in (exact, of_seat)
    )
    n, n_again, n_differ = (
        np.bincount(condition[episode[filled]], weights=which, minlength=len(data.by_condition))
        for which in (None, at_turn >= LEAST_EPISODES, at_turn < anywhere)
    )
    known_turns = n_again >= LEAST_AT_TURN * n
    place = np.where(known_turns[condition[episode]], exact, of_seat * seats)
    known, spot, size = np.unique(
        (place * data.n_episodes + episode)[filled], return_inverse=True, return_counts=True
    )
    every = np.full(len(episode), -1)
    every[filled] = spot
    places, number, in_episodes = np.unique(
        known // data.n_episodes, return_inverse=True, return_counts=True
    )
    return Spots(
        of=every,
        episode=known % data.n_episodes,
        round=places[number] // (seats * seats) % rounds,
        seat=places[number] // seats % seats,
        place=number.astype(np.int64),
        size=size.astype(np.int64),
        in_episodes=in_episodes[number].astype(np.int64),
        turns_differ=((n_differ > 0) & ~known_turns)[condition],
    )


def spots_with_baselines(
    data: Data, filled: Bools, baselines_of: Callable[[Spots], Floats]
) -> tuple[Spots, Floats]:
    """Spots of the episodes that have a baseline, and the baselines.

    An episode without one is no other's baseline either: what it gives to the numbers of the others
    would be part of no pseudo-value.

    Args:
        data: The episodes.
        filled: Whether each message has a vector.
        baselines_of: Baseline of each episode, not-a-number where it has none.
    """
    episode = data.messages["episode"].to_numpy()
    while True:
        spots = spots_of(data, filled)
        found = baselines_of(spots)
        without = filled & np.isnan(found)[episode]
        if not without.any():
            return spots, found
        filled = filled & ~without


def _turns(round_: Ints, seat: Ints) -> Ints:
    """How many seats spoke in the round before the seat of each message first did.

    Args:
        round_: Round of each message, in order; no two episodes share one.
        seat: Its seat.

    Example:
        >>> _turns(np.array([0, 0, 0, 1, 1]), np.array([2, 2, 0, 0, 2])).tolist()
        [0, 0, 1, 0, 1]
    """
    cell = round_ * (int(seat.max()) + 1) + seat
    _, first, cell = np.unique(cell, return_index=True, return_inverse=True)
    order = np.lexsort((first, round_[first]))
    in_round = round_[first][order]
    turn = np.empty(len(first), dtype=np.int64)
    turn[order] = np.arange(len(first)) - np.searchsorted(in_round, in_round)
    return np.asarray(turn[cell], dtype=np.int64)


def _in_episodes(place: Ints, episode: Ints, n_episodes: int) -> Ints:
    """In how many episodes the place of each message is."""
    once = np.unique(place * n_episodes + episode) // n_episodes
    places, n = np.unique(once, return_counts=True)
    return np.asarray(n[np.searchsorted(places, place)], dtype=np.int64)


def turn_warnings(spots: Spots) -> list[str]:
    """What the baseline of each episode does not take into account, empty where nothing."""
    return [TURNS_DIFFER if differ else "" for differ in spots.turns_differ.tolist()]


def scaled(matrix: Matrix, factors: Floats) -> Matrix:
    """Rows of a sparse matrix times a number each."""
    found = matrix.copy()
    found.data = found.data * np.repeat(factors, np.diff(found.indptr)).astype(found.data.dtype)
    return found


def baselines(mine: Matrix, said: Matrix, place: Ints, in_episodes: Ints) -> Floats:
    """Baseline of each spot, so that value less baseline of an episode is a pseudo-value.

    Args:
        mine: What is held against each spot: sum over the messages that are paired with it, times
            their weight in the episode's number.
        said: Mean of the messages of each spot.
        place: Place of each spot, rising; all spots of a place are there.
        in_episodes: Episodes that have the place, at least :data:`LEAST_EPISODES`.

    Returns:
        b + (c - B + b) / (n - 2): b what the episode's own number is with the spot exchanged for
        that of another episode, c what the spot gives to the other episodes' numbers when it is
        exchanged for theirs, B the sum of all b of the place, n the episodes that have it.

    Source: Efron and Stein (1981), The jackknife estimate of variance; Arvesen (1969) for
    U-statistics.
    """
    _, number = np.unique(place, return_inverse=True)
    own = row_dots(mine, said)
    plain = (_with_sums(mine, said, number) - own) / (in_episodes - 1)
    back = _with_sums(said, mine, number) - own
    total = np.bincount(number, weights=plain)[number]
    return np.asarray(plain + (back - total + plain) / (in_episodes - 2))


def _with_sums(rows: Matrix, summands: Matrix, group: Ints) -> Floats:
    """Dot product of each row with the sum of the other matrix's rows of its group.

    Groups are numbered from 0 and rise.
    """
    from scipy import sparse

    width = np.diff(rows.indptr)
    found = np.zeros(len(group))
    step = max(1, int(PRODUCTS / max(1.0, float(width.mean() if len(width) else 0))))
    starts = np.searchsorted(group, np.arange(0, int(group.max(initial=-1)) + 1, PLACES))
    for start, end in pairwise([*starts.tolist(), len(group)]):
        local = group[start:end] - group[start]
        chooser = sparse.csr_matrix(
            (np.ones(len(local), dtype=np.float64), (local, np.arange(len(local)))),
            shape=(int(local[-1]) + 1, len(local)),
        )
        sums = (chooser @ summands[start:end]).toarray()
        for first in range(start, end, step):
            last = min(first + step, end)
            part = rows[first:last]
            of = np.repeat(np.arange(part.shape[0]), width[first:last])
            products = part.data * sums[local[first - start : last - start][of], part.indices]
            found[first:last] = np.bincount(of, weights=products, minlength=part.shape[0])
    return found
