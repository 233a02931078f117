"""Labels of many units at once: judgements in, one row per item, flag and rule out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from schemas.study.coding import RuleSpec
from schemas.unit import Failure, Result, Unit
from tasks.coding.adjudication import rule_named

_COLUMNS = (
    "unit_key",
    "episode_key",
    "seq",
    "other_seq",
    "codebook_digest",
    "flag",
    "rule",
    "value",
    "probability",
    "n_codes",
)


def labelled(units: Sequence[Unit], codes: pl.DataFrame) -> list[Result]:
    """The labels of units that share a rule and its coders.

    Args:
        units: Units of the label step whose ``rule`` and ``flags`` are the same.
        codes: Rows of ``codes`` with at least those of the units' sources.
    """
    spec = units[0].spec
    declared = RuleSpec.model_validate(spec["rule"])
    rule, params = rule_named(declared)
    facts = flag_facts(spec["flags"])
    judged = _judgements(units, codes, facts)
    failures = _conflicts(units, judged)
    if any(unit.spec["repeated"] for unit in units):
        judged = judged.unique(["unit", "episode", "seq", "other_seq", "flag", "coder"])
    labels = rule.labels(judged, facts, params)
    frame = (
        labels.with_columns(
            pl.col("unit").cast(pl.String).alias("unit_key"),
            pl.col("episode").cast(pl.String).alias("episode_key"),
            pl.col("flag").cast(pl.String),
            pl.lit(spec["codebook_digest"]).alias("codebook_digest"),
            pl.lit(declared.title).alias("rule"),
        )
        .select(_COLUMNS)
        .sort("unit_key", "episode_key", "seq", "flag")
    )
    parts = frame.partition_by("unit_key", as_dict=True, maintain_order=True)
    return [
        Result(unit, {}, failures[unit.key])
        if unit.key in failures
        else Result(unit, {"labels": parts.get((unit.key,), frame.clear())})
        for unit in units
    ]


def flag_facts(flags: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """What rules are told of each flag: ``flag, coders, expected, top, binary, nominal``."""
    names = list(flags)
    return pl.DataFrame(
        {
            "flag": names,
            "coders": [list(flags[name]["coders"]) for name in names],
            "expected": [len(flags[name]["coders"]) for name in names],
            "top": [float(max(flags[name]["levels"], 2) - 1) for name in names],
            "binary": [flags[name]["levels"] == 0 for name in names],
            "nominal": [
                flags[name]["levels"] > 0 and flags[name]["scale"] == "nominal" for name in names
            ],
        },
        schema={
            "flag": pl.Enum(names),
            "coders": pl.List(pl.String),
            "expected": pl.Int64,
            "top": pl.Float64,
            "binary": pl.Boolean,
            "nominal": pl.Boolean,
        },
    )


def _judgements(units: Sequence[Unit], codes: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The judgements that the units take, with keys and names as small categories."""
    sources = [(unit.key, source) for unit in units for source in unit.spec["sources"]]
    keys = pl.Enum([unit.key for unit in units])
    episodes = pl.Enum(codes["episode_key"].unique().sort())
    coders = pl.Enum(facts["coders"].explode().drop_nulls().unique().sort())
    of_units = pl.DataFrame(
        {"unit": [unit for unit, _ in sources], "unit_key": [source for _, source in sources]},
        schema={"unit": keys, "unit_key": pl.String},
    )
    taken = facts.select("flag", pl.col("coders").alias("coder")).explode("coder")
    return (
        codes.lazy()
        .filter(pl.col("flag").is_in(facts["flag"].cast(pl.String)))
        .filter(pl.col("coder").is_in(taken["coder"].unique()))
        .join(of_units.lazy(), on="unit_key")
        .select(
            "unit",
            pl.col("episode_key").cast(episodes).alias("episode"),
            "seq",
            "other_seq",
            pl.col("flag").cast(facts.schema["flag"]),
            pl.col("coder").cast(coders),
            "value",
        )
        .join(taken.lazy().with_columns(pl.col("coder").cast(coders)), on=["flag", "coder"])
        .collect()
    )


def _conflicts(units: Sequence[Unit], judged: pl.DataFrame) -> dict[str, Failure]:
    """Units in which a coder judged an item twice and differently."""
    repeated = [unit.key for unit in units if unit.spec["repeated"]]
    if not repeated:
        return {}
    twice = (
        judged.filter(pl.col("unit").cast(pl.String).is_in(repeated))
        .group_by("unit", "episode", "seq", "other_seq", "flag", "coder")
        .agg(pl.col("value").n_unique().alias("values"))
        .filter(pl.col("values") > 1)
        .sort("unit", "seq", "flag")
    )
    return {
        str(unit): Failure(
            "conflicting_codes",
            f"{coder} judged flag {flag} of event {seq} twice and differently; "
            "import one of the two under another coder's name",
        )
        for unit, coder, flag, seq in reversed(twice.select("unit", "coder", "flag", "seq").rows())
    }
