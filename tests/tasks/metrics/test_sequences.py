"""Sequences of answers to a choice of two, against oracles and by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.sandbox.stats.runs import Runs

from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Data
from tasks.metrics.statistics.transitions import Orders
from tasks.metrics.worlds.frames import episodes_frame


def spelled(rows: list[list[str]]) -> pl.DataFrame:
    """Rows of `sequences` for episodes whose seats answered so; half of them in each condition."""
    subjects = [(number, seat) for number, seats in enumerate(rows) for seat in range(len(seats))]
    n = len(subjects)
    outcomes = pl.DataFrame(
        {
            "episode": [number for number, _ in subjects],
            "scope": ["seat"] * n,
            "subject": [f"s{seat + 1}" for _, seat in subjects],
            "round": pl.Series([None] * n, dtype=pl.Int64),
            "metric": ["sequence"] * n,
            "value": pl.Series([None] * n, dtype=pl.Float64),
            "label": [rows[number][seat] for number, seat in subjects],
        }
    )
    half = len(rows) // 2
    episodes = episodes_frame({"a": half, "b": len(rows) - half})
    metric = METRICS["sequences"]
    data = Data(episodes=episodes, outcomes=outcomes)
    return metric.compute(data, metric.options(), np.random.default_rng(1))


def row(frame: pl.DataFrame, quantity: str, condition: str, subject: str = "") -> dict[str, Any]:
    return frame.filter(
        (pl.col("quantity") == quantity)
        & (pl.col("scope") == "condition")
        & (pl.col("condition") == condition)
        & (pl.col("subject") == subject)
    ).row(0, named=True)


@given(st.lists(st.booleans(), min_size=3, max_size=60))
def test_runs_and_chi_squared_are_those_of_oracles(answers: list[bool]) -> None:
    found = Orders.of([np.array([answers])]).numbers[:, 0]
    if not 0 < sum(answers) < len(answers):
        assert np.isnan(found[[1, 3]]).all()
        return
    z, _ = Runs(np.array(answers, dtype=int)).runs_test(correction=False)
    assert found[3] == pytest.approx(z)
    pairs = list(itertools.pairwise(answers))
    table = [[pairs.count((a, b)) for b in (True, False)] for a in (True, False)]
    margins = [*np.sum(table, axis=0), *np.sum(table, axis=1)]
    if min(margins):
        assert found[2] == pytest.approx(stats.chi2_contingency(table, correction=False)[0])
    assert found[0] == pytest.approx(np.mean([a != b for a, b in pairs]))


def test_pooled_answers_have_wilsons_interval_and_the_binomial_p() -> None:
    found = spelled([["1110", "1111"], ["1101"], ["0101"], ["0011"]])
    pooled = row(found, "share_pooled", "a")
    assert (pooled["value"], pooled["n_measured"]) == (10 / 12, 12)
    assert pooled["p_null"] == pytest.approx(stats.binomtest(10, 12).pvalue)
    ends = stats.binomtest(10, 12).proportion_ci(method="wilson")
    assert (pooled["ci_low"], pooled["ci_high"]) == pytest.approx((ends.low, ends.high))
    assert row(found, "share_pooled", "b")["value"] == 0.5


def test_answers_that_stick_to_the_last_one_favour_neither_option() -> None:
    found = spelled([["1" * 20], ["0" * 9 + "1" * 11], ["1 " * 20], ["1 " * 20]])
    one = row(found, "share", "a")
    # Either option could have come first, and all others stick to it.
    assert one["p_null"] > 0.2
    assert one["null_mean"] == pytest.approx(0.5, abs=0.1)
    # Of calls with an answer each, none sticks to another.
    assert row(found, "share", "b")["p_null"] < 0.01
    assert "several answers of a call" in row(found, "share_pooled", "a")["warning"]
    assert row(found, "share_pooled", "b")["warning"] is None


def test_alternating_answers_are_told_from_random_ones() -> None:
    rng = np.random.default_rng(3)
    random = [["".join(rng.choice(["0", "1"], 40))] for _ in range(10)]
    alternating = [["10" * 20] for _ in range(10)]
    found = spelled([*random, *alternating])
    for quantity in ("switches", "dependence", "chi2", "runs_z"):
        assert row(found, quantity, "a")["p_null"] > 0.01
        assert row(found, quantity, "b")["p_null"] < 0.01
    assert row(found, "dependence", "b", "excess")["value"] == pytest.approx(-1, abs=0.05)


def test_a_short_sequence_is_held_against_its_own_orders() -> None:
    rng = np.random.default_rng(6)
    coins = [["".join(rng.choice(["0", "1"], 6))] for _ in range(1000)]
    found = spelled([*coins, *coins])
    whole, excess = row(found, "dependence", "a"), row(found, "dependence", "a", "excess")
    assert whole["ci_high"] < 0  # the bias of Miller and Sanjurjo
    assert excess["ci_low"] < 0 < excess["ci_high"]


def test_calls_are_sequences_of_their_own() -> None:
    together, apart = spelled([["1100", "1100"]] * 2), spelled([["1100 1100"]] * 2)
    assert row(together, "switches", "a")["value"] == row(apart, "switches", "a")["value"] == 1 / 3


def test_episodes_without_answers_have_no_numbers() -> None:
    found = spelled([["11"], [""], ["0"], ["10"]])
    assert row(found, "share", "a")["n_measured"] == 1
    assert row(found, "switches", "b")["n_measured"] == 1
