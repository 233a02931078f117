"""The adjudication rules that look at one item at a time.

A judgement that is missing or unusable is neither yes nor no: a rule decides where what is there
settles the matter whatever the rest would say, and gives null elsewhere.
"""

from __future__ import annotations

from typing import Self

import polars as pl
from pydantic import Field, model_validator

from schemas.base import Record
from tasks.coding.adjudication.rule import Coders, adjudication_rule


class MajorityParams(Coders):
    """Parameters of ``majority``."""

    min: int | None = Field(
        None, ge=1, description="Coders who must agree; more than half of them if not given."
    )


class OneCoder(Record):
    """Parameters of ``judge``."""

    coder: str = Field(description="The coder.")


class TieBreakParams(Coders):
    """Parameters of ``tie_break``."""

    coder: str = Field(description="The coder who decides where the others differ.")


class WeightedParams(Record):
    """Parameters of ``weighted``."""

    weights: dict[str, float] = Field(min_length=1, description="Weight of each coder.")
    threshold: float = Field(
        0.5, ge=0, lt=1, description="Share of the weight that a value must exceed."
    )

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if any(weight <= 0 for weight in self.weights.values()):
            raise ValueError("every weight must be above 0")
        return self


@adjudication_rule()
def intersection(codes: pl.DataFrame, facts: pl.DataFrame, params: Coders) -> pl.DataFrame:
    """Present where every coder says so; the lowest level that a coder gave, for ordered levels.

    One "absent" settles an item even if other judgements are missing. Levels without an order
    need all coders to give the same one. Strict: what it labels is seldom wrong and much is
    missed, the more so the more coders there are.
    """
    low, high = pl.col("low"), pl.col("high")
    whole = pl.col("n_codes") == pl.col("expected")
    return _finished(
        _ends(codes, facts),
        pl.when(pl.col("nominal"))
        .then(pl.when(whole & (low == high)).then(low))
        .when(whole | (low == 0))
        .then(low),
    )


@adjudication_rule()
def union(codes: pl.DataFrame, facts: pl.DataFrame, params: Coders) -> pl.DataFrame:
    """Present where any coder says so; the highest level that a coder gave, for ordered levels.

    One "present" settles an item even if other judgements are missing. Levels without an order
    need all coders to give the same one. Lenient: little is missed and every coder's false alarms
    are taken over.
    """
    low, high = pl.col("low"), pl.col("high")
    whole = pl.col("n_codes") == pl.col("expected")
    return _finished(
        _ends(codes, facts),
        pl.when(pl.col("nominal"))
        .then(pl.when(whole & (low == high)).then(low))
        .when(whole | (high == pl.col("top")))
        .then(high),
    )


@adjudication_rule(params=MajorityParams)
def majority(codes: pl.DataFrame, facts: pl.DataFrame, params: MajorityParams) -> pl.DataFrame:
    """The value that more than half of the coders gave; null where no value has so many.

    With ``min``, a present-or-absent flag is present where at least that many coders say so and
    absent where no longer so many can, and a level needs that many coders as well. An even number
    of coders leaves ties, which are null.
    """
    value, count, expected = pl.col("value"), pl.col("n_codes"), pl.col("expected")
    # A value that more than half of the judgements share is their median.
    middle = value.quantile(0.5, "lower")
    summed = _grouped(
        codes,
        facts,
        middle.alias("middle"),
        (value == middle).sum().cast(pl.Int64).alias("backing"),
        value.sum().alias("present"),
    )
    most = pl.col("backing") * 2 > expected
    if params.min is None:
        return _finished(summed, pl.when(most).then(pl.col("middle")))
    least = pl.min_horizontal(pl.lit(params.min), expected)
    binary = (
        pl.when(pl.col("present") >= least)
        .then(1.0)
        .when(pl.col("present") + expected - count < least)
        .then(0.0)
    )
    level = pl.when(most & (pl.col("backing") >= least)).then(pl.col("middle"))
    return _finished(summed, pl.when(pl.col("binary")).then(binary).otherwise(level))


