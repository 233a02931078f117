from __future__ import annotations

import pytest

from tasks.report.formatting import interval, number, plain, share, usd
from tasks.report.plots.scale import Scale, ends, ticks, words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.500"), (-0.0001, "−1.0e−04"), (0.0, "0.000"), (12, "12"), (1234567, "1,234,567"),
     (float("nan"), "–"), (None, "–")],
)  # fmt: skip
def test_numbers_are_written_alike(value: float | None, text: str) -> None:
    assert number(value) == text


def test_an_end_that_is_nought_but_for_rounding_is_written_as_nought() -> None:
    assert interval(-8e-10, 0.111) == "0.000 to 0.111"


def test_an_interval_without_ends_is_a_dash() -> None:
    assert interval(None, 0.2) == "–"
    assert interval(float("nan"), 0.2) == "–"


def test_shares_and_dollars() -> None:
    assert share(0.0123) == "1.2%"
    assert usd(0.0) == "0.00"


def test_parameters_are_written_without_braces() -> None:
    assert plain({"kind": "window", "size": 5}) == "kind: window; size: 5"
    assert plain([]) == "none"
    assert plain(0.30000000000000004) == "0.3"


def test_axis_ends_hold_every_value() -> None:
    for values in ([0.1, 0.95], [-0.3, 0.9], [3.0, 3.0], [0.0, 0.0], [-4.0, 120.0], [0.911, 0.914]):
        low, high = ends(values)
        assert low <= min(values) <= max(values) <= high
        assert low < high


def test_shares_are_drawn_from_nought_to_one_and_differences_where_they_lie() -> None:
    assert ends([0.2, 0.9]) == (0.0, 1.0)
    assert ends([-0.27, 0.09]) == (-0.3, 0.1)


def test_ticks_are_round_and_inside() -> None:
    assert ticks(-1, 1) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert all(0.911 <= tick <= 0.914 for tick in ticks(0.911, 0.914))
    assert [words(tick, 0.25) for tick in (0.25, -0.5)] == ["0.25", "−0.50"]


def test_values_outside_stay_at_the_edge() -> None:
    scale = Scale(0, 1, 100, 200)
    assert (scale(-3), scale(0.5), scale(7)) == (100, 150, 200)
