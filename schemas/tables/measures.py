"""Tables of numbers: metrics and contrasts."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Share
from schemas.tables.column import Count, Json, Key, Name, Row, Table

#: Subject of numbers that are a value less the mean of its null.
EXCESS = "excess"


class MetricRow(Row):
    """A number with its interval and its null."""

    table: ClassVar[Table] = Table(
        "metrics",
        (
            "unit_key",
            "metric",
            "rule",
            "scope",
            "condition",
            "episode_key",
            "persona_key",
            "subject",
        ),
        "number",
        {"episode_key": "episodes.episode_key", "persona_key": "personas.persona_key"},
        owner="unit_key",
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    metric: Name = Field(description="Name of the metric; see the reference page of metrics.")
    options: Json = Field(description="Options it was computed with.")
    rule: str | None = Field(None, description="Adjudication rule of the labels it is made of.")
    scope: Literal["study", "condition", "episode", "seat", "pair", "item", "round", "persona"] = (
        Field(description="What the number is of.")
    )
    condition: str = Field(description="Condition; empty for numbers of the whole study.")
    episode_key: Key | None = Field(None, description="The episode, for numbers of one.")
    persona_key: Key | None = Field(None, description="The persona, for numbers of one.")
    subject: str = Field(
        description="Flag, seat, coder pair, ...; empty where there is one only; excess: the value "
        "less its null."
    )
    value: float | None = Field(description="The number; null: undefined, as the method says.")
    ci_low: float | None = Field(None, description="Lower end of the 95% interval.")
    ci_high: float | None = Field(None, description="Upper end of the 95% interval.")
    null_mean: float | None = Field(None, description="Mean under the null hypothesis.")
    null_sd: float | None = Field(None, description="Standard deviation under the null.")
    p_null: Share | None = Field(None, description="Share of null draws at least as extreme.")
    n_measured: Count = Field(description="Episodes, messages, ... that it is made of.")
    n_excluded: Count = Field(description="Units that were left out.")
    warning: str | None = Field(None, description="What a reader must know before citing it.")
    method: str = Field(description="How it was computed, in one sentence.")


class ContrastRow(Row):
    """A comparison of two conditions on one metric."""

    table: ClassVar[Table] = Table(
        "contrasts",
        ("unit_key", "contrast", "specification", "condition_a", "condition_b"),
        "comparison",
        owner="unit_key",
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    contrast: Name = Field(description="Its name in the study.")
    family: Name = Field(description="Family over which p-values are corrected.")
    specification: str = Field(
        description="Choices that differ from the declared ones, for specification curves."
    )
    metric: Name = Field(description="Metric that is compared.")
    subject: str = Field(
        description="Subject of the metric; empty where there is one only; excess: the value less "
        "its null is compared."
    )
    rule: str | None = Field(None, description="Adjudication rule behind the metric.")
    condition_a: Name = Field(description="Baseline.")
    condition_b: str = Field(description="Condition compared with it; several joined by ' | '.")
    test: Name = Field(description="The test.")
    statistic: float | None = Field(None, description="Its statistic.")
    effect: float | None = Field(None, description="Size of the effect of b over a.")
    effect_name: Name = Field(description="Exact name of the effect size.")
    ci_low: float | None = Field(None, description="Lower end of the effect's 95% interval.")
    ci_high: float | None = Field(None, description="Upper end of the effect's 95% interval.")
    p: Share | None = Field(None, description="p-value.")
    p_adjusted: Share | None = Field(None, description="p-value after correction.")
    correction: Name = Field(description="Correction over the family.")
    family_size: Count | None = Field(
        None,
        description="Comparisons that the p-value is corrected over, those without a p included; "
        "null: not corrected.",
    )
    p_least: Share | None = Field(
        None,
        description="Smallest p that the test can give with so many episodes; null: it has no such "
        "bound.",
    )
    n_a: Count = Field(description="Episodes of the baseline.")
    n_b: Count = Field(description="Episodes of the other side.")
    n_excluded: Count = Field(description="Episodes left out on both sides.")
    factors: list[str] = Field(description="Factors in which the conditions differ.")
    warning: str | None = Field(None, description="What a reader must know before citing it.")
    method: str = Field(description="How it was computed, in one sentence.")
