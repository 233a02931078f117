"""Families of contrasts: a row for each that was declared, whatever its values are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from tasks.metrics.contrasts.correction import adjusted
from tasks.metrics.contrasts.findings import family_rows

RNG = np.random.default_rng(3)
Values = Mapping[str, Sequence[float | None]]
chances = st.none() | st.floats(0, 1)


def numbers(
    metric: str, values: Values, nulls: Mapping[str, Sequence[float]] | None = None, seats: int = 0
) -> pl.DataFrame:
    """Rows of ``metrics``: one per episode, or several seats of each, one after the other."""
    rows: list[dict[str, Any]] = []
    for condition, mine in values.items():
        for place, value in enumerate(mine):
            episode = place // seats if seats else place
            rows.append(
                {
                    "unit_key": metric,
                    "metric": metric,
                    "scope": "seat" if seats else "episode",
                    "condition": condition,
                    "episode_key": f"{condition} {episode}",
                    "subject": str(place % seats) if seats else "",
                    "value": value,
                    "null_mean": nulls[condition][place] if nulls else None,
                }
            )
    schema = dict.fromkeys(("value", "null_mean"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=schema)


def comparison(metric: str, test: str = "mann_whitney", **more: Any) -> dict[str, Any]:
    return {
        "contrast": f"{metric} {test}",
        "family": "main",
        "specification": "",
        "metric": metric,
        "subject": None,
        "rule": None,
        "measure": metric,
        "excluded": {},
        "test": test,
        "options": {},
        "excess": False,
        "correction": "holm",
        "between": ["a", "b"],
        "factors": ["name"],
        **more,
    }


def rows_of(*comparisons: Mapping[str, Any], metrics: Sequence[pl.DataFrame]) -> list[Any]:
    return family_rows(comparisons, pl.concat(metrics), {}, np.random.default_rng(0))


SOUND = numbers("sound", {"a": RNG.normal(0, 1, 8).tolist(), "b": RNG.normal(3, 1, 8).tolist()})


def test_a_contrast_with_too_few_episodes_has_a_row_and_keeps_its_family_in_size() -> None:
    few = numbers("few", {"a": [1.0, 2.0, 3.0], "b": [4.0, None, None]})
    alone = rows_of(comparison("sound"), metrics=[SOUND])[0]
    sound, other, gone = rows_of(
        comparison("sound"),
        comparison("few"),
        comparison("gone", measure=None),
        metrics=[SOUND, few],
    )
    assert sound["p"] == alone["p"]
    assert sound["p_adjusted"] == pytest.approx(3 * alone["p"])
    assert sound["family_size"] == 3
    assert "over the 3 comparisons of family main, 2 of them without a p" in sound["method"]
    assert (other["p"], other["p_adjusted"]) == (None, None)
    assert "not tested: mann_whitney needs at least 2 episodes" in other["warning"]
    assert (other["n_a"], other["n_b"], other["n_excluded"]) == (3, 1, 2)
    assert "no usable measurement of gone" in gone["warning"]


@given(
    st.lists(chances, min_size=1, max_size=8),
    st.sampled_from(["holm", "bonferroni", "fdr_bh", "fdr_by"]),
)
def test_a_missing_p_counts_like_one_of_one(p_values: list[float | None], method: str) -> None:
    found = adjusted(p_values, method)
    full = multipletests([1.0 if p is None else p for p in p_values], method=method)[1]
    there = [p for p in p_values if p is not None]
    smaller = multipletests(there, method=method)[1] if there else []
    for p, q, expected in zip(p_values, found, full, strict=True):
        assert (q is None) == (p is None)
        assert q is None or q == pytest.approx(expected)
    kept = [q for q in found if q is not None]
    assert all(q >= less - 1e-12 for q, less in zip(kept, smaller, strict=True))


def test_the_strongest_evidence_stays_in_its_family() -> None:
    apart = numbers("apart", {"a": list(range(12)), "b": list(range(100, 112))})
    weak = numbers("weak", {"a": RNG.normal(0, 1, 12).tolist(), "b": RNG.normal(1, 1, 12).tolist()})
    one, two = rows_of(
        comparison("apart", "brunner_munzel"),
        comparison("weak", "brunner_munzel"),
        metrics=[apart, weak],
    )
    assert one["p"] == pytest.approx(2 / 2704156)
    assert one["p_adjusted"] == pytest.approx(2 * one["p"])
    assert two["p_adjusted"] == two["p"]
    assert one["ci_low"] < 0.95 < one["ci_high"]


@pytest.mark.parametrize("test", ["cluster_robust", "gee", "mixed_model"])
def test_shares_that_sum_to_one_are_not_tested(test: str) -> None:
    shares = {name: RNG.dirichlet(np.ones(5), 12).ravel().tolist() for name in ("a", "b")}
    (row,) = rows_of(comparison("shares", test), metrics=[numbers("shares", shares, seats=5)])
    assert row["p"] is None
    assert "the same mean over seats up to rounding" in row["warning"]


@pytest.mark.parametrize("test", ["mann_whitney", "brunner_munzel", "welch", "permutation"])
@pytest.mark.parametrize("excess", [True, False])
def test_values_that_differ_by_rounding_are_not_tested(test: str, excess: bool) -> None:
    base = 0.7 if excess else 0.0
    values = {
        "a": [base + 0.3, base + 0.1 + 0.2] * 6,
        "b": [base + 0.30000000000000016, base + 0.3] * 6,
    }
    nulls = {name: [0.7] * 12 for name in values}
    found = numbers("equal", values, nulls)
    (row,) = rows_of(comparison("equal", test, excess=excess), metrics=[found])
    assert row["p"] is None
    assert "the same value up to rounding" in row["warning"]


def test_episodes_without_a_value_are_counted_by_side_with_the_reason() -> None:
    values = {"a": RNG.normal(0, 1, 14).tolist(), "b": [None] * 9 + RNG.normal(0, 1, 5).tolist()}
    excluded = {"a": {}, "b": {"incomplete": 1}}
    (row,) = rows_of(comparison("gaps", excluded=excluded), metrics=[numbers("gaps", values)])
    assert (row["n_a"], row["n_b"], row["n_excluded"]) == (14, 5, 10)
    assert "b 10 of 15 (1 incomplete, 9 without a value)" in row["warning"]
    assert "episodes left out: b 1 incomplete, 9 without a value" in row["method"]


def test_a_test_that_cannot_find_anything_says_so() -> None:
    three = numbers("three", {"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    (row,) = rows_of(comparison("three"), metrics=[three])
    assert row["p"] == row["p_least"] == pytest.approx(0.1)
    assert "with 3 and 3 episodes no p below 0.1 can come out of this test" in row["warning"]


@pytest.mark.parametrize(
    ("shift", "n", "said"),
    [(3.0, 8, None), (0.0, 8, "level.slope does not confirm"), (3.0, 0, "has no p")],
)
def test_a_difference_says_whether_what_must_confirm_it_does(
    shift: float, n: int, said: str | None
) -> None:
    def of(name: str, values: Values) -> pl.DataFrame:
        nulls = {condition: [0.0] * len(mine) for condition, mine in values.items()}
        return numbers(name, values, nulls).with_columns(pl.lit("level").alias("unit_key"))

    both = {"a": RNG.normal(0, 1, 8).tolist(), "b": RNG.normal(3, 1, 8).tolist()}
    slopes = {"a": RNG.normal(0, 1, 8).tolist(), "b": RNG.normal(shift, 1, 8).tolist()}
    measured = [of("level", both), of("level.slope", slopes).head(2 * n)]
    confirmed = {"confirmed_by": "level.slope", "otherwise": "topics give it as well"}
    (row,) = rows_of(comparison("level", **confirmed), metrics=measured)
    assert row["p"] < 0.05
    assert (said is None) == (row["warning"] is None)
    assert (said or "") in (row["warning"] or "")


def test_an_interval_of_a_difference_is_no_wider_than_differences_can_be() -> None:
    shares = numbers("share", {"a": [0.0, 0.1, 0.05], "b": [0.98, 1.0, 0.5]})
    free, within = (
        rows_of(comparison("share", "permutation", **width), metrics=[shares])[0]
        for width in ({}, {"width": 1.0})
    )
    assert free["ci_high"] > 1
    assert (within["ci_low"], within["ci_high"]) == (free["ci_low"], 1.0)
    assert "interval cut to ±1" in within["method"]


def test_nulls_are_said_to_differ_where_they_differ_by_more_than_their_noise() -> None:
    warned = 0
    for study in range(200):
        rng = np.random.default_rng(study)
        values = {name: rng.normal(0.5, 0.1, 12).tolist() for name in ("a", "b")}
        nulls = {name: rng.normal(0.4, 0.1, 12).tolist() for name in ("a", "b")}
        (row,) = rows_of(comparison("same"), metrics=[numbers("same", values, nulls)])
        warned += "their nulls differ too" in (row["warning"] or "")
    assert warned <= 8
    nulls = {"a": RNG.normal(0.4, 0.01, 12).tolist(), "b": RNG.normal(0.6, 0.01, 12).tolist()}
    values = {name: RNG.normal(0.5, 0.1, 12).tolist() for name in ("a", "b")}
    (row,) = rows_of(comparison("moved"), metrics=[numbers("moved", values, nulls)])
    assert "their nulls differ too (a 0.40, b 0." in row["warning"]
    nulls["a"] = [null - 0.401 for null in nulls["a"]]
    (row,) = rows_of(comparison("moved"), metrics=[numbers("moved", values, nulls)])
    assert "(a 0.00, b 0." in row["warning"]


def test_values_that_depend_on_how_many_seats_there_are_have_a_warning_where_those_differ() -> None:
    values = numbers("agreed", {name: RNG.normal(0.5, 0.1, 6).tolist() for name in ("a", "b")})
    in_b = pl.col("condition") == "b"
    groups = values.with_columns(n_measured=pl.when(in_b).then(8).otherwise(3))
    (row,) = rows_of(comparison("agreed", made_of="seats"), metrics=[groups])
    assert "unequal numbers of seats (a 3, b 8)" in row["warning"]
    (row,) = rows_of(comparison("agreed"), metrics=[groups])
    assert row["warning"] is None
    # A seat that falls silent here and there is no other size of groups.
    noisy = values.with_columns(n_measured=pl.Series([4, 5, 5, 4, 5, 5] * 2))
    (row,) = rows_of(comparison("agreed", made_of="seats"), metrics=[noisy])
    assert row["warning"] is None


def test_jackknife_values_of_few_long_episodes_have_a_warning() -> None:
    values = numbers("utility", {name: RNG.normal(0, 1, 6).tolist() for name in ("a", "b")})
    long, even = ([60, 4, 4, 4, 4, 4] * 2, [25] * 12)
    for choices, warned in ((long, True), (even, False)):
        of = values.with_columns(n_measured=pl.Series(choices))
        (row,) = rows_of(comparison("utility", weighed_by="choices"), metrics=[of])
        assert ("(a 1.7 of 6, b 1.7 of 6)" in (row["warning"] or "")) == warned
