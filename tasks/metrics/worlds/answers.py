"""Worlds of what seats answer to probes."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.worlds.frames import episodes_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

SEATS = 5
TIMES = (0, 3, 5)
FIRST, MOVED = 4.0, 1.5
#: Share of questions that are answered, in `a` and where answers drift.
ANSWERED, LESS = 0.9, 0.7
#: Chance that seats come half as near to each other, in `a` and in `b`, where all begin 1 higher.
NEARER, OFTEN = 0.4, 0.75


def asked(sizes: Sizes, rng: Rng, drift: float) -> Data:
    """Studies in which seats that differ answer with noise, and in ``b`` drift evenly."""
    n = sum(sizes.values())
    shape = (n, len(TIMES), SEATS)
    in_b = np.arange(n) >= next(iter(sizes.values()))
    moved = np.multiply.outer(in_b * drift, np.array(TIMES) / TIMES[-1])
    own = rng.normal(0, 1, (n, 1, SEATS)) + rng.normal(0, 0.5, (n, 1, 1))
    values = FIRST + own + moved[:, :, None] + rng.normal(0, 0.7, shape)
    episode = np.repeat(np.arange(n), values[0].size)
    answered = np.where(in_b & (drift > 0), LESS, ANSWERED)
    given = rng.random(episode.size) < answered[episode]
    return _study(sizes, np.where(given, values.ravel(), np.nan), shape)


def _study(sizes: Sizes, values: Floats, shape: tuple[int, ...]) -> Data:
    """A study of answers by episode, time and seat; not-a-number where there is none."""
    episode, time, seat = (place.ravel() for place in np.indices(shape))
    rounds = np.array(TIMES)[time]
    return Data(
        episodes=episodes_frame(sizes),
        responses=pl.DataFrame(
            {
                "episode": episode,
                "after_rounds": rounds,
                "after_turns": rounds * SEATS,
                "seat": [f"s{one + 1}" for one in seat],
                "instrument": ["support"] * episode.size,
                "item": ["support"] * episode.size,
                "value": values,
                "text": pl.Series([None] * episode.size, dtype=pl.String),
            }
        ).with_columns(pl.col("value").fill_nan(None)),
    )


def nothing_moves(sizes: Sizes, rng: Rng) -> Data:
    """Answers differ among episodes, seats and times, and nothing drifts."""
    return asked(sizes, rng, 0.0)


def answers_drift(sizes: Sizes, rng: Rng) -> Data:
    """In ``b`` everybody drifts alike, and no seat nearer to another."""
    return asked(sizes, rng, MOVED)


def seats_close_up(sizes: Sizes, rng: Rng) -> Data:
    """Seats a point apart come half as near, more often in ``b``, where all begin 1 higher."""
    n = sum(sizes.values())
    in_b = np.arange(n) >= next(iter(sizes.values()))
    apart = rng.permuted(np.tile(np.arange(SEATS) - 2.0, (n, 1)), axis=1)
    nearer = rng.random(n) < np.where(in_b, OFTEN, NEARER)
    scale = np.stack([np.ones(n), np.ones(n), np.where(nearer, 0.5, 1.0)], axis=1)
    level = FIRST + in_b + rng.normal(0, 0.5, n)
    values = level[:, None, None] + scale[:, :, None] * apart[:, None, :]
    return _study(sizes, values.ravel(), values.shape)


def _truths(drift: float) -> tuple[Truth, ...]:
    halfway = FIRST + drift * TIMES[1] / TIMES[2]
    return (
        Truth("first", FIRST, FIRST, "support"),
        Truth("last", FIRST, FIRST + drift, "support"),
        Truth("mean", FIRST, halfway, f"support after {TIMES[1]}"),
        Truth("change", 0.0, drift, "support"),
        Truth("spread_change", 0.0, 0.0, "support"),
        Truth("answered", ANSWERED, LESS if drift else ANSWERED, "support"),
    )


#: Standard deviation of five answers a point apart.
SPREAD = float(np.std(np.arange(SEATS), ddof=1))
responses = MetricWorlds(
    "responses",
    null=(World("seats and episodes differ, answers waver", nothing_moves, _truths(0.0)),),
    planted=(
        World(
            "in b answers drift by 1.5 points and fewer are given", answers_drift, _truths(MOVED)
        ),
        World(
            "seats come half as near to each other, more often in b, where they begin 1 higher",
            seats_close_up,
            (
                Truth("first", FIRST, FIRST + 1, "support"),
                Truth("spread_change", -NEARER * SPREAD / 2, -OFTEN * SPREAD / 2, "support"),
            ),
        ),
    ),
)
