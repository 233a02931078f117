"""Private answers before and after, on episodes small enough to do by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.metrics.data import Data
from tasks.metrics.metric import Unusable
from tasks.metrics.opinion.revision import METRIC, RevisionOptions
from tasks.metrics.worlds.frames import episodes_frame

#: First and last answers of the seats, by episode.
ANSWERS = [
    [("bus", "tram"), ("tram", "tram"), ("tram", "tram"), ("ferry", "train")],
    [("bus", "bus"), ("bus", "bus"), ("tram", "tram"), (None, "bus")],
    [("bus", "tram"), ("bus", "bus"), ("bus", None), ("bus", "bus")],
]


def rows(answers: list[list[tuple[str | None, str | None]]], of: str = "") -> pl.DataFrame:
    asked = [
        (episode, turn, f"s{seat}", "vote", "vote", answer)
        for episode, seats in enumerate(answers)
        for seat, pair in enumerate(seats, 1)
        for turn, answer in zip((0, 9), pair, strict=True)
    ]
    names = ["episode", "after_turns", "seat", "instrument", "item", "text"]
    responses = pl.DataFrame(asked, schema=names, orient="row").with_columns(
        after_rounds=pl.col("after_turns") // 3, value=pl.lit(None, dtype=pl.Float64)
    )
    data = Data(episodes=episodes_frame({"a": len(answers)}), responses=responses)
    return METRIC.compute(data, RevisionOptions(of=of, draws=300), np.random.default_rng(1))


def by_episode(found: pl.DataFrame, column: str = "value") -> dict[str, list[float | None]]:
    mine = found.filter(pl.col("scope") == "episode").sort("quantity", "episode_key")
    return {
        str(quantity): one[column].to_list()
        for (quantity,), one in mine.group_by("quantity", maintain_order=True)
    }


def test_revisions_by_hand() -> None:
    values = by_episode(rows(ANSWERS))
    assert values["rate"] == [0.5, 0.0, pytest.approx(1 / 3)]
    # bus and ferry stood alone; each of the two for tram had one of three others, less than half.
    assert values["rate_alone"] == [0.5, 0.0, None]
    # Of the second episode, where three answered at first, those for bus had half of the others.
    assert values["rate_backed"] == [None, 0.0, pytest.approx(1 / 3)]
    assert values["pressure"] == [None, 0.0, None]
    assert values["conformity"] == [0.5, None, 0.0]
    assert values["confabulation"] == [0.25, 0.0, pytest.approx(1 / 3)]


def test_the_null_sends_changes_to_any_other_option() -> None:
    nulls = by_episode(rows(ANSWERS), "null_mean")
    # Of four options, one of the three others is the commonest of the others for each who changed.
    assert nulls["conformity"][0] == pytest.approx(1 / 3, abs=0.06)
    # Both who changed would take the fourth option with chance 1/3: 2/3 of four seats.
    assert nulls["confabulation"][0] == pytest.approx(2 / 3 / 4, abs=0.04)
    assert nulls["pressure"][1] == 0.0


def test_a_probe_must_be_one_and_asked_twice() -> None:
    with pytest.raises(Unusable, match="there are answers to none"):
        rows(ANSWERS, of="other")
    with pytest.raises(Unusable, match="asked once"):
        rows([[("bus", None), ("tram", None)]])
