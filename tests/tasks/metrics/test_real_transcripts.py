"""Metrics on published transcripts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.importers.warroom import read_transcripts
from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Data, MeasuredEpisode, episode_frame, messages_of, numbered

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def baseline(shared: Path) -> Data:
    """The 21 episodes of series A."""
    return series(shared, "A")


@pytest.fixture(scope="module")
def isolated(shared: Path) -> Data:
    """The 21 episodes of series F, in which each agent speaks once and sees nobody."""
    return series(shared, "F")


def series(shared: Path, name: str) -> Data:
    results = read_transcripts(shared / "data" / "warroom" / "transcripts" / name)
    tables = {
        table: pl.DataFrame(
            [row for result in results for row in result.rows[table]], infer_schema_length=None
        )
        for table in ("episodes", "seats", "actions", "events")
    }
    episodes = episode_frame(
        [
            MeasuredEpisode(key, name, number)
            for number, key in enumerate(tables["episodes"]["episode_key"], start=1)
        ],
        tables["episodes"],
    )
    events = numbered(tables["events"], episodes)
    return Data(
        episodes=episodes,
        seats=numbered(tables["seats"], episodes),
        events=events,
        actions=numbered(tables["actions"].drop("answer"), episodes).with_columns(
            pl.lit(None, dtype=pl.String).alias("answer")
        ),
        messages=messages_of(events),
    )


def _of_series(data: Data, metric: str, quantity: str = "") -> dict[str, float]:
    declared = METRICS[metric]
    found = declared.compute(data, declared.options(), np.random.default_rng(0))
    return found.filter(quantity=quantity, scope="condition", subject="").row(0, named=True)


def test_one_message_in_five_that_opens_with_a_label_names_another(baseline: Data) -> None:
    from tasks.metrics.identity.confusion import labelled

    found = labelled(baseline)
    assert baseline.messages.height == 1506
    assert 550 < found.height < 750
    assert (found["seat"] != found["named"]).mean() == pytest.approx(0.20, abs=0.03)


def test_words_are_shared_as_published(baseline: Data) -> None:
    row = _of_series(baseline, "participation", "entropy_words")
    # Normalised over the eight seats, of which one never spoke.
    assert row["value"] * np.log(8) / np.log(7) == pytest.approx(0.912, abs=0.03)
    assert row["ci_low"] < row["value"] < row["ci_high"]


def test_agents_are_recognised_by_their_words(baseline: Data) -> None:
    assert _of_series(baseline, "agent_auc")["value"] > 0.8
    row = _of_series(baseline, "persona_consistency")
    assert row["value"] > row["null_mean"] + 3 * row["null_sd"]


@pytest.mark.parametrize("metric", ["alignment", "convergence"])
def test_agents_take_up_words_where_they_see_others_and_one_round_cannot_tell(
    metric: str, baseline: Data, isolated: Data
) -> None:
    declared = METRICS[metric]
    rows = [
        declared.compute(data, declared.options(), np.random.default_rng(0))
        .filter(quantity="", scope="condition", subject="excess")
        .row(0, named=True)
        for data in (baseline, isolated)
    ]
    assert rows[0]["ci_low"] > 0.02
    assert rows[1]["value"] is None
    assert "none where an episode has one round" in rows[1]["method"]


@pytest.mark.parametrize("metric", ["vendi", "transitions"])
def test_agents_that_speak_once_each_have_no_excess(metric: str, isolated: Data) -> None:
    declared = METRICS[metric]
    rows = declared.compute(isolated, declared.options(), np.random.default_rng(0))
    assert rows.filter(scope="condition", subject="excess")["value"].to_list() == [None]


def test_episodes_of_the_baseline_are_whole(baseline: Data) -> None:
    assert _of_series(baseline, "episode_quality", "rounds")["value"] == 1.0
