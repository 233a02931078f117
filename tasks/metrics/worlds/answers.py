"""Worlds of what seats answer to probes."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.worlds.frames import runs_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

SEATS = 5
TIMES = (0, 3, 5)
FIRST, MOVED, ANSWERED = 4.0, 1.5, 0.9


def asked(sizes: Sizes, rng: Rng, drift: float) -> Data:
    """Studies in which seats that differ answer with noise, and in ``b`` drift evenly."""
    n = sum(sizes.values())
    shape = (n, len(TIMES), SEATS)
    in_b = np.arange(n) >= next(iter(sizes.values()))
    moved = np.multiply.outer(in_b * drift, np.array(TIMES) / TIMES[-1])
    own = rng.normal(0, 1, (n, 1, SEATS)) + rng.normal(0, 0.5, (n, 1, 1))
    values = FIRST + own + moved[:, :, None] + rng.normal(0, 0.7, shape)
    run, time, seat = (place.ravel() for place in np.indices(shape))
    given = rng.random(shape).ravel() < ANSWERED
    rounds = np.array(TIMES)[time]
    return Data(
        runs=runs_frame(sizes),
        responses=pl.DataFrame(
            {
                "run": run,
                "after_rounds": rounds,
                "after_turns": rounds * SEATS,
                "seat": [f"s{one + 1}" for one in seat],
                "instrument": ["support"] * run.size,
                "item": ["support"] * run.size,
                "value": np.where(given, values.ravel(), np.nan),
                "text": pl.Series([None] * run.size, dtype=pl.String),
            }
        ).with_columns(pl.col("value").fill_nan(None)),
    )


def nothing_moves(sizes: Sizes, rng: Rng) -> Data:
    """Answers differ among episodes, seats and times, and nothing drifts."""
    return asked(sizes, rng, 0.0)


def answers_drift(sizes: Sizes, rng: Rng) -> Data:
    """In ``b`` everybody drifts alike, and no seat nearer to another."""
    return asked(sizes, rng, MOVED)


def _truths(drift: float) -> tuple[Truth, ...]:
    halfway = FIRST + drift * TIMES[1] / TIMES[2]
    return (
        Truth("first", FIRST, FIRST, "support"),
        Truth("last", FIRST, FIRST + drift, "support"),
        Truth("mean", FIRST, halfway, f"support after {TIMES[1]}"),
        Truth("change", 0.0, drift, "support"),
        Truth("spread_change", 0.0, 0.0, "support"),
        Truth("answered", ANSWERED, ANSWERED, "support"),
    )


responses = MetricWorlds(
    "responses",
    null=(World("seats and episodes differ, answers waver", nothing_moves, _truths(0.0)),),
    planted=(World("in b answers drift by 1.5 points", answers_drift, _truths(MOVED)),),
)
