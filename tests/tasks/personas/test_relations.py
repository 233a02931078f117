"""Relations between personas hold what they are declared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Mistake
from schemas.study.relations import RelationSpec
from tasks.personas.relations import Related, related
from tasks.personas.rules import Values
from tasks.personas.structure import Column, Draws

SIZE = 600
RNG = np.random.default_rng(1)
VALUES = Values(
    SIZE,
    {
        "town": Column(("a", "b", "c"), RNG.integers(0, 3, SIZE)),
        "home": Column(("one", "two", "three"), RNG.integers(0, 3, SIZE)),
    },
    {"age": RNG.integers(10, 80, SIZE).astype(float)},
)
NAMES = [f"P{number}" for number in range(SIZE)]


def drawn(seed: str = "0" * 32, **fields: Any) -> Related:
    return related("r", RelationSpec.model_validate(fields), VALUES, NAMES, Draws(seed))


def links(found: Related) -> set[tuple[int, int]]:
    return set(zip(found.pairs.persona.tolist(), found.pairs.other.tolist(), strict=True))


@settings(deadline=None, max_examples=30)
@given(
    degree=st.integers(1, 5),
    same=st.lists(st.sampled_from(["town", "home"]), unique=True),
    draw=st.sampled_from(["pairs", "directed"]),
    gap=st.sampled_from([None, 5, 20]),
    seed=st.integers(0, 9),
)
def test_drawn_relations_keep_every_condition(
    degree: int, same: list[str], draw: str, gap: int | None, seed: int
) -> None:
    fit: dict[str, Any] = {}
    if gap is not None:
        ends = {"min": -gap, "max": gap} if draw == "pairs" else {"min": gap}
        fit = {"other.age": {"less": "age", **ends}}
    found = drawn(f"{seed:032x}", draw=draw, degree=degree, same=same, fit=fit)
    pairs = links(found)
    assert len(pairs) == len(found.pairs.persona)
    assert all(one != other for one, other in pairs)
    if draw == "pairs":
        assert pairs == {(other, one) for one, other in pairs}
    for name in same:
        codes = VALUES.columns[name].codes
        assert (codes[found.pairs.persona] == codes[found.pairs.other]).all()
    if gap:
        more = VALUES.scores["age"][found.pairs.other] - VALUES.scores["age"][found.pairs.persona]
        assert (np.abs(more) <= gap).all() if draw == "pairs" else (more >= gap).all()
    assert np.bincount(found.pairs.persona).max() <= degree


def test_nearly_everybody_has_as_many_as_declared() -> None:
    found = drawn(draw="pairs", degree=4)
    assert found.figures["found"] > 0.99
    assert found.figures["mean_degree"] == pytest.approx(4, abs=0.05)
    assert drawn(draw="directed", degree=3).figures["mean_degree"] == 3


@pytest.mark.parametrize("draw", ["pairs", "directed"])
def test_homophily_is_the_share_drawn_among_the_alike(draw: str) -> None:
    shares = VALUES.columns["town"].shares()
    chance = float(np.square(shares).sum())
    for share in (0.0, 0.5, 1.0):
        found = drawn(draw=draw, degree=6, homophily={"town": share})
        wanted = share + (1 - share) * chance
        assert found.figures["alike_in_town"] == pytest.approx(wanted, abs=0.05)


def test_groups_are_whole_and_as_large_as_their_category_says() -> None:
    found = drawn(draw="groups", size={"home": {"one": 1, "two": 2, "three": 3}}, same=["town"])
    degrees = np.bincount(found.pairs.persona, minlength=SIZE)
    for code, alone in enumerate((0, 1, 2)):
        own = degrees[VALUES.columns["home"].codes == code]
        assert set(own) <= {0, alone}
        assert (own == alone).mean() > 0.95
    pairs = links(found)
    assert pairs == {(other, one) for one, other in pairs}
    triads = [(b, c) for a, b in pairs for x, c in pairs if a == x and b != c]
    assert set(triads) <= pairs


def test_the_same_seed_gives_the_same_relations() -> None:
    one, same, other = (drawn(f"{n:032x}", draw="pairs", degree=2) for n in (1, 1, 2))
    assert links(one) == links(same) != links(other)


def test_listed_relations_name_personas_or_their_numbers() -> None:
    rows = {"columns": {"persona": ["P0", "3"], "other": ["P1", "1"], "strength": ["0.5", "1"]}}
    found = drawn(draw="listed", rows=rows)
    assert links(found) == {(0, 1), (2, 0)}
    assert sorted(found.pairs.strength) == [0.5, 1]
    assert links(drawn(draw="listed", symmetric=True, rows=rows)) == {
        (0, 1), (1, 0), (2, 0), (0, 2),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("persona", "other", "message"),
    [
        (["P0", "Nobody"], ["P1", "P2"], "row 2 of the relation r has no persona"),
        (["P0"], ["1"], "with itself"),
        (["P0", "P1"], ["P1", "P0"], "row 2 of the relation r is there twice"),
    ],
)
def test_listed_relations_that_cannot_be_are_refused(
    persona: list[str], other: list[str], message: str
) -> None:
    rows = {"columns": {"persona": persona, "other": other}}
    with pytest.raises(Mistake, match=message):
        drawn(draw="listed", symmetric=True, rows=rows)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"draw": "groups"}, "groups need a size"),
        ({"draw": "groups", "size": 1}, "a group has at least 2"),
        ({"draw": "pairs", "size": 2}, "size: it goes with draw: groups"),
        ({"draw": "listed"}, "need rows with the columns persona and other"),
        ({"draw": "directed", "symmetric": True}, "symmetric: it goes with draw: listed"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RelationSpec.model_validate(fields)
