"""What conditions differ in by construction, so that raw values differ where nothing else does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tasks.metrics.contrasts.sample import LEAST_EPISODES
from tasks.metrics.statistics.arrays import Floats, varies

#: Difference of nulls over that of values, and of sizes over the largest, too small to matter.
SMALL = 0.1
#: p of equal nulls or sizes below which they are said to differ.
UNLIKE = 0.01
#: Share of the episodes that they are worth below which a row warns.
WORTH = 0.75


def unlike_nulls(values: pl.DataFrame, conditions: Sequence[str]) -> list[str]:
    """That nulls differ between conditions by more than they do within each.

    Args:
        values: Rows of episodes: ``condition, value, null_mean``.
        conditions: Those that are compared.
    """
    by_condition = {
        name: values.filter(pl.col("condition") == name).drop_nulls(["value", "null_mean"])
        for name in conditions
    }
    nulls = [mine["null_mean"].to_numpy() for mine in by_condition.values()]
    if not _differ(nulls):
        return []
    means = {name: float(null.mean()) for name, null in zip(by_condition, nulls, strict=True)}
    raw = [mine["value"].to_numpy().mean() for mine in by_condition.values()]
    if np.ptp(list(means.values())) <= SMALL * np.ptp(raw):
        return []
    # Added 0 takes the sign from what rounds to -0.
    words = ", ".join(f"{name} {round(mean, 2) + 0.0:.2f}" for name, mean in means.items())
    return [
        f"raw values are compared although their nulls differ too ({words}); the excess does not "
        "have this fault"
    ]


def unlike_sizes(values: pl.DataFrame, conditions: Sequence[str], made_of: str) -> list[str]:
    """That values of one condition are made of more than those of another.

    Args:
        values: Rows of episodes: ``condition, value, n_measured``.
        conditions: Those that are compared.
        made_of: What they are made of, in the plural, where its number matters by arithmetic.
    """
    known = values.drop_nulls("value")
    sizes = [
        known.filter(pl.col("condition") == name)["n_measured"].to_numpy().astype(np.float64)
        for name in conditions
    ]
    if not _differ(sizes):
        return []
    means = [float(size.mean()) for size in sizes]
    if np.ptp(means) <= SMALL * max(means):
        return []
    words = ", ".join(f"{name} {mean:.3g}" for name, mean in zip(conditions, means, strict=True))
    return [
        f"values are made of unequal numbers of {made_of} ({words}) and depend on that by "
        "arithmetic, whatever else differs"
    ]


def uneven_weights(values: pl.DataFrame, conditions: Sequence[str], weighed_by: str) -> list[str]:
    """That few episodes weigh most, so that there are fewer than a test takes there to be.

    Args:
        values: Rows of episodes: ``condition, value, n_measured``.
        conditions: Those that are compared.
        weighed_by: What the weight of an episode is the number of, in the plural.

    Source: Carter, Schnepel and Steigerwald (2017) for how many they are worth.
    """
    known = values.drop_nulls("value")
    told = []
    for name in conditions:
        weights = known.filter(pl.col("condition") == name)["n_measured"].to_numpy().astype(float)
        worth = weights.sum() ** 2 / max((weights**2).sum(), 1.0)
        if worth < WORTH * len(weights):
            told.append(f"{name} {worth:.1f} of {len(weights)}")
    if not told:
        return []
    return [
        f"episodes have unequal numbers of {weighed_by}, so that they are worth fewer "
        f"({', '.join(told)}): of episodes worth 8 of 20, or 5 of 12, p < .05 came out in 9 to 15% "
        "of studies in which nothing differs"
    ]


def _differ(groups: Sequence[Floats]) -> bool:
    """Whether numbers differ between conditions by more than they do within each."""
    from scipy import stats

    if any(len(group) < LEAST_EPISODES for group in groups) or not varies(np.concatenate(groups)):
        return False
    # Those that are the same in all episodes of a condition differ for certain.
    noise = any(varies(group) for group in groups)
    return not noise or bool(stats.f_oneway(*groups).pvalue < UNLIKE)
