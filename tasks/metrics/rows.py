"""Rows of metrics: one value per episode becomes rows of episodes and of conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.columns import intervals_of_columns, levels_of_columns
from tasks.metrics.data import Cases, Data
from tasks.metrics.metric import Options
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.means import UNBOUNDED, Bounds, MeanInterval, mean_intervals
from tasks.metrics.statistics.nulls import null_summary
from tasks.metrics.statistics.proportions import wilson_interval

#: Columns of a metric's rows; the step adds ``unit_key, metric`` prefix, options and rule.
SCHEMA: dict[str, Any] = {
    "quantity": pl.String,
    "rule": pl.String,
    "scope": pl.String,
    "condition": pl.String,
    "episode_key": pl.String,
    "persona_key": pl.String,
    "subject": pl.String,
    "value": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "null_mean": pl.Float64,
    "null_sd": pl.Float64,
    "p_null": pl.Float64,
    "n_measured": pl.Int64,
    "n_excluded": pl.Int64,
    "warning": pl.String,
    "method": pl.String,
}
#: A number of draws that gives a p-value coarser than this is warned of.
COARSE_P = 0.01


def frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows with every column of a metric; what is not given is missing, numbers never NaN."""
    return with_every_column(
        pl.DataFrame([{**dict.fromkeys(SCHEMA), **row} for row in rows], schema=SCHEMA)
    )


