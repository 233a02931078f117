"""Worlds of private answers before and after, and of flags counted by episode."""

from __future__ import annotations

import itertools
from functools import cache, partial

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.opinion.revision import OF_GROUPS, Revised
from tasks.metrics.statistics.arrays import Bools, Ints, mean_over
from tasks.metrics.worlds.frames import coded, episodes_frame, turns_of
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Seats of an episode, and how often each of the four options is liked; which option is liked most
#: is drawn for every episode.
SEATS, LIKED = 5, (0.5, 0.25, 0.15, 0.1)
#: Chance that a seat answers anew, and that a minority takes the majority's answer in b.
ANEW, SWAYED = 0.5, 0.8
#: How often each option is given at first where all turn to the first one by themselves.
AT_FIRST, TURNED = (0.4, 0.3, 0.2, 0.1), 0.3


def _study(sizes: Sizes, first: Ints, last: Ints) -> Data:
    answers = np.stack([first, last], axis=1)
    episode, time, seat = (place.ravel() for place in np.indices(answers.shape))
    return Data(
        episodes=episodes_frame(sizes),
        responses=pl.DataFrame(
            {
                "episode": episode,
                "after_rounds": time * 3,
                "after_turns": time * 15,
                "seat": [f"s{one + 1}" for one in seat],
                "instrument": ["vote"] * episode.size,
                "item": ["vote"] * episode.size,
                "value": pl.Series([None] * episode.size, dtype=pl.Float64),
                "text": [f"option {one}" for one in answers.ravel()],
            }
        ),
    )


def _answers(n: int, rng: Rng, *, swayed: Bools) -> tuple[Ints, Ints]:
    """First and last answers of seats that waver, or that give in where others are more."""
    options = rng.permuted(np.tile(np.arange(len(LIKED)), (n, 1)), axis=1)
    shape = (n, SEATS)

    def liked() -> Ints:
        places = rng.choice(len(LIKED), shape, p=LIKED)
        return np.take_along_axis(options, places, axis=1)

    first = liked()
    anew = np.where(rng.random(shape) < ANEW, liked(), first)
    counts = (first[:, :, None] == np.arange(len(LIKED))).sum(axis=1)
    others = counts[:, None, :] - (first[:, :, None] == np.arange(len(LIKED)))
    alone = np.take_along_axis(others, first[:, :, None], axis=2)[:, :, 0] < (SEATS - 1) / 2
    gives_in = alone & (others.max(axis=2) > 1) & (rng.random(shape) < SWAYED)
    last = np.where(gives_in, others.argmax(axis=2), first)
    return first, np.where(swayed[:, None], last, anew)


def revised(sizes: Sizes, rng: Rng, *, swayed: bool) -> Data:
    """Studies in which answers waver; in ``b`` minorities give in instead.

    Some options are liked more than others, other ones in every episode.

    Args:
        sizes: Episodes by condition.
        rng: Draws the study.
        swayed: Whether minorities give in in ``b``; answers waver there as well otherwise.
    """
    n = sum(sizes.values())
    in_b = (np.arange(n) >= next(iter(sizes.values()))) & swayed
    return _study(sizes, *_answers(n, rng, swayed=in_b))


def by_a_step(sizes: Sizes, rng: Rng) -> Data:
    """Answers on a scale of seven that waver by a step, each seat around a level of its own."""
    shape = (sum(sizes.values()), SEATS)
    level = np.round(rng.normal(0, 0.7, (shape[0], 1)) + rng.normal(3, 1.0, shape))
    first, last = (np.clip(level + rng.choice([-1, 0, 1], shape), 0, 6) for _ in range(2))
    return _study(sizes, first.astype(np.int64), last.astype(np.int64))


