from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tasks.personas.raking import (
    Margin,
    closest_rows,
    raked,
    serpentine_order,
    systematic_rows,
    total_variation,
)


@pytest.fixture(scope="module")
def calm() -> Mapping[str, object]:
    """Households of the CALM region with the margins that are published for them."""
    root = Path(os.environ.get("AGORA_SHARED", Path(__file__).parents[4] / "shared"))
    folder = root / "data" / "population" / "calm"
    if not folder.is_dir():
        pytest.skip(f"published data is not at {folder}; set AGORA_SHARED to its folder")
    rows = pl.read_csv(folder / "seed_households.csv", infer_schema_length=None).filter(
        (pl.col("WGTP") > 0) & (pl.col("NP") > 0)
    )
    zones = pl.read_csv(folder / "control_totals_taz.csv")

    def target(prefix: str) -> np.ndarray:
        counts = np.array([zones[f"{prefix}{i}"].sum() for i in range(1, 5)], dtype=float)
        return counts / counts.sum()

    codes = {
        "HHSIZE": np.minimum(rows["NP"].to_numpy(), 4) - 1,
        "HHAGE": np.digitize(rows["AGEHOH"].to_numpy(), [25, 55, 65]),
        "HHINC": np.digitize(rows["HHINCADJ"].to_numpy(), [21297, 42593, 85185]),
    }
    margins = {name: Margin(column, target(name)) for name, column in codes.items()}
    return {"weights": rows["WGTP"].to_numpy().astype(float), "margins": margins}


def test_published_households_are_raked_to_published_margins(calm: Mapping[str, object]) -> None:
    weights, margins = calm["weights"], calm["margins"]
    assert len(weights) == 4839
    before = [margin.distance(weights) for margin in margins.values()]
    assert before == pytest.approx([0.016, 0.023, 0.136], abs=1e-3)
    result = raked(weights, margins)
    assert result.converged
    assert result.iterations == 14
    assert max(result.distances.values()) < 1e-6
    assert result.effective_size == pytest.approx(2629, abs=1)


@pytest.mark.parametrize(("size", "mean", "limit"), [(100, 0.04, 0.06), (500, 0.006, 0.01)])
def test_systematic_draws_of_published_households_stay_near_the_margins(
    calm: Mapping[str, object], size: int, mean: float, limit: float
) -> None:
    margins = calm["margins"]
    weights = raked(calm["weights"], margins).weights
    order = serpentine_order([margin.codes for margin in margins.values()])
    worst = []
    for seed in range(100):
        rows = closest_rows(weights, margins, order, size, np.random.default_rng(seed))
        worst.append(
            max(
                total_variation(np.bincount(one.codes[rows], minlength=4) / size, one.shares)
                for one in margins.values()
            )
        )
    assert np.mean(worst) <= mean
    assert max(worst) <= limit


shares = arrays(float, 3, elements=st.floats(0.05, 1)).map(lambda one: one / one.sum())


@given(one=shares, other=shares, weights=arrays(float, 9, elements=st.floats(0.1, 9)))
def test_margins_of_a_full_table_are_always_met(
    one: np.ndarray, other: np.ndarray, weights: np.ndarray
) -> None:
    codes = np.arange(9)
    margins = {"one": Margin(codes // 3, one), "other": Margin(codes % 3, other)}
    result = raked(weights, margins)
    assert result.converged
    table = result.weights.reshape(3, 3)
    assert table.sum(axis=1) == pytest.approx(one, abs=1e-6)
    assert table.sum(axis=0) == pytest.approx(other, abs=1e-6)
    # Raking keeps the association of the seed: its odds ratios do not change.
    seed = weights.reshape(3, 3)
    assert table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]) == pytest.approx(
        seed[0, 0] * seed[1, 1] / (seed[0, 1] * seed[1, 0]), rel=1e-6
    )


@given(
    weights=arrays(float, 12, elements=st.floats(0, 1)).filter(lambda one: one.sum() > 0.1),
    size=st.integers(1, 200),
    seed=st.integers(0, 99),
)
def test_a_systematic_draw_takes_each_row_as_often_as_its_weight_says(
    weights: np.ndarray, size: int, seed: int
) -> None:
    wanted = weights / weights.sum()
    rows = systematic_rows(wanted, size, np.random.default_rng(seed))
    assert len(rows) == size
    taken = np.bincount(rows, minlength=12)
    assert (np.abs(taken - size * wanted) < 1 + 1e-9).all()
    assert (taken[wanted == 0] == 0).all()


def test_margins_that_contradict_each_other_are_left_unmet() -> None:
    codes = np.arange(4)
    margins = {
        "a": Margin(codes // 2, np.array([0.5, 0.5])),
        "a x b": Margin(codes, np.array([0.4, 0.2, 0.2, 0.2])),
    }
    assert not raked(np.ones(4), margins).converged


@given(
    columns=st.lists(st.lists(st.integers(0, 3), min_size=20, max_size=20), min_size=1, max_size=3)
)
def test_a_serpentine_order_sorts_and_never_jumps_back(columns: list[list[int]]) -> None:
    codes = [np.array(column) for column in columns]
    order = serpentine_order(codes)
    assert sorted(order) == list(range(20))
    rows = [tuple(column[row] for column in columns) for row in order]
    kinds = [row for row, _ in itertools.groupby(rows)]
    assert len(kinds) == len(set(kinds))
