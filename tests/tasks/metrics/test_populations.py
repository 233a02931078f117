"""Numbers of whole populations against oracles and small cases."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.metrics.catalogue import METRICS
from tasks.metrics.persona.coverage import trait_coverage
from tasks.metrics.persona.duplicates import near_texts
from tasks.metrics.persona.fields import Fields
from tasks.metrics.persona.texts import mean_cosine, nearest_cosine, tf_idf
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.text.tokens import tokens_in
from tasks.metrics.worlds.personas import personas_frame


def people(n: int, **parts: pl.DataFrame) -> PersonaData:
    return PersonaData(personas=personas_frame({"all": n}), **parts)


def numbers_of(metric: str, data: PersonaData, **options: Any) -> dict[str, dict[str, Any]]:
    one = METRICS[metric]
    found = one.compute(data, one.options(**options), np.random.default_rng(1))
    return {row["quantity"]: row for row in found.to_dicts() if row["subject"] in ("", "job")}


@st.composite
def fields(draw: Any) -> Fields:
    n = draw(st.integers(2, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    codes = rng.integers(0, 3, (n, draw(st.integers(0, 3))))
    return Fields(codes, rng.random((n, draw(st.integers(1, 3)))))


@given(fields())
@settings(deadline=None)
def test_gower_is_the_mean_over_fields_pair_by_pair(some: Fields) -> None:
    def gower(i: int, j: int) -> float:
        parts = [float(a != b) for a, b in zip(some.codes[i], some.codes[j], strict=True)]
        parts += np.abs(some.numbers[i] - some.numbers[j]).tolist()
        return float(np.mean(parts))

    pairs = {(i, j): gower(i, j) for i, j in itertools.permutations(range(some.n), 2)}
    assert some.mean_distance() == pytest.approx(np.mean(list(pairs.values())))
    nearest = [min(pairs[i, j] for j in range(some.n) if j != i) for i in range(some.n)]
    assert some.nearest(np.arange(some.n)) == pytest.approx(nearest, abs=1e-6)
    kept = some.shuffled(np.random.default_rng(2))
    assert kept.mean_distance() == pytest.approx(some.mean_distance())


TEXTS = [
    "She sails on Sundays, and sails well.",
    "He bakes bread on Sundays.",
    "She bakes nothing at all; she sails.",
    "Bread, bread, and more bread!",
]


def test_tf_idf_is_that_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    ours = tf_idf(tokens_in(pl.Series(TEXTS)))
    theirs = TfidfVectorizer(token_pattern=r"[^\W\d_']+").fit_transform(TEXTS)
    assert (ours @ ours.T).toarray() == pytest.approx((theirs @ theirs.T).toarray())
    cosines = (theirs @ theirs.T).toarray()
    off = cosines[~np.eye(len(TEXTS), dtype=bool)]
    assert mean_cosine(ours) == pytest.approx(off.mean())
    np.fill_diagonal(cosines, -1)
    assert nearest_cosine(ours, np.arange(4)) == pytest.approx(cosines.max(axis=1))


words = st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=14).map(" ".join)


@given(st.lists(words, min_size=2, max_size=25), st.sampled_from([0.6, 0.8, 1.0]))
@settings(deadline=None)
def test_near_duplicates_are_those_of_all_pairs(texts: list[str], jaccard: float) -> None:
    def shingles(text: str) -> set[tuple[str, ...]]:
        parts = text.split()
        return {tuple(parts[i : i + 3]) for i in range(len(parts) - 2)}

    sets = [shingles(text) for text in texts]
    near = {
        i
        for i, j in itertools.permutations(range(len(sets)), 2)
        if len(sets[i] & sets[j]) >= jaccard * len(sets[i] | sets[j])
    }
    found = near_texts(tokens_in(pl.Series(texts)), 3, jaccard)
    # Below .8 MinHash may miss a pair; it never takes one for near that is not.
    if jaccard == 0.6:
        assert set(np.flatnonzero(found)) <= near
    else:
        assert set(np.flatnonzero(found)) == near


def test_near_duplicates_are_found_among_thousands() -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(f"w{word}" for word in rng.integers(0, 4000, 60)) for _ in range(3000)]
    changed = texts[7].split()
    changed[30] = "other"
    texts[2500] = " ".join(changed)
    assert np.flatnonzero(near_texts(tokens_in(pl.Series(texts)), 3, 0.8)).tolist() == [7, 2500]


def test_the_vendi_score_is_that_of_its_definition() -> None:
    attributes = pl.DataFrame(
        {
            "persona": list(range(6)),
            "attribute": ["job"] * 6,
            "value": ["cook", "cook", "cook", "nurse", "nurse", "judge"],
        }
    )
    row = numbers_of("persona_vendi", people(6, attributes=attributes))["fields"]
    shares = np.array([3, 2, 1]) / 6
    assert row["value"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert row["null_mean"] == pytest.approx(row["value"])
    assert "kernel: 1 - Gower distance" in row["method"]
    sampled = numbers_of("persona_vendi", people(6, attributes=attributes), sample=3)["fields"]
    assert "3 of 6 personas" in sampled["method"]
    assert sampled["n_measured"] == 3


def test_fields_are_what_every_persona_has() -> None:
    attributes = pl.DataFrame(
        {
            "persona": [0, 1, 2, 0, 1, 2, 0, 1],
            "attribute": ["job"] * 3 + ["age"] * 3 + ["hobby"] * 2,
            "value": ["cook", "nurse", "cook", "20", "30", "60", "chess", "chess"],
        }
    )
    data = people(3, attributes=attributes)
    # Ages are numbers within 20 to 60; hobby is not known of everybody.
    pairs = [(1 + 0.25) / 2, (0 + 1) / 2, (1 + 0.75) / 2]
    distance = numbers_of("persona_distance", data)
    assert distance["fields"]["value"] == pytest.approx(np.mean(pairs))
    assert "(2)" in distance["fields"]["method"]
    coverage = numbers_of("persona_coverage", data)
    assert coverage["filled"]["value"] == pytest.approx(8 / 9)
    shares = np.array([2, 1]) / 3
    assert coverage["entropy"]["value"] == pytest.approx(
        -(shares * np.log(shares)).sum() / np.log(2)
    )


def test_prose_that_is_missing_is_counted_as_left_out() -> None:
    texts = pl.DataFrame({"persona": [0, 2, 2], "kind": ["a", "a", "b"], "text": ["x y", "x", "y"]})
    row = numbers_of("persona_distance", people(4, texts=texts))["texts"]
    assert (row["n_measured"], row["n_excluded"]) == (2, 2)
    assert row["value"] == pytest.approx(0)


def test_independent_personas_cover_of_their_space_what_chance_covers() -> None:
    rng = np.random.default_rng(4)
    points = rng.random((4000, 2))
    found = [trait_coverage(rng.random((400, 2)), points) for _ in range(10)]
    assert np.mean(found) == pytest.approx(1 - np.exp(-1), abs=0.03)
    assert trait_coverage(np.full((50, 2), 0.5), points) == pytest.approx(1 / 50, abs=0.01)
