from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chisquare

from schemas.study.population import PopulationSpec
from tasks.personas.draw import drawn_population
from tasks.personas.fit import default_tolerance, population_fit

SHARES = {"young": 0.3, "middle": 0.3, "old": 0.4}


def test_fits_are_what_scipy_computes_of_the_same_counts() -> None:
    spec = PopulationSpec.model_validate({"size": 150, "targets": {"age": SHARES}})
    population = drawn_population(spec, "0" * 32)
    (fit,) = population_fit(spec, population.attributes)
    counts = np.bincount(population.attributes["age"].codes, minlength=3)
    target = np.array(list(SHARES.values()))
    expected = chisquare(counts, target * 150)
    assert fit.chi_square == pytest.approx(expected.statistic)
    assert fit.p == pytest.approx(expected.pvalue)
    assert fit.jensen_shannon == pytest.approx(jensenshannon(counts / 150, target, base=2) ** 2)
    assert fit.total_variation == pytest.approx(np.abs(counts / 150 - target).sum() / 2)


def test_a_joint_table_is_compared_cell_by_cell() -> None:
    joint = {"young": {"f": 0.4, "m": 0.1}, "old": {"f": 0.1, "m": 0.4}}
    spec = PopulationSpec.model_validate(
        {"size": 1000, "targets": {"age x sex": joint}, "method": "ipf"}
    )
    (fit,) = population_fit(spec, drawn_population(spec, "0" * 32).attributes)
    assert fit.categories == ("young x f", "young x m", "old x f", "old x m")
    assert fit.realised == pytest.approx([0.4, 0.1, 0.1, 0.4])
    assert fit.met


def test_honest_draws_stay_within_the_default_tolerance() -> None:
    missed = 0
    for number in range(300):
        spec = PopulationSpec.model_validate({"size": 40, "targets": {"age": SHARES}})
        population = drawn_population(spec, f"{number:032x}")
        missed += not population_fit(spec, population.attributes)[0].met
    assert missed == 0
    assert default_tolerance(40, 3) < 0.4


def test_a_cell_that_should_be_empty_has_no_chi_square() -> None:
    spec = PopulationSpec.model_validate(
        {
            "size": 2,
            "targets": {"job": {"shares": {"nurse": 1.0, "cook": 0.0}, "tolerance": 0.1}},
            "method": {"use": "dataset", "rows": {"columns": {"job": ["nurse", "cook"]}}},
        }
    )
    (fit,) = population_fit(spec, drawn_population(spec, "0" * 32).attributes)
    assert fit.chi_square is None
    assert not fit.met
