"""Among which messages seats are shuffled, and where no shuffle changes anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffled_places
from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Data, Flags
from tasks.metrics.worlds.frames import coded, spoken, turns_of


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


def heard(conversations: list[str], *turns: tuple[int, str]) -> Data:
    data = said(*turns)
    column = pl.Series("conversation", conversations, dtype=pl.Categorical)
    return replace(data, messages=data.messages.with_columns(column))


def test_pairs_that_talk_at_the_same_time_are_blocks_of_their_own() -> None:
    turns = [(round_, seat) for round_ in (0, 1) for seat in "acbd"]
    data = heard(["a b", "c d"] * 2 + ["a d", "b c", "b c", "a d"], *turns)
    assert blocks_of(data).by_round.tolist() == [True]
    of = blocks_of(data).of.tolist()
    together = ["".join(seat for at, (_, seat) in zip(of, turns, strict=True) if at == block)
                for block in range(4)]  # fmt: skip
    assert sorted(together) == ["ab", "ad", "cb", "cd"]


def test_one_round_of_two_talks_is_cut_into_stretches_of_each() -> None:
    turns = [(0, seat) for seat in "acbd" * 3]
    data = heard(["a b", "c d"] * 6, *turns)
    assert blocks_of(data).by_round.tolist() == [False]
    assert blocks_of(data).of.tolist() == [0, 3, 0, 3, 1, 4, 1, 4, 2, 5, 2, 5]


def test_where_each_seat_has_hearers_of_its_own_nothing_is_shuffled_and_rows_say_so() -> None:
    turns = [(round_, seat) for round_ in range(4) for seat in "abcd"]
    data = heard(["a b d", "a b c", "b c d", "a c d"] * 4, *turns)
    assert free_to_shuffle(data).tolist() == [False]
    rows = METRICS["vendi"].compute(data, METRICS["vendi"].options(), np.random.default_rng(0))
    (row,) = rows.filter(scope="condition", subject="excess").to_dicts()
    assert row["value"] is None
    assert "no shuffle changes who said what" in row["method"]


@pytest.mark.parametrize("metric", ["vendi", "persona_consistency", "drift"])
def test_groups_with_topics_of_their_own_are_no_voices(metric: str) -> None:
    rng = np.random.default_rng(6)
    turns = turns_of({"all": 60}, rng, [[0, 1, 2, 3]] * 6, shuffled=True)
    group = turns.seat // 2
    words = np.where(
        rng.random((turns.n, 12)) < 0.5,
        rng.integers(0, 10, (turns.n, 12)) + 100 * group[:, None],
        rng.integers(0, 400, (turns.n, 12)) + 10_000,
    )
    texts = [" ".join(f"w{word}" for word in row) for row in words.tolist()]
    plain = spoken(turns, texts)
    names = pl.Series("conversation", np.where(group == 0, "s1 s2", "s3 s4"))
    grouped = replace(plain, messages=plain.messages.with_columns(names), shared={})
    declared = METRICS[metric]
    found = [
        declared.compute(data, declared.options(draws=50), np.random.default_rng(1))
        .filter(quantity="", scope="condition", subject="excess")
        .row(0, named=True)
        for data in (plain, grouped)
    ]
    assert abs(found[1]["value"]) < 3 * (found[1]["ci_high"] - found[1]["ci_low"]) / 4
    apart = "shuffled within rounds among seats that hear the same"
    assert [apart in one["method"] for one in found] == [False, True]
    if metric == "persona_consistency":
        assert found[0]["ci_low"] > 0, "a shuffle over all seats takes topics for voices"


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
