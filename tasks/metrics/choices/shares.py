"""What was chosen: shares of products and places, and how often what was right was chosen."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.choices.terms import FREE, SET, free_choices
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``choice_shares``."""
    free = free_choices(data)
    answered = (pl.col("task") != FREE) & pl.col("chosen").is_not_null()
    tasks = data.choice_sets.filter(answered)
    by_set = tasks.group_by(*SET, "task").agg(
        right=(pl.col("chosen") & pl.col("right")).any().cast(pl.Float64),
        chance=pl.col("right").mean(),
    )
    found = {
        "product": ByEpisode(
            _shares(data, free, "product"), "choices of the product over all choices"
        ),
        "position": ByEpisode(
            _shares(data, free, "position"), "choices of the place over all choices"
        ),
        "right": ByEpisode(
            _by_task(data, by_set, pl.col("right")), "choices of a right listing over all choices"
        ),
        "above_chance": ByEpisode(
            _by_task(data, by_set, pl.col("right") - pl.col("chance")),
            "choices of a right listing less what blind choices give, over all choices",
        ),
    }
    return rows.of_episodes(data, options, found)


def _shares(data: Data, free: pl.DataFrame, column: str) -> dict[str, Floats]:
    """Share of an episode's choices by value of a column; an episode without choices has none."""
    chosen = free.filter("chosen")
    n = data.by_episode(chosen.group_by("episode").agg(n=pl.len()), "n")
    found = {}
    for value in sorted(free[column].unique().to_list()):
        mine = chosen.filter(pl.col(column) == value).group_by("episode").agg(n=pl.len())
        found[str(value)] = np.where(n > 0, np.nan_to_num(data.by_episode(mine, "n")), np.nan) / n
    return found


def _by_task(data: Data, by_set: pl.DataFrame, value: pl.Expr) -> dict[str, Floats]:
    return {
        str(task): data.by_episode(
            by_set.filter(pl.col("task") == task).group_by("episode").agg(value=value.mean()),
            "value",
        )
        for task in sorted(by_set["task"].unique().to_list())
    }


METRIC = Metric(
    name="choice_shares",
    title="What was chosen: market shares, places, and right answers to tasks",
    quantities={
        "product": Quantity("market share, by product", "chosen / choices", "[0, 1]"),
        "position": Quantity("share of choices, by place from 1", "chosen / choices", "[0, 1]"),
        "right": Quantity("right choices, by task", "right / choices", "[0, 1]"),
        "above_chance": Quantity(
            "right choices above blind ones, by task", "mean of right - share right", "[-1, 1]"
        ),
    },
    source="Allouah et al. (2025), ACES, arXiv 2508.02630.",
    avoid="Shares of products mean nothing where products are drawn for each episode, shares of "
    "places little where the order is fixed. Who gave no answer made no choice and does not count.",
    needs=("choice_sets",),
    compute=compute,
)
