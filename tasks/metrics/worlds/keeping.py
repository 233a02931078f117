"""Worlds in which seats keep to what is their own, under every floor that a talk can have.

Their sizes are those of four seats that speak in six rounds, worked out by counting all ways in
which the messages of a round can change seats. Where chance decides how often a seat speaks, the
sign of the excess is known and its size is not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from itertools import combinations, permutations, product
from typing import TypeAlias

import numpy as np

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.worlds.floors import ROUNDS, SEATS, floor_turns, heard
from tasks.metrics.worlds.frames import coded, spoken
from tasks.metrics.worlds.wording import SHARED, fresh_texts, unique_words
from tasks.metrics.worlds.world import Rng, Sizes

#: Share of the rounds in which the first two seats show one flag and the others another.
KEPT = 0.7
#: Most words of its own that the messages of a seat share, from none to so many evenly.
OWN = 4
FIRST = len(SEATS) // 2
#: Floors under which seats speak more often in some rounds than in others; sizes are not counted.
UNEQUAL = ("moderated or bids", "random")
#: How often each seat shows the first flag, with the probability of it.
Shown: TypeAlias = dict[tuple[int, ...], float]
#: Seats that speak in a round, those that may swap messages together; and how likely it is.
Blocks: TypeAlias = tuple[tuple[tuple[int, ...], ...], float]
#: A statistic of how often seats show the first flag, shape (cases, seats), and how often they
#: speak, shape (seats,).
Statistic: TypeAlias = Callable[[Floats, Floats], Floats]


def flags_of_seats(sizes: Sizes, rng: Rng, *, floor: str) -> Data:
    """In most rounds of b seats keep to a flag of their own, else any of the round shows it."""
    turns, talk = floor_turns(sizes, rng, floor)
    cell = turns.episode * ROUNDS + turns.round
    mine = turns.seat < FIRST
    block = cell * (len(SEATS) + 1) + talk
    order, place = np.lexsort((rng.random(turns.n), block)), np.lexsort((block,))
    mixed = np.empty_like(mine)
    mixed[order] = mine[place]
    kept = turns.in_b & (rng.random(cell.max() + 1) < KEPT)[cell]
    shown = np.where(kept, mine, mixed)
    return heard(coded(turns, {"ask": shown, "lead": ~shown}), turns, talk)


def words_of_seats(sizes: Sizes, rng: Rng, *, floor: str) -> Data:
    """In b the messages of a seat share none to four words, all seats of an episode as many."""
    turns, talk = floor_turns(sizes, rng, floor)
    words = unique_words(turns)
    n_own = rng.integers(0, OWN + 1, sum(sizes.values()))[turns.episode] * turns.in_b
    for number in range(OWN):
        mine = n_own > number
        seat = (turns.episode * len(SEATS) + turns.seat)[mine]
        words[mine, 2 * number] = 10**7 + seat * OWN + number
    return heard(spoken(turns, fresh_texts(words, rng)), turns, talk)


def _rounds(floor: str) -> tuple[Blocks, ...] | None:
    """The rounds that there can be under a floor; ``None`` where they are too many to count."""
    if floor in UNEQUAL:
        return None
    if floor == "led":
        return ((((0, 1, 2, 3, 0),), 1.0),)
    if floor == "pairs":
        return tuple((((0, other), _rest(other)), 1 / 3) for other in (1, 2, 3))
    return ((((0, 1, 2, 3),), 1.0),)


def _rest(other: int) -> tuple[int, ...]:
    return tuple(seat for seat in range(1, len(SEATS)) if seat != other)


def _swapped(rounds: Iterable[Blocks]) -> Shown:
    """Who shows the first flag in one round whose messages change seats within blocks."""
    found: Shown = defaultdict(float)
    for blocks, chance in rounds:
        ways = [list(permutations(block)) for block in blocks]
        each = chance / np.prod([len(way) for way in ways])
        for way in product(*ways):
            shown = [0] * len(SEATS)
            for block, speakers in zip(blocks, way, strict=True):
                for seat, speaker in zip(block, speakers, strict=True):
                    shown[seat] += speaker < FIRST
            found[tuple(shown)] += each
    return dict(found)


def _added(first: Shown, second: Shown) -> Shown:
    found: Shown = defaultdict(float)
    for (one, p), (other, q) in product(first.items(), second.items()):
        found[tuple(a + b for a, b in zip(one, other, strict=True))] += p * q
    return dict(found)


@cache
def _episodes(rounds: tuple[Blocks, ...], kept: float) -> tuple[Floats, Floats, Floats]:
    """How often seats show the first flag in an episode, with chances; how often they speak."""
    spoken_ = Counter(seat for block in rounds[0][0] for seat in block)
    size = np.array([spoken_[seat] for seat in range(len(SEATS))])
    mine = {tuple(int(n) * (seat < FIRST) for seat, n in enumerate(size)): kept}
    swapped = {shown: chance * (1 - kept) for shown, chance in _swapped(rounds).items()}
    round_: Shown = {
        shown: mine.get(shown, 0.0) + swapped.get(shown, 0.0) for shown in {**mine, **swapped}
    }
    whole: Shown = {(0,) * len(SEATS): 1.0}
    for _ in range(ROUNDS):
        whole = _added(whole, round_)
    return np.array(list(whole), dtype=float), np.array(list(whole.values())), size * float(ROUNDS)


def excess_of(statistic: Statistic, floor: str) -> float:
    """Excess of a statistic in :func:`flags_of_seats`; not-a-number where it is not counted."""
    rounds = _rounds(floor)
    if rounds is None:
        return float("nan")
    numbers = []
    for kept in (KEPT, 0.0):
        shown, chance, size = _episodes(rounds, kept)
        numbers.append(float(chance @ statistic(shown, size)))
    return numbers[0] - numbers[1]


def cosine(shown: Floats, size: Floats) -> Floats:
    """Mean cosine over the pairs of seats."""
    unit = np.stack([shown, size - shown], axis=2)
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    pairs = [(unit[:, i] * unit[:, j]).sum(axis=1) for i, j in combinations(range(len(size)), 2)]
    return np.asarray(np.mean(pairs, axis=0))


def divergence(shown: Floats, size: Floats) -> Floats:
    """Jensen-Shannon divergence of the seats."""

    def bits(share: Floats) -> Floats:
        logs = [np.log2(np.where(one > 0, one, 1.0)) * one for one in (share, 1 - share)]
        return np.asarray(-np.add(*logs))

    shares = shown / size
    apart = bits(shares.mean(axis=1)) - bits(shares).mean(axis=1)
    return np.asarray(apart / np.log2(len(size)))


def variance(shown: Floats, size: Floats) -> Floats:
    """Variance between seats over that of messages."""
    mean = shown.sum(axis=1) / size.sum()
    between = (size * (shown / size - mean[:, None]) ** 2).sum(axis=1)
    return np.asarray(between / (size.sum() * mean * (1 - mean)))


#: What is left of the words that the messages of a seat share once shuffles are taken off. These
#: give two messages the same seat with probability 1/4 if every seat speaks once a round, but not
#: in one round; 1/3 if messages change places within pairs; and 7/25 in different rounds, 1/10 in
#: one, if the first seat speaks twice.
_ONCE = 1 - 1 / (len(SEATS) * ROUNDS)
_LEFT = {
    "pairs": 1 - 1 / 3 + 2 / 9 * (ROUNDS - 1) / ROUNDS,
    "led": 1
    - (
        3 * (7 / 25 - 1 / 10) / ROUNDS
        + (1 / 10 + 2 * (ROUNDS - 1) * 7 / 25) / (2 * ROUNDS - 1)
        - (1 / 10 + (ROUNDS - 1) * 7 / 25) / ROUNDS
    )
    / 4,
    **dict.fromkeys(UNEQUAL, float("nan")),
}


def likeness(floor: str) -> float:
    """Excess of ``persona_consistency`` in :func:`words_of_seats`."""
    return OWN / 2 * SHARED * _LEFT.get(floor, _ONCE)
