"""How the conclusion of a contrast depends on the choices of a specification curve."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class CurveSummary:
    """A specification curve in a few numbers.

    Attributes:
        n: Specifications.
        n_computed: Those with an effect; the others say in ``warning`` why they have none.
        share_same_sign: Share of effects with the sign that most have.
        share_significant: Share of p-values below alpha; none corrected, since the specifications
            are readings of one comparison.
        effect_low: Smallest effect.
        effect_median: Median effect.
        effect_high: Largest effect.
        by_choice: ``choice, option, n, effect_median, share_significant``: what each choice does.
    """

    n: int
    n_computed: int
    share_same_sign: float | None
    share_significant: float | None
    effect_low: float | None
    effect_median: float | None
    effect_high: float | None
    by_choice: pl.DataFrame

    @property
    def conclusion(self) -> str:
        """One sentence for people."""
        if not self.n_computed:
            return f"none of {self.n} specifications could be computed"
        text = (
            f"{self.n_computed} of {self.n} specifications computed: effects from "
            f"{self.effect_low:.2f} to {self.effect_high:.2f}, median {self.effect_median:.2f}; "
            f"{self.share_same_sign:.0%} with the same sign"
        )
        if self.share_significant is None:
            return text
        return f"{text}, {self.share_significant:.0%} with p below alpha"


def curve_summary(contrasts: pl.DataFrame, alpha: float = 0.05) -> CurveSummary:
    """What a specification curve shows.

    Args:
        contrasts: Rows of ``contrasts`` of one curve.
        alpha: Level below which a p-value counts.

    Source: Simonsohn, Simmons and Nelson (2020), Specification curve analysis.
    """
    done = (
        contrasts.with_columns(pl.col("effect", "p").cast(pl.Float64))
        .drop_nulls("effect")
        .with_columns((pl.col("p") < alpha).alias("below"))
    )
    positive, negative = ((done["effect"] * sign > 0).sum() for sign in (1, -1))
    tested = done["below"].drop_nulls()
    return CurveSummary(
        n=contrasts.height,
        n_computed=done.height,
        share_same_sign=max(int(positive), int(negative)) / done.height if done.height else None,
        share_significant=int(tested.sum()) / len(tested) if len(tested) else None,
        effect_low=_number(done["effect"].min()),
        effect_median=_number(done["effect"].median()),
        effect_high=_number(done["effect"].max()),
        by_choice=_by_choice(done),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _by_choice(done: pl.DataFrame) -> pl.DataFrame:
    parts = pl.col("specification").str.split("; ").alias("part")
    split = pl.col("part").str.splitn("=", 2)
    return (
        done.with_columns(parts)
        .explode("part", empty_as_null=False)
        .with_columns(
            split.struct.field("field_0").alias("choice"),
            split.struct.field("field_1").fill_null("").alias("option"),
        )
        .group_by("choice", "option", maintain_order=True)
        .agg(
            pl.len().alias("n"),
            pl.col("effect").median().alias("effect_median"),
            pl.col("below").mean().alias("share_significant"),
        )
        .sort("choice", "option")
    )
