"""Among which messages seats are shuffled, and where no shuffle changes anything."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffled_places
from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Data, Flags
from tasks.metrics.worlds.frames import coded, turns_of


def said(*turns: tuple[int, str]) -> Data:
    """One episode in which seats speak in rounds."""
    rounds, seats = zip(*turns, strict=True)
    return Data(
        episodes=pl.DataFrame({"episode": [0], "episode_key": ["0" * 32], "condition": ["all"]}),
        messages=pl.DataFrame(
            {
                "episode": [0] * len(turns),
                "seq": range(len(turns)),
                "round": rounds,
                "seat": seats,
                "text": [f"word{place % 3}" for place in range(len(turns))],
            }
        ),
    )


def blocks(*turns: tuple[int, str]) -> list[int]:
    return blocks_of(said(*turns)).of.tolist()


def test_rounds_in_which_several_speak_are_blocks() -> None:
    data = said((0, "a"), (0, "b"), (0, "a"), (1, "b"), (2, "b"), (2, "a"))
    assert blocks_of(data).of.tolist() == [0, 0, 0, 1, 2, 2]
    assert blocks_of(data).by_round.tolist() == [True]


def test_neighbours_are_blocks_where_rounds_are_single_turns_or_there_is_only_one() -> None:
    assert blocks(*((place, seat) for place, seat in enumerate("ababb"))) == [0, 0, 1, 1, 2]
    assert blocks(*((0, seat) for seat in "abcabc")) == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("turns", "free"),
    [
        ([(0, "a"), (0, "b"), (0, "c")], False),
        ([(0, "a"), (1, "a"), (1, "b")], True),
        ([(0, "a"), (0, "b"), (1, "c"), (2, "c")], False),
        ([(0, "a"), (0, "b"), (1, "b"), (1, "a")], True),
        ([(0, "a"), (1, "a")], False),
    ],
)
def test_a_shuffle_that_only_renames_seats_is_none(
    turns: list[tuple[int, str]], free: bool
) -> None:
    assert free_to_shuffle(said(*turns)).tolist() == [free]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(0, 99))
def test_messages_stay_in_their_blocks_and_none_is_lost(numbers: list[int], seed: int) -> None:
    block = np.array(numbers)
    places = shuffled_places(block, 3, np.random.default_rng(seed))
    for draw in places:
        assert sorted(draw.tolist()) == list(range(len(block)))
        assert (block[draw] == block).all()


def test_every_order_within_a_block_is_as_likely() -> None:
    drawn = shuffled_places(np.array([5, 2, 5, 5]), 6000, np.random.default_rng(1))
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 880


@pytest.mark.parametrize(
    "name", ["profile_cosine", "profile_jsd", "profile_variance", "vendi", "persona_consistency"]
)
def test_an_excess_without_a_free_shuffle_is_undefined_and_says_so(name: str) -> None:
    rng = np.random.default_rng(2)
    turns = turns_of({"all": 6}, rng, [[0, 1, 2]], shuffled=True)
    data = coded(turns, {"lead": rng.random(turns.n) < 0.6, "ask": rng.random(turns.n) < 0.6})
    assert data.flags == Flags(("lead", "ask"), scales={"lead": "nominal", "ask": "nominal"})
    metric = METRICS[name]
    rows = metric.compute(data, metric.options(), rng).filter(quantity="")
    excess = rows.filter(subject="excess").to_dicts()
    assert all(row["null_mean"] is None for row in rows.filter(scope="episode").to_dicts())
    for row in excess:
        assert (row["value"], row["ci_low"], row["n_measured"]) == (None, None, 0)
        assert row["n_excluded"] == 6
        assert "no shuffle changes who said what" in row["method"]