@adjudication_rule(params=OneCoder, named=lambda params: (params.coder,))
def judge(codes: pl.DataFrame, facts: pl.DataFrame, params: OneCoder) -> pl.DataFrame:
    """What one coder says."""
    return _finished(_grouped(codes, facts, pl.col("value").first().alias("said")), pl.col("said"))


@adjudication_rule(params=TieBreakParams, extra=lambda params: (params.coder,))
def tie_break(codes: pl.DataFrame, facts: pl.DataFrame, params: TieBreakParams) -> pl.DataFrame:
    """What the coders agree on; where they differ or one is missing, what a further coder says."""
    breaker = pl.col("coder") == params.coder
    others = pl.col("value").filter(~breaker)
    summed = _grouped(
        codes,
        facts,
        others.min().alias("low"),
        others.max().alias("high"),
        others.count().cast(pl.Int64).alias("others"),
        pl.col("value").filter(breaker).first().alias("decides"),
    )
    needed = pl.col("expected") - pl.col("coders").list.contains(params.coder).cast(pl.Int64)
    agreed = (pl.col("others") == needed) & (pl.col("low") == pl.col("high"))
    return _finished(summed, pl.when(agreed).then(pl.col("low")).otherwise(pl.col("decides")))


@adjudication_rule(params=WeightedParams, named=lambda params: tuple(params.weights))
def weighted(codes: pl.DataFrame, facts: pl.DataFrame, params: WeightedParams) -> pl.DataFrame:
    """Present where the coders who say so hold more than a share of the weight.

    Absent where they could not even if every missing judgement were "present". A level needs
    that share too, and more than half.
    """
    whole = sum(params.weights.values())
    value, weight = pl.col("value"), pl.col("weight")
    # The coder "rule" stands for all judges at once, hence for all of the weight.
    weighed = codes.filter(value.is_not_null()).with_columns(
        pl.col("coder")
        .cast(pl.String)
        .replace_strict(params.weights, default=whole, return_dtype=pl.Float64)
        .alias("weight")
    )
    shares = (
        weighed.group_by("item", "value")
        .agg(weight.sum().alias("backing"))
        .group_by("item")
        .agg(value.sort_by("backing").last().alias("heaviest"), pl.col("backing").max())
    )
    sums = weighed.group_by("item").agg(
        (value * weight).sum().alias("present"), weight.sum().alias("given")
    )
    joined = (
        _grouped(codes, facts)
        .join(sums, on="item", how="left")
        .join(shares, on="item", how="left")
        .with_columns(pl.col("present", "given", "backing").fill_null(0.0))
    )
    bar = params.threshold * whole
    binary = (
        pl.when(pl.col("present") > bar)
        .then(1.0)
        .when(pl.col("present") + whole - pl.col("given") <= bar)
        .then(0.0)
    )
    level = pl.when(pl.col("backing") > max(params.threshold, 0.5) * whole).then(pl.col("heaviest"))
    return _finished(joined, pl.when(pl.col("binary")).then(binary).otherwise(level))


def _ends(codes: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    return _grouped(codes, facts, value.min().alias("low"), value.max().alias("high"))


def _grouped(codes: pl.DataFrame, facts: pl.DataFrame, *aggregates: pl.Expr) -> pl.DataFrame:
    """One row per item and flag, with the facts of the flag."""
    count = pl.col("value").count().cast(pl.Int64).alias("n_codes")
    summed = codes.group_by("item").agg(*aggregates, count, pl.col("flag").first())
    return summed.join(facts, on="flag")


def _finished(summed: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return summed.select(
        "item",
        value.cast(pl.Float64).alias("value"),
        pl.lit(None, dtype=pl.Float64).alias("probability"),
        pl.col("n_codes"),
    )


#: The rules of this module.
OF_ITEMS = (intersection, judge, majority, tie_break, union, weighted)
