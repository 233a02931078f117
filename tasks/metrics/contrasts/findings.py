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
from tasks.metrics.contrasts.sample import (
    Finding,
    Side,
    Untestable,
    refuse_equal_episodes,
    refuse_few_episodes,
)
from tasks.metrics.contrasts.unlike import uneven_weights, unlike_nulls, unlike_sizes
from tasks.metrics.statistics.arrays import without_rounding

Row = dict[str, Any]
UNDEFINED = "without a value"
#: Shares of episodes left out may differ by so much between two sides before a row warns of it.
EVEN = 0.02
#: Level of p; a test that cannot come below it says so.
ALPHA = 0.05


class NoValues(Exception):
    """What a contrast compares is not there; says what is missing."""


def family_rows(
    comparisons: Sequence[Mapping[str, Any]],
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of the contrasts of one family, p-values corrected over it.

    Every comparison has a row. One that cannot be tested says why and has no p, and it counts in
    the family all the same.

    Args:
        comparisons: As :func:`tasks.metrics.contrasts.comparisons.families` gives them.
        metrics: Rows of ``metrics`` of the units that they name.
        replicates: Replicate by episode.
        rng: For tests that draw.
    """
    rows = [_row(one, metrics, replicates, rng) for one in comparisons]
    for correction in dict.fromkeys(row["correction"] for row in rows):
        mine = [row for row in rows if row["correction"] == correction]
        untested = sum(row["p"] is None for row in mine)
        for row, p in zip(mine, adjusted([row["p"] for row in mine], correction), strict=True):
            row["p_adjusted"] = p if correction != "none" else None
            row["family_size"] = len(mine) if correction != "none" else None
            if correction != "none":
                row["method"] += _family_words(row, len(mine), untested)
    return rows


def _family_words(row: Row, size: int, untested: int) -> str:
    over = "1 comparison" if size == 1 else f"{size} comparisons"
    text = f"; adjusted by {row['correction']} over the {over} of family {row['family']}"
    return f"{text}, {untested} of them without a p" if untested else text


def curve_rows(
    comparisons: Sequence[Mapping[str, Any]],
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of a specification curve, whose p-values are not corrected."""
    rows = [_row(one, metrics, replicates, rng) for one in comparisons]
    return [{**row, "p_adjusted": None, "family_size": None} for row in rows]


def _row(
    one: Mapping[str, Any],
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> Row:
    if one.get("scope") == "persona":
        row = _row({**one, "scope": "episode"}, _of_personas(metrics), replicates, rng)
        return {**row, **{name: _personas_said(row[name]) for name in ("method", "warning")}}
    test = TESTS[one["test"]]
    values = pl.DataFrame()
    sides: tuple[Side, ...] = tuple(_no_side(name) for name in one["between"])
    try:
        values = _values(one, metrics, test.scope)
        sides = tuple(_side(name, values, replicates) for name in one["between"])
        refuse_few_episodes(test, sides)
        refuse_equal_episodes(sides)
        found = test.compute(sides, test.options.model_validate(one["options"]), rng)
        found = _within_width(found, one.get("width"))
        doubt = _doubt(one, found, metrics, replicates, rng)
        found = dataclasses.replace(found, warning="; ".join(filter(None, [found.warning, doubt])))
    except (NoValues, Untestable) as problem:
        nothing = float("nan")
        found = Finding(nothing, nothing, nothing, test.effect, f"not tested: {problem}")
        found = dataclasses.replace(found, warning=f"not tested: {problem}")
    left_out = {side.condition: _left_out(one, metrics, side) for side in sides}
    return {
        **_named(one),
        **_numbers(found),
        "subject": _subject(one, values, test.scope),
        "n_a": sides[0].n_episodes,
        "n_b": sum(side.n_episodes for side in sides[1:]),
        "n_excluded": sum(n for reasons in left_out.values() for n in reasons.values()),
        "warning": "; ".join(_warnings(one, found, values, sides, left_out)) or None,
        "method": "; ".join(filter(None, [found.method, _excess_words(one), _out(left_out)])),
    }


def _within_width(found: Finding, width: float | None) -> Finding:
    """The finding with an interval of a difference that is no wider than differences can be."""
    if width is None or found.effect_name != "mean_difference":
        return found
    low, high = (float(np.clip(end, -width, width)) for end in found.interval)
    if not (low > found.interval[0] or high < found.interval[1]):
        return found
    cut = f"{found.method}; interval cut to ±{width:g}, since no two values are further apart"
    return dataclasses.replace(found, interval=(low, high), method=cut)


def _doubt(
    one: Mapping[str, Any],
    found: Finding,
    metrics: pl.DataFrame,
    replicates: Mapping[str, int],
    rng: np.random.Generator,
) -> str:
    """That a difference was found which the quantity that must confirm it does not show."""
    if "confirmed_by" not in one or not found.p < ALPHA:
        return ""
    plain = {name: value for name, value in one.items() if name != "confirmed_by"}
    other = _row({**plain, "metric": one["confirmed_by"], "excess": True}, metrics, replicates, rng)
    if other["p"] is not None and other["p"] < ALPHA:
        return ""
    shown = "has no p" if other["p"] is None else f"has p = {other['p']:.2g}"
    return (
        f"{one['confirmed_by']} does not confirm the difference ({shown}): {one['otherwise']} in "
        "one condition and not in another"
    )


def _of_personas(metrics: pl.DataFrame) -> pl.DataFrame:
    """Numbers of personas in the place of numbers of episodes."""
    return metrics.filter(pl.col("scope") == "persona").with_columns(
        pl.lit("episode").alias("scope"), pl.col("persona_key").alias("episode_key")
    )


def _personas_said(text: str | None) -> str | None:
    if text is None:
        return None
    numbered = text.replace("the same replicate", "the same number in their population")
    return numbered.replace("pairs with", "pairs of personas with").replace("episode", "persona")


def _excess_words(one: Mapping[str, Any]) -> str:
    return "value less null mean, episode by episode" if one["excess"] else ""


def _subject(one: Mapping[str, Any], values: pl.DataFrame, scope: str) -> str:
    """Which rows of ``metrics`` the compared numbers are summed up in."""
    if one["excess"]:
        return EXCESS
    if values.is_empty():
        return one["subject"] or ""
    return str(values["subject"][0]) if scope == "episode" else ""


def _left_out(one: Mapping[str, Any], metrics: pl.DataFrame, side: Side) -> dict[str, int]:
    """Number of episodes of a condition that are not compared, by reason."""
    measured = metrics.filter(
        (pl.col("unit_key") == (one["measure"] or ""))
        & (pl.col("condition") == side.condition)
        & pl.col("scope").is_in(["episode", "seat"])
    )
    undefined = measured["episode_key"].n_unique() - side.n_episodes
    reasons = one["excluded"].get(side.condition, {})
    return {**reasons, UNDEFINED: undefined} if undefined else dict(reasons)


def _out(left_out: Mapping[str, Mapping[str, int]]) -> str:
    """Which episodes are left out, on which side and why, in words."""
    words = [
        f"{name} {', '.join(f'{n} {reason}' for reason, n in reasons.items())}"
        for name, reasons in left_out.items()
        if any(reasons.values())
    ]
    return f"episodes left out: {'; '.join(words)}" if words else ""


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
        "p_least": number(found.p_least),
        "effect": number(found.effect),
        "effect_name": found.effect_name,
        "ci_low": number(found.interval[0]),
        "ci_high": number(found.interval[1]),
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
    if scope == "episode":
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
    if one["excess"] and mine["null_mean"].null_count() == mine.height:
        raise NoValues(f"{one['contrast']}: {one['metric']} has no null, so no excess")
    largest = mine.select(pl.max_horizontal(pl.col("value", "null_mean").abs().max())).item()
    null = pl.col("null_mean") if one["excess"] else pl.lit(0.0)
    return mine.with_columns(
        (pl.col("value") - null).map_batches(
            lambda column: pl.Series(without_rounding(column.to_numpy(), largest)).fill_nan(None),
            return_dtype=pl.Float64,
        )
    )


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
        episodes=tuple(keys),
        subjects=tuple(mine["subject"].to_list()),
    )


def _no_side(condition: str) -> Side:
    return Side(condition, np.array([]), np.array([], dtype=np.int64))


def _warnings(
    one: Mapping[str, Any],
    found: Finding,
    values: pl.DataFrame,
    sides: Sequence[Side],
    left_out: Mapping[str, Mapping[str, int]],
) -> list[str]:
    told = [found.warning] if found.warning else []
    if found.p_least >= ALPHA:
        told.append(
            f"with {' and '.join(str(side.n_episodes) for side in sides)} episodes no p below "
            f"{found.p_least:.2g} can come out of this test"
        )
    factors = one["factors"]
    if len(factors) > 1:
        told.append(
            f"the conditions differ in {len(factors)} factors at once ({', '.join(factors)}), so "
            "the difference cannot be put down to any one of them"
        )
    if factors == [IMPORTED]:
        told.append("the conditions are imported series: what else differs is not on record")
    told += _uneven(sides, left_out)
    if not one["excess"] and not values.is_empty():
        told += unlike_nulls(values, one["between"])
    if "made_of" in one and not values.is_empty():
        told += unlike_sizes(values, one["between"], one["made_of"])
    if "weighed_by" in one and not values.is_empty():
        told += uneven_weights(values, one["between"], one["weighed_by"])
    return told


def _uneven(sides: Sequence[Side], left_out: Mapping[str, Mapping[str, int]]) -> list[str]:
    counts = {side.condition: sum(left_out[side.condition].values()) for side in sides}
    planned = {side.condition: side.n_episodes + counts[side.condition] for side in sides}
    shares = [counts[name] / max(planned[name], 1) for name in counts]
    if max(shares) - min(shares) <= EVEN:
        return []
    words = []
    for name, count in counts.items():
        reasons = ", ".join(f"{n} {reason}" for reason, n in left_out[name].items())
        words.append(f"{name} {count} of {planned[name]}" + (f" ({reasons})" if reasons else ""))
    return [
        f"episodes are left out unevenly: {', '.join(words)}; the comparison is of those that are "
        "left, which may differ from the others"
    ]
