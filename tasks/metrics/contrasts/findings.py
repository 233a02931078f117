"""Rows of contrasts: values picked, tested and corrected."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.comparisons import IMPORTED
from tasks.metrics.contrasts.correction import adjusted
from tasks.metrics.contrasts.sample import Finding, Side, TooFewRuns, Untestable, refuse_few_runs

Row = dict[str, Any]
UNDEFINED = "without a value"
#: Shares of runs left out may differ by so much between two sides before a row warns of it.
EVEN = 0.02


class NoValues(Exception):
    """What a contrast compares is not there; says what is missing."""


def family_rows(
    comparisons: Sequence[Mapping[str, Any]],
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of the contrasts of one family, p-values corrected over it.

    Args:
        comparisons: As :func:`tasks.metrics.contrasts.comparisons.families` gives them.
        metrics: Rows of ``metrics`` of the units that they name.
        replicates: Replicate by episode.
        rng: For tests that draw.

    Raises:
        TooFewRuns: A side has too few runs with a value.
        NoValues: A metric has no values, or several subjects of which none was named.
    """
    rows = [_row(one, metrics, replicates, rng) for one in comparisons]
    for correction in dict.fromkeys(row["correction"] for row in rows):
        mine = [row for row in rows if row["correction"] == correction]
        for row, p in zip(mine, adjusted([row["p"] for row in mine], correction), strict=True):
            row["p_adjusted"] = p if correction != "none" else None
    return rows


