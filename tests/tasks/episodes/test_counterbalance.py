"""Layouts over replicates: everything everywhere equally often, and each pair as well."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.episodes.counterbalance import Counterbalance, Layout

WAYS = st.sampled_from(["fixed", "latin_square", "permutations", "random"])
DECLARED = st.builds(Counterbalance, models=WAYS, names=WAYS, personas=WAYS)


def layouts(declared: Counterbalance, n: int, replicates: int) -> list[Layout]:
    return [declared.layout(n, number, seed=3) for number in range(1, replicates + 1)]


@given(declared=DECLARED, n=st.integers(2, 7), replicate=st.integers(1, 500))
def test_every_replicate_gives_each_position_one_of_everything_that_varies(
    declared: Counterbalance, n: int, replicate: int
) -> None:
    layout = declared.layout(n, replicate, seed=1)
    for thing, way in declared.ways.items():
        order = getattr(layout, thing)
        assert (order == ()) if way == "fixed" else (sorted(order) == list(range(n)))
    assert layout == declared.layout(n, replicate, seed=1)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("squares", [1, 2])
def test_a_complete_layout_of_squares_has_every_combination_equally_often(
    n: int, squares: int
) -> None:
    declared = Counterbalance(
        models="latin_square", names="latin_square" if squares == 2 else "fixed"
    )
    period = declared.period(n)
    # A second block has other neighbours and is as balanced as the first.
    for block in range(2):
        found = layouts(declared, n, 2 * period)[block * period : (block + 1) * period]
        at = Counter((place, one.models[place]) for one in found for place in range(n))
        assert set(at.values()) == {period // n}
        assert len(at) == n * n
        if squares == 2:
            named = Counter(
                pair for one in found for pair in zip(one.models, one.names, strict=True)
            )
            assert len(named) == n * n
            assert set(named.values()) == {period // n}
            at = Counter((place, one.names[place]) for one in found for place in range(n))
            assert set(at.values()) == {period // n}


def test_three_squares_are_orthogonal_where_the_size_allows() -> None:
    declared = Counterbalance(models="latin_square", names="latin_square", personas="latin_square")
    assert [declared.period(n) for n in (3, 4, 5, 7, 8)] == [27, 4, 5, 7, 8]
    for one, other in itertools.combinations(("models", "names", "personas"), 2):
        pairs = Counter(
            pair
            for layout in layouts(declared, 8, 8)
            for pair in zip(getattr(layout, one), getattr(layout, other), strict=True)
        )
        assert len(pairs) == 64


def test_all_permutations_come_once_and_each_n_of_them_are_a_square() -> None:
    found = [one.models for one in layouts(Counterbalance(models="permutations"), 4, 24)]
    assert len(set(found)) == 24
    for start in range(0, 24, 4):
        for place in range(4):
            assert {order[place] for order in found[start : start + 4]} == {0, 1, 2, 3}


def test_permutations_of_two_things_meet_in_every_combination() -> None:
    declared = Counterbalance(models="permutations", names="latin_square")
    pairs = {(one.models, one.names) for one in layouts(declared, 3, declared.period(3))}
    assert len(pairs) == 18


def test_a_further_square_has_other_neighbours() -> None:
    found = [one.models for one in layouts(Counterbalance(models="latin_square"), 5, 50)]
    after = {pair for order in found for pair in itertools.pairwise(order)}
    assert len(after) > 5


def test_a_thousand_seats_that_are_not_counterbalanced_take_no_time() -> None:
    assert Counterbalance().layout(10_000, 7, seed=1) == Layout(block=6)
