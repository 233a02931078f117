"""Answers to probes as numbers, on episodes small enough to do by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.metrics.data import Data
from tasks.metrics.metric import Unusable
from tasks.metrics.opinion.responses import METRIC, ResponseOptions
from tasks.metrics.worlds.frames import episodes_frame

ANSWERS: list[tuple[int, int, str, str, str, float | None, str | None]] = [
    # episode, turns before, seat, probe, item, number, words
    (0, 0, "s1", "trust", "trust", 2.0, None),
    (0, 0, "s2", "trust", "trust", 4.0, None),
    (0, 0, "s3", "trust", "trust", None, None),
    (0, 9, "s1", "trust", "trust", 5.0, None),
    (0, 9, "s2", "trust", "trust", 5.0, None),
    (0, 9, "s3", "trust", "trust", 7.0, None),
    (1, 0, "s1", "trust", "trust", 3.0, None),
    (0, 9, "s1", "mood", "calm", None, "often"),
    (0, 9, "s2", "mood", "calm", None, None),
    (0, 9, "s1", "mood", "glad", 1.0, None),
]


def found(**options: Any) -> dict[tuple[str, str, int | None], float | None]:
    """Values by quantity, subject and episode; without an episode those of the condition."""
    names = ("episode", "after_turns", "seat", "instrument", "item", "value", "text")
    responses = pl.DataFrame(ANSWERS, schema=list(names), orient="row").with_columns(
        (pl.col("after_turns") // 3).alias("after_rounds")
    )
    data = Data(episodes=episodes_frame({"a": 2}), responses=responses)
    rows = METRIC.compute(data, ResponseOptions(**options), np.random.default_rng(1))
    return {
        (quantity, subject, None if episode is None else int(episode, 16)): value
        for quantity, subject, episode, value in rows.select(
            "quantity", "subject", "episode_key", "value"
        ).iter_rows()
    }


def test_means_are_over_the_seats_that_answered_at_the_time() -> None:
    values = found()
    assert values["first", "trust", 0] == 3.0
    assert values["last", "trust", 0] == pytest.approx(17 / 3)
    assert values["mean", "trust after 0", 0] == 3.0
    assert values["mean", "trust after 3", 0] == pytest.approx(17 / 3)
    assert values["mean", "trust after 0", None] == 3.0


def test_a_change_is_over_the_seats_that_answered_both_times() -> None:
    values = found()
    assert values["change", "trust", 0] == 2.0  # s1 by 3, s2 by 1; s3 gave no first answer
    assert values["spread_change", "trust", 0] == pytest.approx(-np.sqrt(2))


def test_who_was_asked_once_did_not_change() -> None:
    values = found()
    assert values["first", "trust", 1] == values["last", "trust", 1] == 3.0
    assert values["change", "trust", 1] is None
    assert values["change", "trust", None] == 2.0


def test_a_question_without_a_usable_answer_counts() -> None:
    values = found()
    assert values["answered", "trust", 0] == pytest.approx(5 / 6)
    assert values["answered", "mood.calm", 0] == 0.5


def test_answers_in_words_have_no_mean() -> None:
    assert not {key for key in found() if key[1].startswith("mood.calm") and key[0] != "answered"}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("trust",), {"trust"}),
        (("mood",), {"mood.calm", "mood.glad"}),
        (("mood.glad",), {"mood.glad"}),
    ],
)
def test_probes_and_items_can_be_named(names: tuple[str, ...], kept: set[str]) -> None:
    assert {key[1] for key in found(names=names) if key[0] == "answered"} == kept


def test_no_probe_gives_no_rows() -> None:
    schema: dict[str, Any] = {
        "episode": pl.Int64,
        "after_rounds": pl.Int64,
        "after_turns": pl.Int64,
    }
    schema |= dict.fromkeys(("seat", "instrument", "item", "text"), pl.String) | {
        "value": pl.Float64
    }
    data = Data(episodes=episodes_frame({"a": 2}), responses=pl.DataFrame(schema=schema))
    assert METRIC.compute(data, ResponseOptions(), np.random.default_rng(1)).is_empty()


def test_intervals_stay_on_the_declared_scale() -> None:
    rng = np.random.default_rng(1)
    near = np.minimum(7.0, 6.6 + rng.exponential(0.2, (12, 2)).round(1))
    seat = {"seat": "s1", "instrument": "trust", "item": "trust", "text": None}
    answers = [
        {"episode": episode, "after_rounds": 3 * time, "after_turns": 9 * time, "value": value}
        | seat
        for episode, values in enumerate(near.tolist())
        for time, value in enumerate(values)
    ]
    data = Data(episodes=episodes_frame({"a": 12}), responses=pl.DataFrame(answers))

    def ends(**options: Any) -> dict[str, tuple[float, float]]:
        rows = METRIC.compute(data, ResponseOptions(**options), rng)
        shown = rows.filter(scope="condition").select("quantity", "ci_low", "ci_high")
        return {quantity: (low, high) for quantity, low, high in shown.iter_rows()}

    free, within = ends(), ends(scales={"trust": (1, 7)})
    assert within["first"][1] <= 7.0
    # Room is left on the other side, from which values can come.
    assert within["first"][0] < free["first"][0]
    assert -6 <= within["change"][0] < within["change"][1] <= 6
    with pytest.raises(Unusable, match="beyond its declared scale of 1 to 5"):
        ends(scales={"trust": (1, 5)})
    with pytest.raises(ValueError, match="trust: 7 is not below 1"):
        ResponseOptions(scales={"trust": (7, 1)})
