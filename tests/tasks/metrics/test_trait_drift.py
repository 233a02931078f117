"""Shifts of traits in the course of episodes, by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.metrics.data import Data
from tasks.metrics.opinion.responses import METRIC as RESPONSES
from tasks.metrics.persona.drift import METRIC, shifts
from tasks.metrics.worlds.frames import episodes_frame

#: Episode, turns before, seat, item, scored answer. Seat s3 gave too few answers the second time.
ANSWERS: list[tuple[int, int, str, str, float | None]] = [
    (0, 0, "s1", "1", 2.0), (0, 0, "s1", "2", 4.0), (0, 9, "s1", "1", 4.0), (0, 9, "s1", "2", 5.0),
    (0, 0, "s2", "1", 3.0), (0, 0, "s2", "2", None), (0, 9, "s2", "1", 2.0), (0, 9, "s2", "2", 3.0),
    (0, 0, "s3", "1", 5.0), (0, 0, "s3", "2", 5.0), (0, 9, "s3", "1", None),
    (0, 9, "s3", "2", None),
    (1, 0, "s1", "1", 1.0), (1, 0, "s1", "2", 1.0),
]  # fmt: skip


def answers() -> pl.DataFrame:
    names = ("episode", "after_turns", "seat", "item", "scored")
    return pl.DataFrame(ANSWERS, schema=list(names), orient="row").with_columns(
        instrument=pl.lit("quiz"),
        trait=pl.lit("openness"),
        value=pl.col("scored"),
        text=pl.lit(None, dtype=pl.String),
        after_rounds=pl.col("after_turns") // 3,
    )


def test_a_shift_is_of_a_seat_that_was_scored_both_times() -> None:
    found = shifts(answers()).select("episode", "seat", "shift").rows()
    assert found == [(0, "s1", 1.5), (0, "s2", -0.5)]


def test_its_size_is_the_mean_over_the_spread_of_seats() -> None:
    data = Data(episodes=episodes_frame({"a": 2}), responses=answers())
    rows = METRIC.compute(data, METRIC.options(), np.random.default_rng(1))
    by_scope = {(row["quantity"], row["scope"]): row for row in rows.to_dicts() if row["value"]}
    assert by_scope["", "episode"]["value"] == 0.5
    assert by_scope["", "condition"]["value"] == 0.5
    assert by_scope["d", "condition"]["value"] == pytest.approx(0.5 / np.std([1.5, -0.5], ddof=1))
    assert by_scope["d", "condition"]["n_measured"] == 2


def test_items_of_instruments_are_no_opinions_unless_they_are_named() -> None:
    data = Data(episodes=episodes_frame({"a": 2}), responses=answers())
    for options, subjects in ({}, set()), ({"names": ("quiz.1",)}, {"quiz.1"}):
        given = RESPONSES.options.model_validate(options)
        rows = RESPONSES.compute(data, given, np.random.default_rng(1))
        assert set(rows.filter(quantity="first")["subject"]) == subjects
