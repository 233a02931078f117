from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, qmc

from schemas.errors import Mistake
from schemas.inventories import LEVELS
from schemas.study.traits import TraitSpec
from tasks.personas.scores import levels_of, quantiles_of, score_of_level
from tasks.personas.structure import Draws
from tasks.personas.traits import drawn_scores, intensities

DRAWS = Draws("0" * 32)


def scores(size: int, **fields: Any) -> np.ndarray:
    spec = TraitSpec.model_validate({"inventory": "big_five", **fields})
    return np.column_stack(list(drawn_scores(spec, size, DRAWS).values()))


@pytest.mark.parametrize("draw", ["normal", "quasi_monte_carlo"])
def test_means_and_correlations_come_out_as_declared(draw: str) -> None:
    fields = {
        "draw": draw,
        "means": {"openness": 0.5},
        "correlations": {"openness": {"extraversion": 0.4}, "neuroticism": {"openness": -0.3}},
    }
    found = scores(20_000, **fields)
    assert found.mean(axis=0) == pytest.approx([0.5, 0, 0, 0, 0], abs=0.03)
    assert found.std(axis=0) == pytest.approx([1] * 5, abs=0.03)
    correlations = np.corrcoef(found.T)
    assert correlations[0, 2] == pytest.approx(0.4, abs=0.03)
    assert correlations[0, 4] == pytest.approx(-0.3, abs=0.03)
    assert correlations[1, 3] == pytest.approx(0, abs=0.03)


def test_quasi_monte_carlo_covers_the_space_of_traits_more_evenly() -> None:
    discrepancies = {
        draw: qmc.discrepancy(norm.cdf(scores(256, draw=draw)))
        for draw in ("normal", "quasi_monte_carlo")
    }
    assert discrepancies["quasi_monte_carlo"] < discrepancies["normal"] / 5


def test_correlations_that_cannot_stand_together_are_refused() -> None:
    impossible = {
        "openness": {"extraversion": 0.9, "agreeableness": 0.9},
        "extraversion": {"agreeableness": -0.9},
    }
    with pytest.raises(Mistake, match="correlations of traits contradict"):
        scores(3, correlations=impossible)


def test_levels_are_cut_where_the_reference_says() -> None:
    z = scores(20_000)[:, 0]
    shares = np.bincount(levels_of(z), minlength=5) / len(z)
    assert shares == pytest.approx(
        np.diff(norm.cdf([-np.inf, -1.5, -0.5, 0.5, 1.5, np.inf])), abs=0.01
    )
    assert quantiles_of(z).mean() == pytest.approx(0.5, abs=0.01)
    assert [LEVELS[level] for level in levels_of(score_of_level(LEVELS))] == list(LEVELS)


def test_intensities_are_drawn_or_fixed_by_factor() -> None:
    drawn = intensities(TraitSpec(inventory="big_five", intensity="drawn"), 5_000, DRAWS)
    assert len(drawn) == 25
    for levels in drawn.values():
        assert np.bincount(levels, minlength=6)[1:] == pytest.approx([1_000] * 5, abs=150)
    fixed = intensities(TraitSpec(inventory="big_five", intensity={"depth": 4}), 3, DRAWS)
    assert {key: levels.tolist() for key, levels in fixed.items()}["openness", "depth"] == [4] * 3
    assert len(fixed) == 5
