"""Rows of contrasts: values picked, tested and corrected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.comparisons import IMPORTED
from tasks.metrics.contrasts.correction import adjusted
from tasks.metrics.contrasts.sample import Finding, Side, TooFewRuns, checked

Row = dict[str, Any]


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
    checked(test, sides)
    found = test.compute(sides, test.options.model_validate(one["options"]), rng)
    undefined = sum(
        int(values.filter(pl.col("condition") == name)["value"].is_null().sum())
        for name in one["between"]
    )
    excluded = sum(one["excluded"].get(name, 0) for name in one["between"])
    return {
        **_named(one),
        **_numbers(found),
        "subject": str(values["subject"][0]) if test.scope == "run" else "",
        "n_a": sides[0].n_runs,
        "n_b": sum(side.n_runs for side in sides[1:]),
        "n_excluded": excluded + undefined,
        "warning": "; ".join(_warnings(one, found, values, sides)) or None,
        "method": found.method + ("; value less null mean" if one["excess"] else ""),
    }


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
        "subject": one["subject"] or "",
        "n_a": 0,
        "n_b": 0,
        "n_excluded": sum(one["excluded"].get(name, 0) for name in one["between"]),
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
    one: Mapping[str, Any], found: Finding, values: pl.DataFrame, sides: Sequence[Side]
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
    told += _uneven_exclusions(one, sides)
    if not one["excess"]:
        told += _unlike_nulls(values, one["between"])
    return told


def _uneven_exclusions(one: Mapping[str, Any], sides: Sequence[Side]) -> list[str]:
    counts = [(side, one["excluded"].get(side.condition, 0)) for side in sides]
    shares = [out / (side.n_runs + out) for side, out in counts]
    if max(shares) - min(shares) <= 0.1:
        return []
    words = ", ".join(f"{side.condition} {out} of {side.n_runs + out}" for side, out in counts)
    return [f"runs were excluded unevenly ({words})"]


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
