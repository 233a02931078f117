"""Whether episodes went as planned."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import ratio

#: Whether an episode of a status reached an end by its rules.
ENDED = {"terminated": 1.0, "truncated": 0.0, "incomplete": 0.0}

#: Rates over the questions put to seats that were not out of the game, and what they are of.
RATES = {
    "valid": "actions with a usable answer",
    "fallback": "actions replaced by the fallback",
    "attempts": "questions per action",
    "absent": "questions that got no answer at all",
    "silent": "actions that say nothing: no answer, or a text without words",
}
#: Whether an action says nothing.
SILENT = (
    pl.col("absent")
    | pl.col("answer").is_null()
    | (pl.col("answer").str.json_path_match("$.text").str.strip_chars() == "").fill_null(False)
)


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``episode_quality``."""
    asked = (
        data.actions.filter(pl.col("attempts") > 0)
        .with_columns(SILENT.alias("silent"))
        .group_by("episode")
        .agg(pl.col(*RATES).mean(), pl.len().alias("n"))
    )
    episodes = data.episodes.with_columns(
        pl.col("status").replace_strict(ENDED, default=None, return_dtype=pl.Float64)
    )
    rounds = ratio(
        data.by_episode(episodes, "completed_rounds"), data.by_episode(episodes, "planned_rounds")
    )
    n_asked = np.nan_to_num(data.by_episode(asked, "n"))
    every = "of all episodes, those that analyses exclude too"
    complete = f"whether the episode reached an end by its rules, {every}"
    found = {
        "rounds": ByEpisode(rounds, f"completed over planned rounds, {every}", 1),
        "complete": ByEpisode(
            data.by_episode(episodes, "status"), complete, 1, yes_or_no=frozenset({""})
        ),
    }
    for name, words in RATES.items():
        method = f"{words}, {every}; an episode without actions on record has no rate"
        found[name] = ByEpisode(data.by_episode(asked, name), method, n_asked)
    return rows.of_episodes(data, options, found)


METRIC = Metric(
    name="episode_quality",
    title="Whether episodes went as planned: rounds, usable actions, fallbacks, silence",
    quantities={
        "rounds": Quantity("completed over planned rounds", "completed / planned", "[0, 1]"),
        "complete": Quantity("episodes that reached their end", "mean of 1[complete]", "[0, 1]"),
        "valid": Quantity("actions with a usable answer", "valid / asked", "[0, 1]"),
        "fallback": Quantity("actions replaced by the fallback", "fallback / asked", "[0, 1]"),
        "attempts": Quantity("questions per action", "mean attempts", "[1, ∞)", "questions"),
        "absent": Quantity("questions that got no answer at all", "absent / asked", "[0, 1]"),
        "silent": Quantity("actions that say nothing", "silent / asked", "[0, 1]"),
    },
    source="Rates after CONSORT-style reporting of completeness.",
    avoid="No measure of what was said. Look at it before any other number: conditions that differ "
    "here differ in dose. Failed episodes have no rows and are counted in `n_excluded` only.",
    needs=("actions",),
    version=3,
    compute=compute,
    every_episode=True,
)
