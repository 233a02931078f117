"""Numeric attributes follow the distributions that they are declared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from schemas.errors import Mistake
from schemas.study.numbers import NumberSpec
from tasks.personas.numbers import drawn_numbers
from tasks.personas.structure import Column, Draws, Floats

N = 20_000
SEX = Column(("f", "m"), np.arange(N) % 2)


def drawn(size: int = N, **fields: Any) -> Floats:
    spec = NumberSpec.model_validate(fields)
    return drawn_numbers("x", spec, {"sex": SEX}, size, Draws("0" * 32)).numbers()


@pytest.mark.parametrize(
    ("fields", "oracle"),
    [
        ({"draw": "uniform", "parameters": {"low": 2, "high": 5}}, stats.uniform(2, 3)),
        ({"draw": "normal", "parameters": {"mean": -1, "sd": 2}}, stats.norm(-1, 2)),
        (
            {"draw": "lognormal", "parameters": {"median": 3, "sd_log": 0.5}},
            stats.lognorm(0.5, scale=3),
        ),
    ],
)
def test_numbers_follow_their_distribution(fields: Any, oracle: Any) -> None:
    assert stats.kstest(drawn(**fields), oracle.cdf).pvalue > 0.01


def test_a_generalised_beta_number_is_an_odds_of_a_beta_number() -> None:
    a, b, p, q = 2.5, 45_000.0, 0.9, 1.4
    found = drawn(draw="generalised_beta", parameters={"a": a, "b": b, "p": p, "q": q})
    power = (found / b) ** a
    assert stats.kstest(power / (1 + power), stats.beta(p, q).cdf).pvalue > 0.01


@given(low=st.integers(-20, 20), width=st.integers(1, 30))
def test_every_whole_number_between_the_ends_is_as_likely(low: int, width: int) -> None:
    found = drawn(draw="uniform", parameters={"low": low, "high": low + width}, round_to=1)
    assert (found.min(), found.max()) == (low, low + width)
    counts = np.unique(found, return_counts=True)[1]
    assert stats.chisquare(counts).pvalue > 1e-6


def test_parameters_and_factors_depend_on_attributes() -> None:
    by = {"sex": {"f": {"low": 0, "high": 1}, "m": {"low": 10, "high": 11}}}
    found = drawn(draw="uniform", by=by, times={"sex": {"m": 2}})
    assert found[SEX.codes == 0].max() <= 1
    assert found[SEX.codes == 1].min() >= 20


def test_bounds_cut_the_distribution_and_move_nothing_to_the_ends() -> None:
    parameters = {"mean": 0, "sd": 1}
    found = drawn(draw="normal", parameters=parameters, min=0.5, max=1.0)
    assert stats.kstest(found, stats.truncnorm(0.5, 1.0).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"draw": "normal", "parameters": {"low": 1}}, "normal has mean, sd, not low"),
        ({"draw": "normal", "parameters": {"mean": 1, "sd": 0}}, "sd: 0 is not above 0"),
        ({"draw": "normal", "min": 2, "max": 1}, "min 2 is not below max 1"),
        ({"draw": "uniform", "times": {"sex": {"f": -1}}}, "times.sex.f: -1 is not above 0"),
    ],
)
def test_wrong_parameters_are_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumberSpec.model_validate(fields)


def test_a_category_without_parameters_is_told_at_the_draw() -> None:
    by = {"sex": {"f": {"low": 0, "high": 1}}}
    with pytest.raises(Mistake, match="no low for sex m"):
        drawn(draw="uniform", by=by)
