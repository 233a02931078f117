"""Jensen-Shannon divergence between the flag distributions of the seats of an episode."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.profile.shuffle import Counts, ProfileOptions, profiles_of
from tasks.metrics.statistics.arrays import Floats


def _entropy_bits(shares: Floats) -> Floats:
    logs = np.log2(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(axis=-1))


def divergence(counts: Counts) -> Floats:
    """Generalised Jensen-Shannon divergence of each episode's seats over log2 of their number.

    Seats without any flag have no distribution and are left out. Shape (draws, episodes).
    """
    totals = counts.flags.sum(axis=2)
    some = totals > 0
    shares = counts.flags / np.where(some, totals, 1.0)[:, :, None]
    n = counts.by_episode(some.astype(np.float64))
    safe = np.maximum(n, 1)
    mixed = _entropy_bits(counts.by_episode(shares) / safe[:, :, None])
    own = counts.by_episode(np.where(some, _entropy_bits(shares), 0.0)) / safe
    most = np.log2(np.maximum(n, 2))
    return np.where(n > 1, np.maximum(mixed - own, 0.0) / most, np.nan)


def compute(data: Data, options: ProfileOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``profile_jsd``."""
    profiles = profiles_of(data, options.flags or data.flags.traits)
    method = (
        f"Jensen-Shannon divergence of seats' distributions over {', '.join(profiles.flags)}, "
        "seats without a flag left out"
    )
    found = profiles.by_episode(divergence, method, options.draws, rng)
    return rows.of_episodes(data, options, {"": found})


METRIC = Metric(
    name="profile_jsd",
    title="How differently the seats of an episode spread what they do over the flags (0: alike)",
    quantities={
        "": Quantity(
            "generalised Jensen-Shannon divergence of seats' flag distributions",
            "[H(mean of p_i) - mean of H(p_i)] / log2 n, p_i: seat i's flags as shares, H in bits",
            "[0, 1]",
        )
    },
    source="Lin (1991), Divergence measures based on the Shannon entropy.",
    avoid="Blind to how often flags are given at all: a seat that shows one flag once counts like "
    "one that shows it always. Biased upwards in short episodes; compare the excess over the null. "
    "Where a few episodes differ much and most hardly, intervals of 20 episodes hold the excess in "
    "90% of studies.",
    needs=("messages", "labels"),
    options=ProfileOptions,
    version=2,
    compute=compute,
)
