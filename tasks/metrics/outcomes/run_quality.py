"""Whether runs went as planned."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity

Floats = npt.NDArray[np.float64]


def _by_run(data: Data, frame: pl.DataFrame, column: str) -> Floats:
    values = np.full(data.n_runs, np.nan)
    values[frame["run"].to_numpy()] = frame[column].cast(pl.Float64).to_numpy()
    return values


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``run_quality``."""
    asked = (
        data.events.filter(pl.col("attempts") > 0)
        .group_by("run")
        .agg(
            pl.col("valid").mean(),
            pl.col("fallback").mean(),
            pl.col("attempts").mean(),
            pl.len().alias("n"),
        )
    )
    words = pl.col("text").fill_null("").str.strip_chars().str.len_chars() > 0
    said = (
        data.events.filter(pl.col("kind") == "say")
        .group_by("run")
        .agg((1 - words.mean()).alias("empty"), pl.len().alias("n"))
    )
    planned = data.runs["planned_rounds"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    done = data.runs["completed_rounds"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = data.runs["status"].replace_strict(
        {"complete": 1.0, "terminated": 1.0, "truncated": 0.0, "incomplete": 0.0},
        default=None,
        return_dtype=pl.Float64,
    )
    complete = known.fill_null(float("nan")).to_numpy()
    rounds = np.where(planned > 0, done / np.where(planned > 0, planned, 1), np.nan)
    n_asked = np.nan_to_num(_by_run(data, asked, "n")).astype(np.int64)
    n_said = np.nan_to_num(_by_run(data, said, "n")).astype(np.int64)
    values: dict[str, tuple[Floats, npt.ArrayLike, str]] = {
        "rounds": (rounds, 1, "completed over planned rounds"),
        "complete": (complete, 1, "whether the run reached an end by its rules"),
        "valid": (_by_run(data, asked, "valid"), n_asked, "actions usable as first given"),
        "fallback": (_by_run(data, asked, "fallback"), n_asked, "actions replaced by the fallback"),
        "attempts": (_by_run(data, asked, "attempts"), n_asked, "questions per action"),
        "empty": (_by_run(data, said, "empty"), n_said, "messages without words"),
    }
    return rows.together(
        [
            rows.of_runs(
                data,
                value,
                quantity=quantity,
                method=f"{method}, of all runs, those that analyses exclude too",
                resamples=options.resamples,
                n_units=n_units,
            )
            for quantity, (value, n_units, method) in values.items()
        ]
    )


METRIC = Metric(
    name="run_quality",
    title="Whether runs went as planned: rounds, usable actions, fallbacks, empty messages",
    quantities={
        "rounds": Quantity("completed over planned rounds", "completed / planned", "[0, 1]"),
        "complete": Quantity("runs that reached their end", "mean of 1[complete]", "[0, 1]"),
        "valid": Quantity("actions usable as given", "valid / asked", "[0, 1]"),
        "fallback": Quantity("actions replaced by the fallback", "fallback / asked", "[0, 1]"),
        "attempts": Quantity("questions per action", "mean attempts", "[1, ∞)", "questions"),
        "empty": Quantity("messages without words", "empty / messages", "[0, 1]"),
    },
    source="Rates after CONSORT-style reporting of completeness.",
    avoid="No measure of what was said. Look at it before any other number: conditions that differ "
    "here differ in dose. Failed episodes have no rows and are counted in `n_excluded` only.",
    needs=("events",),
    compute=compute,
    every_run=True,
)
