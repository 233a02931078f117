"""The rule in which one coder's judgement stands, and another rule decides where there is none."""

from __future__ import annotations

from typing import Any

import polars as pl
from pydantic import Field, field_validator

from schemas.base import Record
from schemas.study.coding import RuleSpec
from tasks.coding.adjudication import rules
from tasks.coding.adjudication.rule import GUIDE, KIND, Rule, adjudication_rule, rule_and_params
from tasks.registry import Registry


class OverrideParams(Record):
    """Parameters of ``human_override``."""

    coder: str = Field(description="The coder whose judgement stands where there is one.")
    then: RuleSpec = Field(description="Rule for the items that this coder did not judge.")

    @field_validator("then")
    @classmethod
    def _of_items(cls, then: RuleSpec) -> RuleSpec:
        if then.rule not in ITEM_RULES:
            known = ", ".join(ITEM_RULES)
            raise ValueError(f"there is no rule of single items named {then.rule}: {known}")
        return then


def _then(params: OverrideParams) -> tuple[Rule, Any]:
    return rule_and_params(ITEM_RULES, params.then, "coding.adjudication")


@adjudication_rule(
    params=OverrideParams,
    named=lambda params: _then(params)[0].named(_then(params)[1]),
    extra=lambda params: (params.coder, *_then(params)[0].extra(_then(params)[1])),
)
def human_override(
    codes: pl.DataFrame, facts: pl.DataFrame, params: OverrideParams
) -> pl.DataFrame:
    """What one coder says, usually a person; another rule for items that this coder left out."""
    rule, inner = _then(params)
    own = pl.col("coder") == params.coder
    rest = facts.with_columns(
        pl.col("coders").list.set_difference(pl.lit([params.coder], dtype=pl.List(pl.String)))
    ).with_columns(pl.col("coders").list.len().cast(pl.Int64).alias("expected"))
    said = rules.judge.labels(codes.filter(own), facts, rules.OneCoder(coder=params.coder)).select(
        "item", pl.col("value").alias("said"), pl.col("n_codes").alias("one")
    )
    both = rule.labels(codes.filter(~own), rest, inner).join(
        said, on="item", how="full", coalesce=True
    )
    overridden = pl.col("said").is_not_null()
    return both.select(
        "item",
        pl.coalesce("said", "value").alias("value"),
        pl.when(~overridden).then(pl.col("probability")).alias("probability"),
        pl.when(overridden)
        .then(pl.col("one"))
        .otherwise(pl.col("n_codes").fill_null(0))
        .alias("n_codes"),
    )


#: Every rule that looks at one item at a time, the one above included.
ITEM_RULES: Registry[Rule] = Registry(KIND, (human_override, *rules.OF_ITEMS), GUIDE)
