"""How many items of an episode have each flag."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, ratio


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``flags``."""
    labels = data.labels.filter(pl.col("value").is_not_null())
    if labels.is_empty():
        raise Unusable(f"of {data.labels.height} labels under rule {data.rule} none is usable")
    item = ["episode", "seq", "other_seq"]
    n_items = _per_episode(data, labels.unique(item))
    counts: dict[str, Floats] = {}
    shares: dict[str, Floats] = {}
    for flag in data.flags.names:
        of_flag = _applicable(data, labels, flag)
        levels = data.flags.levels.get(flag, ())
        n = _per_episode(data, of_flag)
        if not levels:
            n_flagged = _per_episode(data, of_flag.filter(pl.col("value") > 0))
            counts[flag], shares[flag] = _where(n_items, n_flagged), ratio(n_flagged, n)
        for number, level in enumerate(levels):
            at_level = _per_episode(data, of_flag.filter(pl.col("value") == number))
            counts[f"{flag} {level}"] = _where(n_items, at_level)
            shares[f"{flag} {level}"] = ratio(at_level, n)
    traits = labels.filter(pl.col("flag").is_in(list(data.flags.traits)))
    some = _per_episode(data, traits.filter(pl.col("value") > 0).unique(item))
    judged = _per_episode(data, traits.unique(item))
    usable = "items with a usable label; an episode without any has no value"
    return rows.of_episodes(
        data,
        options,
        {
            "count": ByEpisode(counts, f"items with the flag, of {usable}", n_items),
            "share": ByEpisode(shares, f"items with the flag over {usable}", n_items),
            "any_trait": ByEpisode(
                ratio(some, judged), f"items with at least one trait flag over {usable}", judged
            ),
        },
    )


def _applicable(data: Data, labels: pl.DataFrame, flag: str) -> pl.DataFrame:
    """Labels of a flag where it applies: where its condition is present by the same rule."""
    of_flag = labels.filter(pl.col("flag") == flag)
    condition = data.flags.conditional.get(flag)
    if condition is None:
        return of_flag
    present = labels.filter((pl.col("flag") == condition) & (pl.col("value") > 0))
    return of_flag.join(present, on=["episode", "seq", "other_seq"], how="semi", nulls_equal=True)


def _per_episode(data: Data, items: pl.DataFrame) -> Floats:
    return np.bincount(items["episode"].to_numpy(), minlength=data.n_episodes).astype(np.float64)


def _where(n_items: Floats, counts: Floats) -> Floats:
    return np.where(n_items > 0, counts, np.nan)


METRIC = Metric(
    name="flags",
    title="How many items of an episode have each flag",
    quantities={
        "count": Quantity("items with a flag, or at a level of it", "n flagged", "[0, ∞)", "items"),
        "share": Quantity(
            "share of labelled items with a flag, or at a level of it",
            "n flagged / n labelled",
            "[0, 1]",
        ),
        "any_trait": Quantity(
            "share of items with at least one trait flag", "n with a trait / n labelled", "[0, 1]"
        ),
    },
    source="El Kandoussi (2026), arXiv 2604.00026: events per episode, messages with any trait.",
    avoid="Labels err as their coders do: `rates` corrects shares by a gold sample, this does not. "
    "Counts grow with the messages of an episode, so conditions of unequal length are compared by "
    "shares. A flag that applies only where another is present is counted, and its share taken, "
    "there. A flag that occurs a few times in a study says little of a single episode.",
    needs=("labels",),
    version=2,
    compute=compute,
)
