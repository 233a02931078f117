"""Outcomes of episodes as numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from pydantic import Field

from tasks.environments.registry import ENVIRONMENTS
from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.means import Bounds


class OutcomeOptions(Options):
    """Options of ``outcomes``."""

    names: tuple[str, ...] = Field((), description="Outcomes to take; none: all that are numbers.")


def episode_outcomes(data: Data, names: tuple[str, ...] = ()) -> dict[str, Floats]:
    """Numeric outcomes of whole episodes by name, NaN where an episode has none."""
    frame = data.outcomes.filter(
        (pl.col("scope") == "episode") & pl.col("round").is_null() & pl.col("value").is_not_null()
    )
    found: dict[str, Floats] = {}
    for name in names or sorted(frame["metric"].unique().to_list()):
        found[name] = data.by_episode(frame.filter(pl.col("metric") == name), "value")
    return found


def outcome_bounds(data: Data, found: Mapping[str, Floats]) -> dict[str, Bounds]:
    """Smallest and largest value of outcomes for which all environments of the episodes declare it.

    Episodes that were brought in may have an outcome of the same name and another meaning: bounds
    that some value does not keep are none.

    Args:
        data: The episodes.
        found: Outcomes by name.
    """
    names = data.episodes["environment"].drop_nulls().unique().to_list()
    if not names or any(name not in ENVIRONMENTS for name in names):
        return {}
    declared = [ENVIRONMENTS[name].bounds for name in names]
    bounds = {
        name: (min(one[name][0] for one in declared), max(one[name][1] for one in declared))
        for name in found
        if all(name in one for one in declared)
    }
    return {
        name: (low, high)
        for name, (low, high) in bounds.items()
        if not ((found[name] < low) | (found[name] > high)).any()
    }


def compute(data: Data, options: OutcomeOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``outcomes``."""
    found = episode_outcomes(data, options.names)
    bounds = outcome_bounds(data, found)
    # A count that is 0 in all episodes may be anything in others.
    yes_or_no = frozenset(
        name
        for name, values in found.items()
        if bounds.get(name) == (0, 1) and np.isin(values[np.isfinite(values)], (0, 1)).all()
    )
    method = "as the environment scored the episode"
    scored = ByEpisode(found, method, 1, yes_or_no=yes_or_no, bounds=bounds)
    return rows.of_episodes(data, options, {"": scored})


METRIC = Metric(
    name="outcomes",
    title="What the environment scored: each numeric outcome of an episode, by name",
    quantities={
        "": Quantity("outcome named by the subject", "as the environment defines it", "any")
    },
    source="The environment's own scoring.",
    avoid="Do not compare outcomes between environments or parameters that change the scale, such "
    "as catalogues of different size: use a ratio to a baseline.",
    needs=("outcomes",),
    options=OutcomeOptions,
    version=4,
    compute=compute,
)
