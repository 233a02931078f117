"""Labels of many units at once: judgements in, one row per item, flag and rule out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.keys import Shared
from schemas.study.coding import RuleSpec
from schemas.unit import Failure, Unit
from tasks.coding.adjudication import rule_named
from tasks.coding.numbering import Numbering

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


@dataclass(frozen=True)
class LabelRule:
    """An adjudication rule as a study uses it.

    Attributes:
        rule: The rule as declared.
        version: Version of the rule's code.
        codebook_digest: The codebook.
        flags: By flag: ``coders`` that should have coded it, and its ``levels`` and ``scale``.
    """

    rule: RuleSpec
    version: int
    codebook_digest: str
    flags: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class LabelInput:
    """What labelling takes.

    Attributes:
        rule: The rule.
        episodes: The episodes, sorted.
        sources: Units that hold their codes, sorted.
        repeated: Whether those may hold a code twice.
    """

    rule: Shared[LabelRule]
    episodes: tuple[str, ...]
    sources: tuple[str, ...]
    repeated: bool


def labelled(
    units: Sequence[Unit[LabelInput]], codes: pl.DataFrame
) -> dict[str, pl.DataFrame | Failure]:
    """The labels of units that share a rule, or why there are none, by unit.

    Args:
        units: Units of one rule; no two of them label the same episode.
        codes: Rows of ``codes`` with at least those of the units' sources.
    """
    declared = units[0].spec.rule.value
    rule, params = rule_named(declared.rule)
    facts = flag_facts(declared.flags)
    taken = _taken(units, codes, facts)
    numbers = Numbering.of(taken, len(units))
    judged = taken.select(numbers.item.alias("item"), "flag", "coder", "value")
    failures: dict[str, Failure] = {}
    if any(unit.spec.repeated for unit in units):
        failures = _conflicts(judged, numbers, units)
        judged = judged.unique(["item", "coder"], keep="first", maintain_order=True)
    labels = rule.labels(judged, facts, params).sort("item")
    keys = pl.Series("unit_key", [unit.key for unit in units])
    frame = numbers.decoded(labels).with_columns(
        pl.lit(keys).gather(pl.col("unit")).alias("unit_key"),
        pl.lit(declared.codebook_digest).alias("codebook_digest"),
        pl.lit(declared.rule.title).alias("rule"),
    )
    lengths = dict(frame.group_by("unit").len().iter_rows())
    rows = frame.select(_COLUMNS)
    made: dict[str, pl.DataFrame | Failure] = {}
    start = 0
    for number, unit in enumerate(units):
        length = lengths.get(number, 0)
        made[unit.key] = failures.get(unit.key, rows.slice(start, length))
        start += length
    return made


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


def _taken(
    units: Sequence[Unit[LabelInput]], codes: pl.DataFrame, facts: pl.DataFrame
) -> pl.DataFrame:
    """The judgements that the units take, with keys and names as small categories."""
    sources = pl.DataFrame(
        [(number, key) for number, unit in enumerate(units) for key in unit.spec.sources],
        schema={"unit": pl.Int64, "unit_key": pl.String},
        orient="row",
    )
    expected = facts.select("flag", pl.col("coders").alias("coder")).explode("coder")
    coders = pl.Enum(expected["coder"].drop_nulls().unique().sort())
    episodes = pl.Enum(codes["episode_key"].unique().sort())
    return (
        codes.lazy()
        .select("unit_key", "episode_key", "seq", "other_seq", "flag", "coder", "value")
        .filter(pl.col("flag").is_in(facts["flag"].cast(pl.String).implode()))
        .filter(pl.col("coder").is_in(coders.categories.implode()))
        .with_columns(
            pl.col("episode_key").cast(episodes),
            pl.col("flag").cast(facts.schema["flag"]),
            pl.col("coder").cast(coders),
        )
        .join(sources.lazy(), on="unit_key")
        .join(
            expected.lazy().with_columns(pl.col("coder").cast(coders)),
            on=["flag", "coder"],
            how="semi",
        )
        .collect()
    )


def _conflicts(
    judged: pl.DataFrame, numbers: Numbering, units: Sequence[Unit[LabelInput]]
) -> dict[str, Failure]:
    """Units in which a coder judged an item twice and differently."""
    twice = (
        judged.group_by("item", "coder")
        .agg(pl.col("value").n_unique().alias("values"))
        .filter(pl.col("values") > 1)
        .sort("item", "coder", descending=True)
    )
    places = numbers.decoded(twice)
    return {
        units[unit].key: Failure(
            "conflicting_codes",
            f"{coder} judged flag {flag} of event {seq} twice and differently; "
            "import one of the two under another coder's name",
        )
        for unit, coder, flag, seq in places.select("unit", "coder", "flag", "seq").iter_rows()
    }
