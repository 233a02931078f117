"""Share of the variance of flags within an episode that lies between its seats."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.profile.shuffle import Counts, ProfileOptions, profiles_of
from tasks.metrics.statistics.arrays import Floats


def between_share(counts: Counts) -> Floats:
    """Between-seat over total sum of squares, pooled over flags, shape (draws, episodes)."""
    n = counts.sizes
    squares = counts.by_episode((counts.flags**2 / n[None, :, None]).sum(axis=2))
    flagged = counts.by_episode(counts.flags)
    messages = np.add.reduceat(n, counts.episode_starts)
    centre = (flagged**2).sum(axis=2) / messages
    total = flagged.sum(axis=2) - centre
    good = (total > 1e-12) & (counts.seats_per_episode > 1)
    return np.where(good, (squares - centre) / np.where(good, total, 1.0), np.nan)


def compute(data: Data, options: ProfileOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``profile_variance``."""
    profiles = profiles_of(data, options.flags or data.flags.traits)
    method = f"between-seat share of the variance of {', '.join(profiles.flags)} over messages"
    found = profiles.by_episode(between_share, method, options.draws, rng)
    return rows.of_episodes(data, options, {"": found})


METRIC = Metric(
    name="profile_variance",
    title="How much of what is done in an episode depends on who does it (0: nothing, 1: all)",
    quantities={
        "": Quantity(
            "variance ratio (eta squared), pooled over flags",
            "Σ_f Σ_s n_s (p_sf - p_f)² / Σ_f N p_f (1 - p_f)",
            "[0, 1]",
        )
    },
    source="Pearson's correlation ratio; Fisher (1925).",
    avoid="Under identical seats it is (S - 1)/(N - 1), not 0: compare the excess over the null. "
    "Frequent flags dominate the pooled sum; name `flags` to look at rare ones alone.",
    needs=("messages", "labels"),
    options=ProfileOptions,
    version=2,
    compute=compute,
)
