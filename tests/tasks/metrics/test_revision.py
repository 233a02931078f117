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


def test_the_null_swaps_the_first_and_the_last_answers_of_seats() -> None:
    nulls = by_episode(rows(ANSWERS), "null_mean")
    # As it is, and with the last seat, the first or both the other way round: .5, .5, 0 and 0 land
    # on trams, and of four seats 1, 1, 2 and 2 end with what nobody held.
    assert nulls["conformity"][0] == pytest.approx(1 / 4, abs=0.06)
    assert nulls["confabulation"][0] == pytest.approx(1.5 / 4, abs=0.04)
    assert nulls["pressure"][1] == 0.0


def test_answers_that_all_turn_to_one_option_have_a_warning() -> None:
    turned = [[("bus", "tram"), ("ferry", "tram"), ("tram", "tram"), ("tram", "tram")]] * 6
    wavered = [[("bus", "tram"), ("tram", "bus"), ("ferry", "tram"), ("tram", "ferry")]] * 6
    for answers, moved in ((turned, True), (wavered, False)):
        found = rows(answers).filter(pl.col("scope") == "condition")
        for quantity, warning in found.select("quantity", "warning").iter_rows():
            warned = "as a whole have moved" in (warning or "")
            held = quantity in {"pressure", "conformity", "confabulation"}
            assert warned == (moved and held), (quantity, warning)


def test_a_probe_must_be_one_and_asked_twice() -> None:
    with pytest.raises(Unusable, match="there are answers to none"):
        rows(ANSWERS, of="other")
    with pytest.raises(Unusable, match="asked once"):
        rows([[("bus", None), ("tram", None)]])
