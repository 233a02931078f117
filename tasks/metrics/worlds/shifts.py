"""Worlds of traits that are measured at the start and at the end of episodes."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.worlds.frames import episodes_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

SEATS, ITEMS = 4, 4
#: Standard deviations of an answer, and of how much single seats shift.
NOISE, OWN = 0.8, 0.5
SHIFT = 0.6
SCALE = "quiz.openness"


def measured_twice(sizes: Sizes, rng: Rng, *, shift: float) -> Data:
    """Seats differ, answers waver and single seats shift; in ``b`` all of them do."""
    n = sum(sizes.values())
    shape = (n, 2, SEATS, ITEMS)
    episode, time, seat, item = (place.ravel() for place in np.indices(shape))
    in_b = np.arange(n) >= next(iter(sizes.values()))
    trait = rng.normal(0, 1, (n, 1, SEATS, 1)) + rng.normal(0, 0.5, (n, 1, 1, 1))
    moved = rng.normal(0, OWN, (n, 1, SEATS, 1)) + (in_b * shift)[:, None, None, None]
    later = np.array([0.0, 1.0])[None, :, None, None]
    scored = 3 + trait + later * moved + rng.normal(0, NOISE, shape)
    return Data(
        episodes=episodes_frame(sizes),
        responses=pl.DataFrame(
            {
                "episode": episode,
                "after_rounds": time * 5,
                "after_turns": time * 20,
                "seat": [f"s{one + 1}" for one in seat],
                "instrument": "quiz",
                "item": [str(one) for one in item],
                "trait": "openness",
                "scored": scored.ravel(),
            }
        ),
    )


#: Standard deviation of a seat's shift.
SPREAD = float(np.sqrt(OWN**2 + 2 * NOISE**2 / ITEMS))
drift = MetricWorlds(
    "trait_drift",
    null=(
        World(
            "seats differ and shift each for itself, answers waver",
            partial(measured_twice, shift=0.0),
            (Truth("", 0.0, 0.0, SCALE), Truth("d", 0.0, 0.0, SCALE)),
        ),
    ),
    planted=(
        World(
            "in b every seat shifts upwards",
            partial(measured_twice, shift=SHIFT),
            (Truth("", 0.0, SHIFT, SCALE), Truth("d", 0.0, SHIFT / SPREAD, SCALE)),
        ),
    ),
)
