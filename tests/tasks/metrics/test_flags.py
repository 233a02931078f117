"""Flags of an episode counted."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics.coders.flags import METRIC
from tasks.metrics.data import Data, Flags
from tasks.metrics.metric import Options
from tasks.metrics.worlds.frames import episodes_frame


def test_flags_and_their_levels_are_counted_by_episode() -> None:
    labels = pl.DataFrame(
        [
            (0, 1, "ask", 1.0), (0, 1, "comp", 1.0), (0, 1, "level", 1.0),
            (0, 2, "ask", 0.0), (0, 2, "comp", 1.0), (0, 2, "level", 0.0),
            (0, 3, "ask", None), (0, 3, "comp", 0.0),
            (1, 1, "ask", 0.0), (1, 1, "comp", 0.0), (1, 1, "level", 1.0),
        ],
        schema=["episode", "seq", "flag", "value"],
        orient="row",
    ).with_columns(other_seq=pl.lit(None, dtype=pl.Int64))  # fmt: skip
    data = Data(
        episodes=episodes_frame({"a": 3}),
        labels=labels,
        flags=Flags(
            traits=("ask",),
            levels={"level": ("L1", "L2")},
            scales={"ask": "nominal", "comp": "nominal", "level": "ordinal"},
            conditional={"level": "comp"},
        ),
    )
    found = METRIC.compute(data, Options(), np.random.default_rng(1))
    values = {
        (quantity, subject, int(episode, 16)): value
        for quantity, subject, episode, value in found.filter(pl.col("scope") == "episode")
        .select("quantity", "subject", "episode_key", "value")
        .iter_rows()
    }
    assert [values["count", "ask", episode] for episode in range(3)] == [1.0, 0.0, None]
    assert values["share", "ask", 0] == 0.5
    assert [values["count", "comp", episode] for episode in range(2)] == [2.0, 0.0]
    assert [values["count", "level L2", episode] for episode in range(2)] == [1.0, 0.0]
    assert values["share", "level L2", 0] == 0.5
    assert values["share", "level L2", 1] is None
    assert [values["any_trait", "", episode] for episode in range(3)] == [0.5, 0.0, None]