def with_every_column(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with every column, in order, and missing values in place of NaN."""
    absent = [
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in SCHEMA.items()
        if name not in rows.columns
    ]
    floats = [
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name)
        for name, kind in SCHEMA.items()
        if kind == pl.Float64
    ]
    return (
        rows.with_columns(absent)
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        .with_columns(
            pl.col("quantity").fill_null(""),
            pl.col("subject").fill_null(""),
            pl.col("condition").fill_null(""),
            pl.col("n_measured").fill_null(0),
            pl.col("n_excluded").fill_null(0),
            *floats,
        )
    )


@dataclass(frozen=True)
class ByEpisode:
    """One value per episode of a quantity.

    Attributes:
        values: One value per episode, not-a-number where an episode has none; or several, by
            subject.
        method: How they were computed, in one sentence without full stop.
        n_measured: What an episode's value is made of (messages, pairs, ...), per episode.
        nulls: Null draws, shape (episodes, draws); only for a single subject.
        n_excluded: What was left out of it, per episode.
        null_words: How the null of each episode was drawn, where it is not the same for all.
        null_warnings: What each episode's null does not take into account, empty where nothing.
        yes_or_no: Subjects whose value is 1 or 0 for what an episode has or has not, so that a
            condition's number is a share of episodes. Others are taken so where two values occur
            in the study and no others do.
        bounds: Smallest and largest value that there can be, of subjects for which the quantity
            declares none.
    """

    values: Floats | Mapping[str, Floats]
    method: str
    n_measured: npt.ArrayLike = 0
    nulls: Floats | None = None
    n_excluded: npt.ArrayLike = 0
    null_words: Sequence[str] | None = None
    null_warnings: Sequence[str] = ()
    yes_or_no: frozenset[str] = frozenset()
    bounds: Mapping[str, Bounds] = field(default_factory=dict)


def of_episodes(data: Data, options: Options, quantities: Mapping[str, ByEpisode]) -> pl.DataFrame:
    """Rows of episodes and of conditions made of one value per episode.

    A condition's number is the mean over its episodes, its interval resamples them, and its null is
    the mean of the episodes' nulls. Where there is a null, conditions also get a row with subject
    ``excess``: the value less its null mean, episode by episode, with an interval of its own.

    Args:
        data: What the values were computed from.
        options: Options of the metric.
        quantities: Values by quantity.
    """
    return _of_cases(data, options, quantities)


def of_personas(
    data: PersonaData, options: Options, quantities: Mapping[str, ByEpisode]
) -> pl.DataFrame:
    """Rows of personas and of conditions made of one value per persona.

    They are made as :func:`of_episodes` makes those of episodes, with personas in their place.
    """
    words = (pl.col(name).str.replace_all("episode", "persona") for name in ("method", "warning"))
    return _of_cases(data, options, quantities).with_columns(words)


def _of_cases(data: Cases, options: Options, quantities: Mapping[str, ByEpisode]) -> pl.DataFrame:
    parts = []
    for quantity, found in quantities.items():
        values = found.values
        subjects = dict(values) if isinstance(values, Mapping) else {"": values}
        if not subjects:
            continue
        matrix = np.column_stack(list(subjects.values())).astype(np.float64)
        names = list(subjects)
        parts += [
            part.with_columns(pl.lit(quantity).alias("quantity"))
            for part in (
                _case_rows(data, matrix, names, found),
                _condition_rows(data, quantity, matrix, names, found, options.resamples),
            )
        ]
    return joined(parts)


def joined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Several frames of rows as one, with every column."""
    return (
        pl.concat([with_every_column(part) for part in parts])
        if parts
        else pl.DataFrame(schema=SCHEMA)
    )


def of_rounds(
    data: Data, options: Options, by_round: Floats, *, method: str, quantity: str = ""
) -> pl.DataFrame:
    """Rows of rounds: means over the episodes of a condition, the round's number as subject.

    Args:
        data: What the values were computed from.
        options: Options of the metric.
        by_round: Shape (episodes, rounds), not-a-number where an episode has no such round.
        method: How it was computed, in one sentence without full stop.
        quantity: Which quantity of the metric.
    """
    subjects = [str(place) for place in range(by_round.shape[1])]
    shown = ByEpisode(by_round, method)
    return _condition_rows(
        data, quantity, by_round, subjects, shown, options.resamples
    ).with_columns(pl.lit("round").alias("scope"), pl.lit(quantity).alias("quantity"))


def of_seats(
    data: Data,
    seats: pl.DataFrame,
    *,
    method: str,
    quantity: str = "",
    n_measured: str | None = None,
) -> pl.DataFrame:
    """Rows of seats.

    Args:
        data: What the values were computed from.
        seats: Columns ``episode, seat, value``.
        method: How it was computed, in one sentence without full stop.
        quantity: Which quantity of the metric.
        n_measured: Column with what a value is made of, if any.
    """
    places = data.episodes.select("episode", "episode_key", "condition")
    return seats.join(places, on="episode", how="inner", maintain_order="left").select(
        pl.lit(quantity).alias("quantity"),
        pl.lit("seat").alias("scope"),
        "condition",
        "episode_key",
        pl.col("seat").alias("subject"),
        pl.col("value").cast(pl.Float64),
        (pl.col(n_measured) if n_measured else pl.lit(1)).alias("n_measured"),
        pl.lit(method).alias("method"),
    )


def _case_rows(
    data: Cases, matrix: Floats, subjects: Sequence[str], found: ByEpisode
) -> pl.DataFrame:
    n = data.cases.height
    base = data.cases.select("condition", f"{data.scope}_key").with_columns(
        pl.Series("n_measured", np.broadcast_to(np.asarray(found.n_measured, dtype=np.int64), n)),
        pl.Series("n_excluded", np.broadcast_to(np.asarray(found.n_excluded, dtype=np.int64), n)),
        pl.lit(data.scope).alias("scope"),
        pl.Series("method", [_with_words(found, [episode]) for episode in range(n)]),
    )
    if found.nulls is not None:
        null = null_summary(matrix[:, 0], found.nulls)
        base = base.with_columns(
            pl.Series("null_mean", null.mean),
            pl.Series("null_sd", null.sd),
            pl.Series("p_null", null.p),
        )
    rows = pl.concat(
        base.with_columns(pl.Series("value", matrix[:, i]), pl.lit(subject).alias("subject"))
        for i, subject in enumerate(subjects)
    )
    undefined = pl.col("value").is_nan()
    return rows.with_columns(
        pl.when(undefined)
        .then(pl.lit("undefined for this episode: ") + pl.col("method"))
        .otherwise(pl.col("method"))
        .alias("method")
    )


def _condition_rows(
    data: Cases,
    quantity: str,
    matrix: Floats,
    subjects: Sequence[str],
    found: ByEpisode,
    resamples: int,
) -> pl.DataFrame:
    levels = levels_of_columns(matrix, subjects, found.yes_or_no)
    declared = data.bounds.get(quantity, UNBOUNDED)
    bounds = [found.bounds.get(subject, declared) for subject in subjects]
    rows: list[dict[str, Any]] = []
    for condition in data.conditions:
        where = data.by_condition[condition]
        block = matrix[where]
        null_block = None if found.nulls is None else found.nulls[where]
        out = data.excluded.get(condition, 0)
        words = _with_words(found, where.tolist())
        ends = intervals_of_columns(block, levels, bounds, resamples)
        for i, subject in enumerate(subjects):
            row = {
                "scope": "condition",
                "condition": condition,
                "subject": subject,
                **_number(block[:, i], ends[i], out, words),
            }
            rows.append(row)
            if null_block is not None and row["value"] is not None:
                excess = _with_null(row, block[:, i], null_block, out, words, resamples)
                rows.append(_with_warnings(excess, found, where.tolist()))
    return frame(rows)


def _number(values: Floats, ends: MeanInterval, out: int, words: str) -> dict[str, Any]:
    """The mean over the episodes of a condition, with what it rests on.

    Args:
        values: One value per episode, not-a-number where an episode has none.
        ends: The interval.
        out: Episodes that were left out beforehand.
        words: How the values were computed.
    """
    good = np.isfinite(values)
    n, undefined = int(good.sum()), int((~good).sum())
    left_out = f"{undefined} of {len(values)} episodes have no value and are left out"
    method = f"mean over episodes; {words}; {ends.method}"
    if not n:
        method = f"undefined: no episode has a value ({out} excluded, {undefined} without); {words}"
    warning = "; ".join(filter(None, [ends.warning, left_out if n and undefined else ""]))
    return {
        "value": float(values[good].mean()) if n else None,
        "ci_low": ends.low,
        "ci_high": ends.high,
        "n_measured": n,
        "n_excluded": out + undefined,
        "warning": warning or None,
        "method": method,
    }


def _with_words(found: ByEpisode, episodes: Sequence[int]) -> str:
    """The method, with how the nulls of some episodes were drawn."""
    if found.null_words is None or not episodes:
        return found.method
    counts = Counter(found.null_words[episode] for episode in episodes)
    each = [f"{words} ({n} episodes)" if len(counts) > 1 else words for words, n in counts.items()]
    return f"{found.method}; null: {'; '.join(each)}"


def _with_warnings(
    row: dict[str, Any], found: ByEpisode, episodes: Sequence[int]
) -> dict[str, Any]:
    """The row with what the nulls of some episodes do not take into account."""
    if not found.null_warnings:
        return row
    mine = dict.fromkeys(found.null_warnings[episode] for episode in episodes)
    return {**row, "warning": "; ".join(filter(None, [row["warning"], *mine])) or None}


def _with_null(
    row: dict[str, Any], values: Floats, nulls: Floats, out: int, words: str, resamples: int
) -> dict[str, Any]:
    """Fills in the null of a condition's row; gives the row of its excess."""
    good = np.isfinite(nulls) & np.isfinite(values)[:, None]
    sums = np.where(good, nulls, 0.0).sum(axis=0)
    counts = good.sum(axis=0)
    draws = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    null = null_summary(np.array([row["value"]]), draws[None, :])
    row |= {
        "null_mean": float(null.mean[0]),
        "null_sd": float(null.sd[0]),
        "p_null": float(null.p[0]),
    }
    if null.p_least[0] > COARSE_P:
        coarse = f"so few draws of the null give no p below {null.p_least[0]:.2g}"
        row["warning"] = "; ".join(filter(None, [row["warning"], coarse]))
    excess = values - null_summary(values, nulls).mean
    some = bool(np.isfinite(excess).any())
    (ends,) = mean_intervals(excess[:, None], resamples)
    number = _number(excess, ends, out, words)
    reason = (
        "value less null mean, episode by episode; "
        if some
        else "undefined: no episode has a null; "
    )
    return {
        **row,
        **number,
        "subject": EXCESS,
        "null_mean": 0.0 if some else None,
        "method": reason + number["method"].removeprefix("undefined: "),
    }


def pooled_share(
    data: Data, condition: str, quantity: str, k: int, n: int, method: str
) -> dict[str, Any]:
    """The row of a share over all cases of a condition, with Wilson's interval.

    Args:
        data: What the metric is computed from.
        condition: The condition.
        quantity: Name of the share.
        k: Cases that count.
        n: Cases, at least 1.
        method: One sentence without full stop.
    """
    low, high = wilson_interval(k, n)
    return {
        "quantity": quantity,
        "scope": "condition",
        "condition": condition,
        "value": k / n,
        "ci_low": low,
        "ci_high": high,
        "n_measured": n,
        "n_excluded": data.excluded.get(condition, 0),
        "method": method,
    }
