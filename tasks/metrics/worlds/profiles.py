"""Worlds of the metrics over flag profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import comb

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.worlds import keeping
from tasks.metrics.worlds.floors import flags_of_nobody, null_worlds, planted_worlds
from tasks.metrics.worlds.frames import coded, turns_of
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

FLAGS = ("ask", "lead", "thank")
#: Everybody once a round and, in the second condition, unequal turns in fewer rounds.
EQUAL = [[0, 1, 2, 3]] * 8
UNEQUAL = [[0, 1, 2, 3, 0], [3, 2, 1, 0], [1, 0, 2], [2, 3, 0, 1, 1], [0, 3, 1, 2]]


def _by_round(rounds: Floats) -> Floats:
    """Rates of the three flags in each round: what is done changes from round to round."""
    phase = rounds % 4
    rates = np.array([[0.8, 0.1, 0.3], [0.1, 0.7, 0.2], [0.5, 0.5, 0.1], [0.2, 0.1, 0.9]])
    return np.asarray(rates[phase.astype(np.int64)])


def topics_by_round(sizes: Sizes, rng: Rng) -> Data:
    """Flags depend on the round and on the mood of the episode, never on who speaks."""
    turns = turns_of(sizes, rng, EQUAL, UNEQUAL, shuffled=False)
    mood = rng.uniform(0.5, 1.2, sum(sizes.values()))
    rates = _by_round(turns.round.astype(np.float64)) * mood[turns.episode][:, None]
    drawn = rng.random(rates.shape) < rates
    return coded(turns, {flag: drawn[:, place] for place, flag in enumerate(FLAGS)})


ROUNDS, APART = 6, 0.7


def _cosine(first: tuple[int, int], second: tuple[int, int]) -> float:
    dot = first[0] * second[0] + first[1] * second[1]
    return float(dot / np.hypot(*first) / np.hypot(*second))


def _jsd(first: tuple[int, int], second: tuple[int, int]) -> float:
    def bits(share: float) -> float:
        return float(-sum(p * np.log2(p) for p in (share, 1 - share) if p > 0))

    p, q = first[0] / sum(first), second[0] / sum(second)
    return float(bits((p + q) / 2) - (bits(p) + bits(q)) / 2)


def _variance(first: tuple[int, int], second: tuple[int, int]) -> float:
    top = bottom = 0.0
    for mine, theirs in zip(first, second, strict=True):
        p, q = mine / ROUNDS, theirs / ROUNDS
        top += ROUNDS * (p - q) ** 2 / 2
        bottom += ROUNDS * 2 * ((p + q) / 2) * (1 - (p + q) / 2)
    return top / bottom if bottom else float("nan")


def planted_excess(statistic: Callable[[tuple[int, int], tuple[int, int]], float]) -> float:
    """What the excess of a statistic of two seats' counts is in :func:`seats_apart`.

    In k of the rounds seats show one flag each, seat 1 the first and seat 2 the second; in the
    others both show both. A shuffle within rounds turns some of the k rounds round. Episodes in
    which the statistic is undefined have no excess.
    """
    total = weight = 0.0
    for k in range(ROUNDS + 1):
        both = ROUNDS - k
        found = statistic((ROUNDS, both), (both, ROUNDS))
        if np.isnan(found):
            continue
        null = sum(
            comb(k, j) / 2**k * statistic((ROUNDS - j, both + j), (both + j, ROUNDS - j))
            for j in range(k + 1)
        )
        chance = comb(ROUNDS, k) * APART**k * (1 - APART) ** (ROUNDS - k)
        total, weight = total + chance * (found - null), weight + chance
    return total / weight


def seats_apart(sizes: Sizes, rng: Rng) -> Data:
    """In the second condition each of two seats keeps to a flag of its own in most rounds."""
    order = [[0, 1]] * ROUNDS
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    each = sum(sizes.values()) * ROUNDS
    kept = rng.random(each) < APART
    turned = rng.random(each) < 0.5
    place = turns.episode * ROUNDS + turns.round
    seat = np.where(turns.in_b | ~turned[place], turns.seat, 1 - turns.seat)
    return coded(turns, {"first": ~kept[place] | (seat == 0), "second": ~kept[place] | (seat == 1)})


RARE = np.array([0.3, 0.15, 0.1])


def few_messages(sizes: Sizes, rng: Rng) -> Data:
    """Two rounds in which rare flags depend on the round alone, so many seats show none."""
    order = [[0, 1, 2, 3]] * 2
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    rates = RARE[None, :] * (1 + turns.round)[:, None]
    drawn = rng.random(rates.shape) < rates
    return coded(turns, {flag: drawn[:, place] for place, flag in enumerate(FLAGS)})


def seats_silent(sizes: Sizes, rng: Rng) -> Data:
    """In the second condition each seat shows none of the flags with probability .3."""
    order = [[0, 1, 2, 3]] * 3
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    silent = rng.random((sum(sizes.values()), 4)) < 0.3
    shows = ~(turns.in_b & silent[turns.episode, turns.seat])
    other = rng.random(turns.n) < 0.4
    return coded(turns, {"ask": shows, "lead": shows & other})


def _worlds(name: str, size: float, statistic: keeping.Statistic) -> MetricWorlds:
    return MetricWorlds(
        name,
        null=(
            World(
                "flags depend on round and episode, not on the seat; unequal turns in b",
                topics_by_round,
                (Truth("", 0.0, 0.0, EXCESS),),
                DRAWS,
            ),
            World(
                "two messages a seat, rare flags that depend on the round alone",
                few_messages,
                (Truth("", 0.0, 0.0, EXCESS),),
                DRAWS,
            ),
            *null_worlds(flags_of_nobody, FEW_DRAWS),
        ),
        planted=(
            World(
                "two seats that keep to a flag of their own in .7 of the rounds of one condition",
                seats_apart,
                (Truth("", 0.0, size, EXCESS),),
                DRAWS,
            ),
            *planted_worlds(
                "seats keep to one of two flags in .7 of the rounds of b",
                keeping.flags_of_seats,
                FEW_DRAWS,
                partial(keeping.excess_of, statistic),
            ),
        ),
    )


def _undefined_pairs() -> tuple[World, World]:
    """Worlds of the share of pairs of seats of which one shows no flag."""
    shown = 1 - float(np.prod((1 - RARE) * (1 - 2 * RARE)))
    null, planted = 1 - shown**2, 1 - 0.7**2
    return (
        World(
            "rare flags that depend on the round alone",
            few_messages,
            (Truth("undefined_pairs", null, null),),
            DRAWS,
        ),
        World(
            "seats of one condition show no flag with probability .3",
            seats_silent,
            (Truth("undefined_pairs", 0.0, planted),),
            DRAWS,
        ),
    )


DRAWS, FEW_DRAWS = {"draws": 100}, 50
cosine = _worlds("profile_cosine", planted_excess(_cosine), keeping.cosine)
_null, _planted = _undefined_pairs()
cosine = replace(cosine, null=(*cosine.null, _null), planted=(*cosine.planted, _planted))
divergence = replace(
    _worlds("profile_jsd", planted_excess(_jsd), keeping.divergence),
    notes={
        "": "not biased, but episodes are skewed and half of them lie in one heap: of 3,000 "
        "further studies 92% at 12 and 93% at 20 episodes hold the truth"
    },
)
variance = _worlds("profile_variance", planted_excess(_variance), keeping.variance)
