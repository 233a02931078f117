"""Baselines of other episodes at the same place, against the definition spelt out pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import TypeAlias

import numpy as np
import polars as pl
import pytest

from tasks.metrics.catalogue import METRICS
from tasks.metrics.computed import computed
from tasks.metrics.data import Data
from tasks.metrics.text import vectors

WORDS = [f"w{i}" for i in range(30)]
Vector: TypeAlias = np.ndarray
#: Round, seat and vector of each message of an episode.
StudyEpisode: TypeAlias = list[tuple[int, int, Vector]]


def transcripts(seed: int, episodes: int = 6, orders: int = 6) -> Data:
    """Episodes of three seats in so many orders; some skip a round, some speak twice in one."""
    among = list(permutations(range(3)))[:orders]
    rng = np.random.default_rng(seed)
    lines = []
    for episode in range(episodes):
        seq = 0
        for round_ in range(4):
            for seat in among[int(rng.integers(len(among)))]:
                for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
                    text = " ".join(rng.choice(WORDS, size=int(rng.integers(2, 8))))
                    lines.append((episode, seq, round_, f"s{seat}", text))
                    seq += 1
    frame = pl.DataFrame(
        lines, schema=["episode", "seq", "round", "seat", "text"], orient="row"
    ).with_columns(pl.col("seq").alias("turn"))
    keys = [f"{episode:032x}" for episode in range(episodes)]
    study = {"episode": range(episodes), "episode_key": keys, "condition": "all"}
    return Data(episodes=pl.DataFrame(study), messages=frame)


def spelt_out(data: Data, *, turns: bool = False) -> list[StudyEpisode]:
    """Messages of each episode; with ``turns``, ten times its turn is added to a seat's number."""
    dense = vectors.message_vectors(data).toarray()
    episodes: list[StudyEpisode] = [[] for _ in range(data.n_episodes)]
    spoke: dict[tuple[int, int], list[int]] = {}
    for number, row in enumerate(data.messages.iter_rows(named=True)):
        seat = int(row["seat"][1:])
        order = spoke.setdefault((row["episode"], row["round"]), [])
        if seat not in order:
            order.append(seat)
        place = seat + 10 * turns * order.index(seat)
        episodes[row["episode"]].append((row["round"], place, dense[number]))
    return episodes


def seats_differ(x: tuple[int, int, Vector], y: tuple[int, int, Vector]) -> bool:
    return x[1] % 10 != y[1] % 10


def elsewhere(episodes: Sequence[StudyEpisode], own: int, place: tuple[int, int]) -> Vector | None:
    """Mean over other episodes of what they say at a place."""
    means = []
    for number, episode in enumerate(episodes):
        said = [vector for round_, seat, vector in episode if (round_, seat) == place]
        if said and number != own:
            means.append(np.mean(said, axis=0))
    return np.mean(means, axis=0) if means else None


def usable(episodes: Sequence[StudyEpisode]) -> set[tuple[int, int]]:
    places = [{(round_, seat) for round_, seat, _ in episode} for episode in episodes]
    return {place for place in set().union(*places) if sum(place in one for one in places) >= 3}


def alike_apart(
    episodes: Sequence[StudyEpisode], own: int, places: set[tuple[int, int]], most: int = 99
) -> float:
    """What messages of other seats and rounds, at most so many apart, share beyond elsewhere.

    Messages that follow one another do not count.
    """
    said = list(enumerate(episodes[own]))
    found = []
    for i, x in said:
        for j, y in said:
            both = x[:2] in places and y[:2] in places
            if both and seats_differ(x, y) and 0 < abs(x[0] - y[0]) <= most and abs(i - j) > 1:
                other = elsewhere(episodes, own, y[:2])
                assert other is not None
                found.append(x[2] @ y[2] - x[2] @ other)
    return float(np.mean(found))


def excess_of_replies(
    episodes: Sequence[StudyEpisode], own: int, places: set[tuple[int, int]], across: bool = False
) -> tuple[float, float]:
    found = []
    for before, after in zip(episodes[own], episodes[own][1:], strict=False):
        counts = after[0] - before[0] == 1 or not across
        if counts and seats_differ(before, after) and before[:2] in places:
            other = elsewhere(episodes, own, before[:2])
            assert other is not None
            found.append((after[2] @ before[2], after[2] @ other))
    value, baseline = np.mean(found, axis=0)
    return value, baseline + alike_apart(episodes, own, places, 1 if across else 99)