def curve_rows(
    comparisons: Sequence[Mapping[str, Any]],
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of a specification curve: a specification without values stays, with a warning."""
    rows = []
    for one in comparisons:
        try:
            rows.append(_row(one, metrics, replicates, rng))
        except (TooFewRuns, NoValues) as problem:
            rows.append(_empty(one, str(problem)))
        rows[-1]["p_adjusted"] = None
    return rows


def _row(
    one: Mapping[str, Any],
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> Row:
    test = TESTS[one["test"]]
    values = _values(one, metrics, test.scope)
    sides = tuple(_side(name, values, replicates) for name in one["between"])
    refuse_few_runs(test, sides)
    try:
        found = test.compute(sides, test.options.model_validate(one["options"]), rng)
    except Untestable as problem:
        nothing = float("nan")
        found = Finding(nothing, nothing, nothing, test.effect, f"not tested: {problem}")
        found = dataclasses.replace(found, warning=str(problem))
    left_out = {side.condition: _left_out(one, values, side) for side in sides}
    return {
        **_named(one),
        **_numbers(found),
        "subject": _subject(one, values, test.scope),
        "n_a": sides[0].n_runs,
        "n_b": sum(side.n_runs for side in sides[1:]),
        "n_excluded": sum(n for reasons in left_out.values() for n in reasons.values()),
        "warning": "; ".join(_warnings(one, found, values, sides, left_out)) or None,
        "method": found.method + ("; value less null mean, run by run" if one["excess"] else ""),
    }


def _subject(one: Mapping[str, Any], values: pl.DataFrame, scope: str) -> str:
    """Which rows of ``metrics`` the compared numbers are summed up in."""
    if one["excess"]:
        return EXCESS
    return str(values["subject"][0]) if scope == "run" else ""


def _left_out(one: Mapping[str, Any], values: pl.DataFrame, side: Side) -> dict[str, int]:
    """Number of runs of a condition that are not compared, by reason."""
    mine = values.filter(pl.col("condition") == side.condition)
    undefined = mine["episode_key"].n_unique() - side.n_runs
    reasons = one["excluded"].get(side.condition, {})
    return {**reasons, UNDEFINED: undefined} if undefined else dict(reasons)


def _named(one: Mapping[str, Any]) -> Row:
    return {
        "contrast": one["contrast"],
        "family": one["family"],
        "specification": one["specification"],
        "metric": one["metric"],
        "rule": one["rule"],
        "condition_a": one["between"][0],
        "condition_b": " | ".join(one["between"][1:]),
        "test": one["test"],
        "correction": one["correction"],
        "factors": one["factors"],
    }


def _numbers(found: Finding) -> Row:
    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "statistic": number(found.statistic),
        "p": number(found.p),
        "effect": number(found.effect),
        "effect_name": found.effect_name,
        "ci_low": number(found.interval[0]),
        "ci_high": number(found.interval[1]),
    }


def _empty(one: Mapping[str, Any], problem: str) -> Row:
    nothing = dict.fromkeys(("statistic", "p", "effect", "ci_low", "ci_high"))
    return {
        **_named(one),
        **nothing,
        "effect_name": TESTS[one["test"]].effect,
        "subject": EXCESS if one["excess"] else one["subject"] or "",
        "n_a": 0,
        "n_b": 0,
        "n_excluded": sum(
            n for name in one["between"] for n in one["excluded"].get(name, {}).values()
        ),
        "warning": problem,
        "method": f"not computed: {problem}",
    }


def _values(one: Mapping[str, Any], metrics: pl.DataFrame, scope: str) -> pl.DataFrame:
    """Rows of the metric that is compared, ``value`` less its null where the excess is wanted."""
    if one["measure"] is None:
        raise NoValues(f"{one['contrast']}: there is no usable measurement of {one['metric']}")
    mine = metrics.filter(
        (pl.col("unit_key") == one["measure"])
        & (pl.col("metric") == one["metric"])
        & (pl.col("scope") == scope)
        & pl.col("condition").is_in(one["between"])
    )
    if scope == "run":
        mine = _one_subject(one, mine)
    if mine.is_empty():
        conditions = ", ".join(one["between"])
        raise NoValues(
            f"{one['contrast']}: {one['metric']} has no values by {scope} in {conditions}"
        )
    if mine["value"].null_count() == mine.height:
        raise NoValues(
            f"{one['contrast']}: {one['metric']} has no value in any of {mine.height} {scope}s"
        )
    if one["excess"]:
        if mine["null_mean"].null_count() == mine.height:
            raise NoValues(f"{one['contrast']}: {one['metric']} has no null, so no excess")
        mine = mine.with_columns(pl.col("value") - pl.col("null_mean"))
    return mine


def _one_subject(one: Mapping[str, Any], mine: pl.DataFrame) -> pl.DataFrame:
    subjects = sorted(mine["subject"].unique().to_list())
    wanted = one["subject"]
    if wanted is None and len(subjects) > 1 and "" not in subjects:
        raise NoValues(
            f"{one['contrast']}: {one['metric']} has several subjects; name one of "
            + ", ".join(subjects)
        )
    if wanted is None:
        wanted = "" if "" in subjects or not subjects else subjects[0]
    elif subjects and wanted not in subjects:
        raise NoValues(
            f"{one['contrast']}: {one['metric']} has no subject {wanted}; it has "
            + ", ".join(subjects)
        )
    return mine.filter(pl.col("subject") == wanted)


def _side(condition: str, values: pl.DataFrame, replicates: Mapping[str, int]) -> Side:
    mine = values.filter((pl.col("condition") == condition) & pl.col("value").is_not_null())
    keys = mine["episode_key"].to_list()
    return Side(
        condition=condition,
        values=mine["value"].to_numpy().astype(np.float64),
        replicates=np.array([replicates.get(key, 0) for key in keys], dtype=np.int64),
        runs=tuple(keys),
        subjects=tuple(mine["subject"].to_list()),
    )


def _warnings(
    one: Mapping[str, Any],
    found: Finding,
    values: pl.DataFrame,
    sides: Sequence[Side],
    left_out: Mapping[str, Mapping[str, int]],
) -> list[str]:
    told = [found.warning] if found.warning else []
    factors = one["factors"]
    if len(factors) > 1:
        told.append(
            f"the conditions differ in {len(factors)} factors at once ({', '.join(factors)}), so "
            "the difference cannot be put down to any one of them"
        )
    if factors == [IMPORTED]:
        told.append("the conditions are imported series: what else differs is not on record")
    told += _uneven(sides, left_out)
    if not one["excess"]:
        told += _unlike_nulls(values, one["between"])
    return told


def _uneven(sides: Sequence[Side], left_out: Mapping[str, Mapping[str, int]]) -> list[str]:
    counts = {side.condition: sum(left_out[side.condition].values()) for side in sides}
    planned = {side.condition: side.n_runs + counts[side.condition] for side in sides}
    shares = [counts[name] / planned[name] for name in counts]
    if max(shares) - min(shares) <= EVEN:
        return []
    words = []
    for name, count in counts.items():
        reasons = ", ".join(f"{n} {reason}" for reason, n in left_out[name].items())
        words.append(f"{name} {count} of {planned[name]}" + (f" ({reasons})" if reasons else ""))
    return [
        f"runs are left out unevenly: {', '.join(words)}; the comparison is of those that are "
        "left, which may differ from the others"
    ]


def _unlike_nulls(values: pl.DataFrame, conditions: Sequence[str]) -> list[str]:
    means = (
        values.group_by("condition")
        .agg(pl.col("value").mean(), pl.col("null_mean").mean())
        .drop_nulls()
    )
    if means.height < 2:
        return []
    null = {row["condition"]: row["null_mean"] for row in means.iter_rows(named=True)}
    moved = max(null.values()) - min(null.values())
    difference = float(means["value"].max()) - float(means["value"].min())  # type: ignore[arg-type]
    if moved <= 0.1 * difference:
        return []
    words = ", ".join(f"{name} {null[name]:.2f}" for name in conditions if name in null)
    return [
        f"raw values are compared although their nulls differ too ({words}); the excess does not "
        "have this fault"
    ]
