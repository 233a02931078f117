"""Taxonomies: trees of any depth, cut, and drawn near to and far from a persona's anchors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.study.population import PopulationSpec
from schemas.study.taxonomy import STRATA, Taxonomy, TaxonomySpec
from tasks.personas.draw import drawn_population
from tasks.personas.structure import Draws, coded
from tasks.personas.taxonomy import chosen_attributes, similarities

TREE = {
    "name": "life",
    "branches": {
        "health": {
            "branches": {
                "sleep": {"branches": {"hours": {"range": [5, 9]}, "snores": ["yes", "no"]}},
                "care": {"about": "nurse, hospital, ward", "values": {"good": 3, "bad": 1}},
                "diet": {"about": "cook, kitchen", "values": ["vegan", "everything"]},
            }
        },
        "leisure": {"branches": {"music": ["jazz", "rock"], "garden": None}},
        "regret": {"about": "what one would undo"},
    },
}


def spec(**fields: Any) -> TaxonomySpec:
    declared = {"tree": TREE, "attributes": 3, "anchors": ["job"], **fields}
    return TaxonomySpec.model_validate(declared)


def test_a_tree_is_cut_where_it_is_declared() -> None:
    tree = Taxonomy.model_validate(TREE)
    assert tree.depth == 3
    assert [leaf.path for leaf in tree.leaves()] == [
        "health.sleep.hours", "health.sleep.snores", "health.care", "health.diet",
        "leisure.music", "leisure.garden", "regret",
    ]  # fmt: skip
    assert [leaf.path for leaf in tree.leaves(2)][:2] == ["health.sleep", "health.care"]
    assert [leaf.path for leaf in tree.leaves(1)] == ["health", "leisure", "regret"]
    assert [(leaf.depth, leaf.category) for leaf in tree.leaves()][:1] == [(3, "health")]


@given(depth=st.integers(1, 24))
def test_trees_are_as_deep_as_they_are_written(depth: int) -> None:
    node: Any = ["a", "b"]
    for level in range(depth - 1):
        node = {"branches": {f"n{level}": node}}
    assert Taxonomy.model_validate({"name": "deep", "branches": {"top": node}}).depth == depth


def test_a_node_can_have_the_branches_of_another() -> None:
    person = {"branches": {"age": {"range": [0, 99]}, "mood": ["good", "bad"]}}
    family = {"branches": {"partner": {"like": "person"}, "child": {"like": "person"}}}
    tree = Taxonomy.model_validate({"name": "t", "branches": {"person": person, "family": family}})
    assert "family.child.mood" in [leaf.path for leaf in tree.leaves()]


@pytest.mark.parametrize(
    ("branches", "message"),
    [
        ({"a": {"like": "a"}}, "circle: a -> a"),
        ({"a": {"branches": {"b": {"like": "a"}}}}, r"circle: a\.b -> a -> a\.b|circle: a -> a"),
        ({"a": {"like": "b"}, "b": {"like": "a"}}, "goes round in a circle"),
        ({"a": {"branches": {"x": {"like": "b"}}}, "b": {"branches": {"y": {"like": "a"}}}},
         "goes round in a circle"),
        ({"a": {"like": "c.d"}}, "there is no node c.d"),
        ({"a.b": ["x"]}, "holds no '.'"),
        ({"a": {"values": {"x": 0}}}, "one is above"),
        ({"a": {"values": {"x": 1}, "range": [1, 2]}}, "either values or a range"),
        ({"a": {"range": [2, 1]}}, "2 is not below 1"),
    ],
)  # fmt: skip
def test_a_tree_that_cannot_be_is_refused(branches: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Taxonomy.model_validate({"name": "t", "branches": branches})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"depth": 4}, "life is 3 deep: expected at most 3, found 4"),
        ({"attributes": 9}, "4 are to be near, and the taxonomy cut at depth 3 has 2"),
        ({"strata": {"near": 0.5, "far": 0.4}}, "sum to 0.9, not to 1"),
        ({"anchors": []}, "anchors"),
    ],
)
def test_more_than_a_tree_has_is_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec(**fields)


def test_every_persona_has_as_many_of_each_stratum_as_declared() -> None:
    size = 300
    jobs = coded(["nurse", "cook", "painter"] * (size // 3))
    one = spec(attributes=4, strata={"near": 0.5, "middle": 0.25, "far": 0.25})
    chosen = chosen_attributes(one, {"job": jobs}, size, Draws("0" * 32))
    strata = np.zeros((size, 3), dtype=int)
    for each in chosen:
        assert len(set(each.personas)) == len(each.personas)
        np.add.at(strata, (each.personas, each.strata), 1)
        assert (each.leaf.depth, each.leaf.category) != (0, "")
    assert (strata == [2, 1, 1]).all()
    ordinals = [[] for _ in range(size)]  # type: ignore[var-annotated]
    for each in chosen:
        for persona, ordinal in zip(each.personas, each.ordinals, strict=True):
            ordinals[persona].append(int(ordinal))
    assert all(sorted(one) == [1, 2, 3, 4] for one in ordinals)


def test_what_is_near_shares_words_with_the_anchors() -> None:
    size = 200
    jobs = coded(["nurse", "cook"] * (size // 2))
    found = {
        one.leaf.path: one
        for one in chosen_attributes(spec(), {"job": jobs}, size, Draws("0" * 32))
    }
    care, diet = found["health.care"], found["health.diet"]
    assert {STRATA[code] for code in care.strata[care.personas % 2 == 0]} == {"near"}
    assert {STRATA[code] for code in diet.strata[diet.personas % 2 == 1]} == {"near"}
    assert care.similarities[care.personas % 2 == 0].min() > 0.2
    assert care.similarities[care.personas % 2 == 1].max() < 0.1


def test_similarity_is_the_cosine_of_weighted_trigrams() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    others = ["a nursing home", "the kitchen of a cook", "fishing"]
    oracle = TfidfVectorizer(
        analyzer=lambda text: [f" {w} "[i : i + 3] for w in text.split() for i in range(len(w))]
    ).fit(others)
    text = "cooking nurse kitchen"
    expected = (oracle.transform([text]) @ oracle.transform(others).T).toarray()
    found = similarities([text], others)
    # Ours counts trigrams that no other has, so all similarities are smaller by one factor.
    assert np.argsort(found).tolist() == np.argsort(expected).tolist()
    ratio = found[found > 0] / expected[expected > 0]
    assert ratio == pytest.approx(ratio[0], rel=1e-4)


def test_values_follow_their_weights_and_some_are_left_to_prose() -> None:
    one = spec(strata={"near": 1.0}, attributes=2)
    population = PopulationSpec.model_validate(
        {"size": 4000, "targets": {"job": {"nurse": 1.0}}, "taxonomy": one}
    )
    drawn = drawn_population(population, "0" * 32)
    held = {one.leaf.path: one for one in drawn.chosen}
    counts = Counter(held["health.care"].values.values())  # type: ignore[union-attr]
    assert counts["good"] / counts.total() == pytest.approx(0.75, abs=0.03)
    every = PopulationSpec.model_validate(
        {"size": 50, "targets": {"job": {"nurse": 1.0}}, "taxonomy": spec(attributes=5)}
    )
    whole = drawn_population(every, "0" * 32)
    prose = {one.leaf.path for one in whole.chosen if one.values is None}
    assert prose <= {"leisure.garden", "regret"}
    assert prose
    values = whole.values(1)
    assert not prose & values.keys()
    hours = {one.leaf.path: one for one in whole.chosen}.get("health.sleep.hours")
    assert hours is None or set(hours.values.categories) <= {"5", "6", "7", "8", "9"}  # type: ignore[union-attr]
