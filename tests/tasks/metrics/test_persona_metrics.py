"""Numbers of personas: one for each, one for a condition, and comparisons of conditions."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from schemas.keys import digest
from tasks.metrics.catalogue import METRICS
from tasks.metrics.contrasts.findings import family_rows

ASSIGNED = METRICS["assigned_traits"]


def _people() -> ModuleType:
    spec = importlib.util.spec_from_file_location("people", Path(__file__).with_name("people.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["people"] = module
    spec.loader.exec_module(module)
    return module


people: Any = _people()
ONE, OTHER = digest("one"), digest("other")


def rows(**populations: str) -> pl.DataFrame:
    data = people.data("assigned_traits", **populations)
    return ASSIGNED.compute(data, ASSIGNED.options(), np.random.default_rng(1))


def test_every_persona_has_a_number_and_a_condition_their_mean() -> None:
    found = rows(a=ONE).filter(subject="openness")
    each = found.filter(scope="persona")
    scores = people.tables(ONE)["persona_traits"].filter(trait="openness")["score"].to_numpy()
    assert each["value"].to_list() == pytest.approx(50 + 10 * stats.norm.ppf(scores))
    assert each["persona_key"].to_list() == people.tables(ONE)["personas"]["persona_key"].to_list()
    assert each["episode_key"].null_count() == people.SIZE
    (whole,) = found.filter(scope="condition").to_dicts()
    assert whole["value"] == pytest.approx(each["value"].mean())
    assert whole["ci_low"] < whole["value"] < whole["ci_high"]
    assert "personas resampled" in whole["method"]
    assert "episode" not in whole["method"]


def test_conditions_that_share_a_population_have_its_personas_each() -> None:
    found = rows(a=ONE, b=ONE).filter(subject="agreeableness", scope="condition")
    assert found["condition"].to_list() == ["a", "b"]
    assert found["value"].n_unique() == 1
    data = people.data("assigned_traits", a=ONE, b=ONE, c=OTHER)
    assert data.personas.height == 3 * people.SIZE
    assert data.personas["persona_key"].n_unique() == 2 * people.SIZE
    assert data.populations == {"a": ONE, "b": ONE, "c": OTHER}


def compared(test: str, metrics: pl.DataFrame) -> dict[str, Any]:
    spec = people.measured(a=ONE, b=ONE)
    positions = {key: position for one in spec for key, position in one.positions.items()}
    comparison = {
        "contrast": "shown", "family": "main", "specification": "", "metric": "assigned_traits",
        "subject": "openness", "rule": None, "measure": "m", "excluded": {}, "test": test,
        "options": {}, "excess": False, "correction": "none", "scope": "persona",
        "between": ["a", "b"], "factors": ["population"],
    }  # fmt: skip
    (row,) = family_rows([comparison], metrics, positions, np.random.default_rng(1))
    return row


def test_a_comparison_of_pairs_goes_persona_by_persona() -> None:
    each = rows(a=ONE, b=ONE).with_columns(
        unit_key=pl.lit("m"),
        metric=pl.lit("assigned_traits"),
        # Everybody is a little higher in b, by less than people differ.
        value=pl.col("value")
        + pl.when(condition="b").then(0.1 + pl.col("value") / 1e3).otherwise(0),
    )
    shuffled = each.sample(fraction=1.0, shuffle=True, seed=3)
    paired = compared("wilcoxon", shuffled)
    assert paired["p"] == pytest.approx(2 / 2**people.SIZE)
    assert (paired["n_a"], paired["n_b"]) == (people.SIZE, people.SIZE)
    assert "persona" in paired["method"]
    assert "episode" not in paired["method"]
    assert compared("mann_whitney", shuffled)["p"] > 0.5
