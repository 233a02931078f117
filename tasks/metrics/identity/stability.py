"""Whether seats behave at the end of an episode as they did at the start."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats

#: Rounds that an episode must have more of for a shuffle to change what its halves are.
LEAST_ROUNDS = 2
ROUNDS_SHUFFLED = "rounds in random order"
NO_SHUFFLE = "none, as no order of so few rounds makes other halves"
Rng: TypeAlias = np.random.Generator


def _halves(data: Data) -> pl.DataFrame:
    """What seats did, with the half of the episode that it was in and its length in words."""
    middle = (pl.col("round").min() + pl.col("round").max()).over("episode") / 2
    return data.events.filter(pl.col("actor") != "env").select(
        "episode",
        "actor",
        "kind",
        "round",
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


def _kind_divergence(data: Data, acts: pl.DataFrame, draws: int, rng: Rng) -> ByEpisode:
    """Jensen-Shannon divergence in bits between the kinds of acts of the two halves.

    Acts of a round stay together in the null, since what is done in it may hang together.
    """
    n = data.n_episodes
    acts = acts.filter(pl.col("late").is_not_null())
    kind = acts["kind"].cast(pl.String).rank("dense").to_numpy() - 1
    place = pl.struct("episode", "round")
    ordered = acts.select(place.rank("dense").alias("place") - 1)["place"].to_numpy()
    known = acts.select("episode", "round", "late").unique().sort("episode", "round")
    episode, late = known["episode"].to_numpy(), known["late"].to_numpy()
    counts = np.zeros((known.height, int(kind.max(initial=0)) + 1))
    np.add.at(counts, (ordered, kind), 1)

    def divergence(late: Bools) -> Floats:
        of_half = np.zeros((2, n, counts.shape[1]))
        np.add.at(of_half, (late.astype(np.int64), episode), counts)
        return jensen_shannon(of_half[0], of_half[1])

    nulls = np.empty((n, draws))
    for draw in range(draws):
        nulls[:, draw] = divergence(late[np.lexsort((rng.random(len(late)), episode))])
    rounds = np.bincount(episode, minlength=n)
    free = rounds > LEAST_ROUNDS
    nulls[~free] = np.nan
    words = [ROUNDS_SHUFFLED if one else NO_SHUFFLE for one in free.tolist()]
    n_acts = np.bincount(acts["episode"].to_numpy(), minlength=n)
    value = np.where(rounds > 0, divergence(late), np.nan)
    method = "kinds of acts in the two halves of the rounds"
    return ByEpisode(value, method, n_acts, nulls, null_words=words)


def jensen_shannon(one: Floats, other: Floats) -> Floats:
    """Jensen-Shannon divergence in bits of counts, kinds last; 0 where one side has none.

    Example:
        >>> jensen_shannon(np.array([2.0, 0.0]), np.array([0.0, 3.0])).item()
        1.0
    """
    shares = [x / np.maximum(x.sum(axis=-1, keepdims=True), 1) for x in (one, other)]
    middle = (shares[0] + shares[1]) / 2
    parts = [
        np.where(x > 0, x * np.log2(np.where(x > 0, x, 1) / np.where(x > 0, middle, 1)), 0.0)
        for x in shares
    ]
    both = (one.sum(axis=-1) > 0) & (other.sum(axis=-1) > 0)
    return np.where(both, (parts[0] + parts[1]).sum(axis=-1) / 2, 0.0)


def compute(data: Data, options: NullOptions, rng: np.random.Generator) -> pl.DataFrame:
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
    }
    n = np.bincount(acts["episode"].to_numpy(), minlength=data.n_episodes)
    found = {
        quantity: ByEpisode(data.by_episode(frame, "value"), method, n)
        for quantity, (frame, method) in by_quantity.items()
    }
    found["act_jsd"] = _kind_divergence(data, acts, options.draws, rng)
    return rows.of_episodes(data, options, found)


METRIC = Metric(
    name="stability",
    title="Whether seats act at the end of an episode as at the start: components of agent drift",
    quantities={
        "length_cv": Quantity(
            "variation of message length",
            "mean over seats of sd / mean",
            "[0, ∞)",
            made_of="acts",
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
    avoid="Do not add them up. Of few acts `act_jsd` is above 0 even where nothing changes: read "
    "its excess. Environments whose phases ask for other acts drift by design.",
    needs=("events", "actions"),
    options=NullOptions,
    version=4,
    compute=compute,
)
