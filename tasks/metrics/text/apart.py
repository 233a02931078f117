"""How alike messages of an episode are that have nothing to do with each other.

An episode with a brief, a topic or a length of messages of its own is alike within, although nobody
takes up a word. That shows between messages of different seats in different rounds as well, which
do not follow one another. So what such messages share, beyond what they share with other episodes
at the same places, is no reaction to the message before, nor to the round.
"""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Bools, Floats, Ints, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.places import Spots, baselines, scaled
from tasks.metrics.text.vectors import Matrix

#: What it is, in words for ``method``.
WORDS = (
    "and what messages of different seats in different rounds of the episode, which do not follow "
    "one another, share beyond theirs; none where an episode has one round"
)


#: The same of neighbouring rounds.
NEXT_WORDS = (
    "and what messages of different seats in neighbouring rounds of the episode, which do not "
    "follow one another, share beyond theirs"
)


def alike_apart(
    unit: Matrix, spots: Spots, n_episodes: int, *, neighbouring: bool = False
) -> Floats:
    """How much more alike such messages are than those of other episodes at the same places.

    Args:
        unit: Vectors of messages, in order.
        spots: The spots; pairs are counted among those that are usable.
        n_episodes: Number of episodes.
        neighbouring: Whether only pairs of a round and the next one count.

    Returns:
        A jackknife pseudo-value by episode, not-a-number where there are no such pairs.
    """
    if not len(spots.episode):
        return np.full(n_episodes, np.nan)
    size = np.where(spots.usable, spots.size, 0).astype(np.float64)
    of = np.where((spots.of >= 0) & spots.usable[spots.of], spots.of, -1)
    spoken = vectors.summed(unit, of, len(size))
    groups = [
        spots.episode,
        _numbered(spots.episode, spots.seat),
        _numbered(spots.episode, spots.round),
    ]
    sums = [vectors.summed(spoken, group, int(group.max()) + 1) for group in groups]
    counts = [np.bincount(group, weights=size)[group] for group in groups]
    links = _to_neighbouring(spots) if neighbouring else None
    first = _neighbours(of, spots)
    if neighbouring:
        apart = np.abs(spots.round[of[first]] - spots.round[of[first + 1]])
        first = first[apart == 1]
    both = np.concatenate([first, first + 1])
    near = vectors.summed(unit[np.concatenate([first + 1, first])], of[both], len(size))
    n_near = np.bincount(of[both], minlength=len(size))
    if links is None:
        n = size * (counts[0] - counts[1] - counts[2] + size) - n_near
    else:
        in_round = np.bincount(groups[2], weights=size)
        n = size * (links[0] @ in_round - links[1] @ size) - n_near
    pairs = np.bincount(spots.episode, weights=n, minlength=n_episodes)
    share = ratio(1.0, pairs)[spots.episode]
    told = np.zeros(n_episodes) + np.bincount(
        spots.episode[of[first]],
        weights=-2 * np.nan_to_num(vectors.row_cosines(unit, first, first + 1)),
        minlength=n_episodes,
    )
    other = np.zeros(n_episodes)
    for block in spots.of_places():
        mine = np.flatnonzero(spots.usable[block]) + block.start
        mine = mine[np.isfinite(share[mine])]
        if not len(mine):
            continue
        if links is None:
            every, by_seat, by_round = (
                total[group[mine]] for total, group in zip(sums, groups, strict=True)
            )
            others = every - by_seat - by_round + spoken[mine]
        else:
            others = links[0][mine] @ sums[2] - links[1][mine] @ spoken
        episode = spots.episode[mine]
        told += np.bincount(
            episode, weights=vectors.row_dots(spoken[mine], others), minlength=n_episodes
        )
        held = scaled(scaled(others, size[mine]) - near[mine], share[mine])
        found = baselines(
            held,
            scaled(spoken[mine], 1 / size[mine]),
            spots.place[mine],
            spots.in_episodes[mine],
        )
        other += np.bincount(episode, weights=found, minlength=n_episodes)
    return ratio(told, pairs) - np.where(pairs > 0, other, np.nan)


def _to_neighbouring(spots: Spots) -> tuple[Matrix, Matrix]:
    """Which rounds are a spot's neighbours, and which spots are of its seat in them.

    Sparse matrices of ones, shapes (spots, rounds of episodes) and (spots, spots).
    """
    from scipy import sparse

    n, width = len(spots.episode), int(spots.round.max()) + 3
    cells = spots.episode * width + spots.round + 1
    found = []
    seats = int(spots.seat.max()) + 1
    for step, key in ((1, cells), (seats, cells * seats + spots.seat)):
        known, first = np.unique(key, return_index=True)
        links = []
        for wanted in (key - step, key + step):
            place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            there = np.flatnonzero(known[place] == wanted)
            links.append(np.stack([there, place[there]]))
        found.append((np.concatenate(links, axis=1), first))
    (in_rounds, of_round), (own, of_spot) = found
    ones = np.ones(in_rounds.shape[1]), np.ones(own.shape[1])
    return (
        sparse.csr_matrix((ones[0], tuple(in_rounds)), shape=(n, len(of_round))),
        sparse.csr_matrix((ones[1], (own[0], of_spot[own[1]])), shape=(n, n)),
    )


def _numbered(first: Ints, second: Ints) -> Ints:
    """The same number for equal pairs, from 0."""
    _, number = np.unique(first * (int(second.max()) + 1) + second, return_inverse=True)
    return np.asarray(number, dtype=np.int64)


def _neighbours(of: Ints, spots: Spots) -> Ints:
    """Messages whose next one is of another seat in another round of the episode."""
    one, other = of[:-1], of[1:]
    apart: Bools = (one >= 0) & (other >= 0) & (spots.episode[one] == spots.episode[other])
    apart &= (spots.seat[one] != spots.seat[other]) & (spots.round[one] != spots.round[other])
    return np.flatnonzero(apart)
