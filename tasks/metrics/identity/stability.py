"""Whether seats behave at the end of an episode as they did at the start."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode


def _halves(data: Data) -> pl.DataFrame:
    """What seats did, with the half of the episode that it was in and its length in words."""
    middle = (pl.col("round").min() + pl.col("round").max()).over("episode") / 2
    return data.events.filter(pl.col("actor") != "env").select(
        "episode",
        "actor",
        "kind",
        (pl.col("round") > middle).alias("late"),
        pl.col("text").fill_null("").str.count_matches(r"\S+").cast(pl.Float64).alias("words"),
    )


def _asked(data: Data) -> pl.DataFrame:
    """The questions put to seats, with the half of the episode that they were in."""
    middle = (pl.col("round").min() + pl.col("round").max()).over("episode") / 2
    return data.actions.filter(pl.col("attempts") > 0).select(
        "episode",
        (pl.col("round") > middle).alias("late"),
        pl.col("fallback").cast(pl.Float64),
        pl.col("valid").cast(pl.Float64),
    )


def _length_cv(acts: pl.DataFrame) -> pl.DataFrame:
    said = acts.filter((pl.col("kind") == "say") & (pl.col("words") > 0))
    return (
        said.group_by("episode", "actor")
        .agg((pl.col("words").std() / pl.col("words").mean()).alias("cv"))
        .drop_nulls("cv")
        .group_by("episode")
        .agg(pl.col("cv").mean().alias("value"))
    )


def _late_less_early(acts: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return acts.group_by("episode").agg(
        (value.filter(pl.col("late")).mean() - value.filter(~pl.col("late")).mean()).alias("value")
    )


def _kind_divergence(acts: pl.DataFrame) -> pl.DataFrame:
    """Jensen-Shannon divergence in bits between the kinds of acts of the two halves."""
    counts = acts.group_by("episode", "kind").agg(
        pl.col("late").sum().cast(pl.Float64).alias("q"),
        (~pl.col("late")).sum().cast(pl.Float64).alias("p"),
    )
    shares = counts.with_columns(pl.col("p", "q") / pl.col("p", "q").sum().over("episode"))
    middle = (pl.col("p") + pl.col("q")) / 2

    def part(name: str) -> pl.Expr:
        x = pl.col(name)
        return pl.when(x > 0).then(x * (x / middle).log(2)).otherwise(0.0)

    return shares.group_by("episode").agg(((part("p") + part("q")) / 2).sum().alias("value"))


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``stability``."""
    acts, asked = _halves(data), _asked(data)
    say = acts.filter((pl.col("kind") == "say") & (pl.col("words") > 0))
    halves = "second less first half of the rounds"
    by_quantity = {
        "length_cv": (_length_cv(acts), "words per message, mean over seats"),
        "length_change": (
            _late_less_early(say, pl.col("words")),
            f"words per message, {halves}",
        ),
        "fallback_change": (
            _late_less_early(asked, pl.col("fallback")),
            f"share of fallbacks, {halves}",
        ),
        "valid_change": (
            _late_less_early(asked, pl.col("valid")),
            f"share of usable actions, {halves}",
        ),
        "act_jsd": (_kind_divergence(acts), "kinds of acts in the two halves of the rounds"),
    }
    n = np.bincount(acts["episode"].to_numpy(), minlength=data.n_episodes)
    found = {
        quantity: ByEpisode(data.by_episode(frame, "value"), method, n)
        for quantity, (frame, method) in by_quantity.items()
    }
    return rows.of_episodes(data, options, found)


METRIC = Metric(
    name="stability",
    title="Whether seats act at the end of an episode as at the start: components of agent drift",
    quantities={
        "length_cv": Quantity(
            "variation of message length", "mean over seats of sd / mean", "[0, ∞)"
        ),
        "length_change": Quantity("change of message length", "late - early mean", "any", "words"),
        "fallback_change": Quantity("change of the share of fallbacks", "late - early", "[-1, 1]"),
        "valid_change": Quantity(
            "change of the share of usable actions", "late - early", "[-1, 1]"
        ),
        "act_jsd": Quantity(
            "change of what kinds of acts there are", "JSD(early, late)", "[0, 1]", "bits"
        ),
    },
    source="Components of Rath (2026), arXiv 2601.04170; its composite index has arbitrary weights "
    "and is not computed.",
    avoid="Do not add them up. Environments whose phases ask for other acts drift by design.",
    needs=("events", "actions"),
    version=3,
    compute=compute,
)
