"""Worlds of private answers before and after, and of flags counted by episode."""

from __future__ import annotations

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.worlds.frames import coded, episodes_frame, turns_of
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: First answers of the five seats of an episode, in an order that is drawn; options are 0 to 3.
FIRST = (0, 0, 0, 1, 2)
OPTIONS = 4
#: Chance of a change to any other option, and of a minority's change to the majority's in b.
AT_RANDOM, SWAYED = 0.4, 0.8


def revised(sizes: Sizes, rng: Rng, *, swayed: bool) -> Data:
    """Studies in which answers change at random; in ``b`` those of minorities, to the majority's.

    Args:
        sizes: Episodes by condition.
        rng: Draws the study.
        swayed: Whether that is so in ``b``; at random there as well otherwise.
    """
    n = sum(sizes.values())
    in_b = (np.arange(n) >= next(iter(sizes.values())))[:, None] & swayed
    first = rng.permuted(np.tile(np.array(FIRST), (n, 1)), axis=1)
    elsewhere = (first + rng.integers(1, OPTIONS, first.shape)) % OPTIONS
    drawn = rng.random(first.shape)
    at_random = np.where(drawn < AT_RANDOM, elsewhere, first)
    to_majority = np.where((first > 0) & (drawn < SWAYED), 0, first)
    answers = np.stack([first, np.where(in_b, to_majority, at_random)], axis=1)
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


def at_random(sizes: Sizes, rng: Rng) -> Data:
    """Answers change at random everywhere."""
    return revised(sizes, rng, swayed=False)


def minorities_swayed(sizes: Sizes, rng: Rng) -> Data:
    """In ``b`` minorities give in."""
    return revised(sizes, rng, swayed=True)


#: A changed answer goes to the option that nobody holds with chance 1/3, where it goes at random.
INVENTED = AT_RANDOM / 3
GIVEN_IN = SWAYED * 2 / 5
_DRAWS = {"draws": 60}
opinion_revision = MetricWorlds(
    "opinion_revision",
    null=(
        World(
            "answers change at random, to any other option",
            at_random,
            (
                Truth("rate", AT_RANDOM, AT_RANDOM),
                Truth("rate_alone", AT_RANDOM, AT_RANDOM),
                Truth("rate_backed", AT_RANDOM, AT_RANDOM),
                Truth("pressure", 0.0, 0.0, EXCESS),
                Truth("conformity", 0.0, 0.0, EXCESS),
                Truth("confabulation", 0.0, 0.0, EXCESS),
                Truth("confabulation", INVENTED, INVENTED),
            ),
            _DRAWS,
        ),
    ),
    planted=(
        World(
            "in b seats of a minority take the majority's answer with probability .8",
            minorities_swayed,
            (
                Truth("rate", AT_RANDOM, GIVEN_IN),
                Truth("rate_alone", AT_RANDOM, SWAYED),
                Truth("rate_backed", AT_RANDOM, 0.0),
                Truth("pressure", 0.0, SWAYED, EXCESS),
                # At random, a minority's change would go to the majority's answer in 1/3.
                Truth("conformity", 0.0, 2 / 3, EXCESS),
                Truth("confabulation", 0.0, -GIVEN_IN / 3, EXCESS),
                Truth("confabulation", INVENTED, 0.0),
            ),
            _DRAWS,
        ),
    ),
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