def excess_of_rounds(
    episodes: Sequence[StudyEpisode], own: int, places: set[tuple[int, int]], slope: bool = False
) -> tuple[float, float]:
    found, rounds = [], []
    for number in sorted({round_ for round_, _, _ in episodes[own]}):
        mine = [one for one in episodes[own] if one[0] == number and one[:2] in places]
        pairs = [(x, y) for x in mine for y in mine if seats_differ(x, y)]
        if pairs:
            others = {y[:2]: elsewhere(episodes, own, y[:2]) for _, y in pairs}
            found.append(np.mean([(x[2] @ y[2], x[2] @ others[y[:2]]) for x, y in pairs], axis=0))
            rounds.append(number)
    if slope:
        return tuple(np.polyfit(rounds, np.array(found), 1)[0])
    value, baseline = np.mean(found, axis=0)
    return value, baseline + alike_apart(episodes, own, places)


@pytest.mark.parametrize(
    ("metric", "quantity", "one_episode"),
    [
        ("alignment", "", excess_of_replies),
        ("alignment", "across", lambda *args: excess_of_replies(*args, across=True)),
        ("convergence", "", excess_of_rounds),
        ("convergence", "slope", lambda *args: excess_of_rounds(*args, slope=True)),
    ],
)
@pytest.mark.parametrize("turns", [False, True])
def test_value_less_baseline_is_a_pseudo_value_of_the_jackknife(
    metric: str, quantity: str, one_episode: Callable[..., tuple[float, float]], turns: bool
) -> None:
    data = transcripts(5, 8, 2) if turns else transcripts(1)
    episodes, declared = spelt_out(data, turns=turns), METRICS[metric]
    places, n = usable(episodes), data.n_episodes

    def number(left: Sequence[int]) -> float:
        """The condition's mean excess; places are those of the whole study."""
        kept = [episodes[episode] for episode in left]
        return float(
            np.mean([np.subtract(*one_episode(kept, i, places)) for i in range(len(kept))])
        )

    every = list(range(n))
    pseudo = [
        n * number(every) - (n - 1) * number([episode for episode in every if episode != out])
        for out in every
    ]
    rows = declared.compute(data, declared.options(), np.random.default_rng(0))
    mine = rows.filter(quantity=quantity, scope="episode")
    assert mine["value"].to_list() == pytest.approx(
        [one_episode(episodes, i, places)[0] for i in every], abs=1e-12
    )
    assert (mine["value"] - mine["null_mean"]).to_list() == pytest.approx(pseudo, abs=1e-12)
    plain = np.mean([one_episode(episodes, i, places)[1] for i in every])
    assert mine["null_mean"].mean() == pytest.approx(plain, abs=1e-12)
    excess = rows.filter(quantity=quantity, scope="condition", subject="excess")
    assert excess["value"][0] == pytest.approx(number(every), abs=1e-12)
    warned = "change turns within rounds" in (excess["warning"][0] or "")
    assert warned is not turns


@pytest.mark.parametrize("metric", ["alignment", "convergence", "persona_consistency"])
def test_numbers_of_equal_texts_do_not_depend_on_the_text(metric: str) -> None:
    data, declared = transcripts(5), METRICS[metric]
    found = []
    for words in range(1, 12):
        text = pl.lit(" ".join(WORDS[:words])).alias("text")
        said = replace(data, messages=data.messages.with_columns(text), shared={})
        rows = computed(declared, said, declared.options(), np.random.default_rng(0))
        found.append(rows.filter(scope="episode", quantity="")["value"].drop_nulls().to_numpy())
        for excess in rows.filter(scope="condition", subject="excess").iter_rows(named=True):
            assert excess["value"] == pytest.approx(0, abs=1e-12)
            assert excess["ci_low"] is None
    assert np.ptp(found) < 1e-12


@pytest.mark.parametrize("metric", ["alignment", "convergence"])
def test_of_one_round_an_episodes_own_topic_cannot_be_told_from_a_reaction(metric: str) -> None:
    data, declared = transcripts(4), METRICS[metric]
    data = replace(data, messages=data.messages.filter(pl.col("round") == 0), shared={})
    # Stretches take the place of rounds where a seat speaks twice; here each speaks once.
    once = data.messages.unique(["episode", "seat"], keep="first", maintain_order=True)
    rows = declared.compute(
        replace(data, messages=once, shared={}), declared.options(), np.random.default_rng(0)
    )
    (excess,) = rows.filter(quantity="", scope="condition", subject="excess").to_dicts()
    assert excess["value"] is None
    assert "none where an episode has one round" in excess["method"]


@pytest.mark.parametrize("metric", ["alignment", "convergence"])
def test_two_episodes_have_a_value_and_no_baseline(metric: str) -> None:
    data, declared = transcripts(3, episodes=2), METRICS[metric]
    rows = declared.compute(data, declared.options(), np.random.default_rng(0))
    for row in rows.filter(quantity="", scope="episode").to_dicts():
        assert row["value"] is not None
        assert row["null_mean"] is None
    (excess,) = rows.filter(quantity="", subject="excess").to_dicts()
    assert excess["value"] is None
    assert excess["method"].startswith("undefined: no episode has a null")