def all_turn(sizes: Sizes, rng: Rng) -> Data:
    """Seats turn to the first option, whatever the others hold."""
    shape = (sum(sizes.values()), SEATS)
    first = rng.choice(len(AT_FIRST), shape, p=AT_FIRST)
    return _study(sizes, first, np.where(rng.random(shape) < TURNED, 0, first))


@cache
def _numbers(swayed: bool) -> dict[str, float]:
    """True numbers: means over very many episodes, with every way in which seats can be swapped."""
    n = 4_000
    answers = _answers(n, np.random.default_rng(7), swayed=np.full(n, swayed))
    study = Revised(*answers, len(LIKED))
    few = study.backing < 0.5
    values = {
        "rate": study.changed.mean(axis=1),
        "rate_alone": mean_over(np.where(few, study.changed, np.nan), 1),
        "rate_backed": mean_over(np.where(few, np.nan, study.changed), 1),
        "confabulation": OF_GROUPS["confabulation"](study),
    }
    found = {name: float(np.nanmean(value)) for name, value in values.items()}
    for name, of in OF_GROUPS.items():
        swaps = [
            of(study.swapped(np.array(swap))) for swap in itertools.product((False, True), repeat=5)
        ]
        null = mean_over(np.array(swaps), 0)
        found[f"{name} excess"] = float(np.nanmean(of(study) - null)) if swayed else 0.0
    return found


def _world(swayed: bool) -> World:
    usual, other = _numbers(False), _numbers(swayed)
    truths = [
        Truth(name.removesuffix(" excess"), usual[name], other[name], EXCESS * ("excess" in name))
        for name in usual
    ]
    return World(
        "answers waver, some options are liked more, other ones in every episode"
        + ("; in b minorities give in with probability .8 instead" if swayed else ""),
        partial(revised, swayed=swayed),
        tuple(truths),
        {"draws": 60},
    )


_NOTHING = tuple(Truth(name, 0.0, 0.0, EXCESS) for name in OF_GROUPS)
opinion_revision = MetricWorlds(
    "opinion_revision",
    null=(_world(False),),
    hard=(
        World(
            "answers on a scale of seven waver by a step, seats and episodes have levels",
            by_a_step,
            _NOTHING,
            {"draws": 60},
        ),
    ),
    planted=(_world(True),),
    limits=(World("all turn to one option by themselves", all_turn, _NOTHING, {"draws": 60}),),
)

ROUNDS = [[0, 1, 2]] * 4
#: Chance of the two flags in `a`, and of the first in `b` where it is planted.
ASKS, LEADS, OFTEN = 0.3, 0.2, 0.6


def flagged(sizes: Sizes, rng: Rng, often: float) -> Data:
    """Messages with two flags, one of which may be more frequent in ``b``."""
    turns = turns_of(sizes, rng, ROUNDS, ROUNDS, shuffled=True)
    asks = rng.random(turns.n) < np.where(turns.in_b, often, ASKS)
    return coded(turns, {"ask": asks, "lead": rng.random(turns.n) < LEADS})


def alike(sizes: Sizes, rng: Rng) -> Data:
    """Both flags are as frequent in both conditions."""
    return flagged(sizes, rng, ASKS)


def more_asking(sizes: Sizes, rng: Rng) -> Data:
    """In ``b`` more messages ask."""
    return flagged(sizes, rng, OFTEN)


def _flag_truths(often: float) -> tuple[Truth, ...]:
    n = sum(map(len, ROUNDS))
    return (
        Truth("count", n * ASKS, n * often, "ask"),
        Truth("share", ASKS, often, "ask"),
        Truth("share", LEADS, LEADS, "lead"),
        Truth("any_trait", 1 - (1 - ASKS) * (1 - LEADS), 1 - (1 - often) * (1 - LEADS)),
    )


flags = MetricWorlds(
    "flags",
    null=(World("two flags, as frequent in both", alike, _flag_truths(ASKS)),),
    planted=(World("in b .6 of messages ask, not .3", more_asking, _flag_truths(OFTEN)),),
)
