"""Mean cosine between the flag profiles of the seats of an episode."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.profile.shuffle import Counts, ProfileOptions, profiles_of
from tasks.metrics.statistics.arrays import Floats, ratio


class CosineOptions(ProfileOptions):
    """Options of ``profile_cosine``."""

    zero_pairs: Literal["drop", "zero"] = Field(
        "drop", description="Pairs with an all-zero profile: left out, or counted as cosine 0."
    )


def mean_cosine(counts: Counts, zero_pairs: str = "drop") -> Floats:
    """Mean cosine over the pairs of seats of each episode, shape (draws, episodes).

    The sum over pairs follows from the length of the sum of unit vectors, so no pair is formed.
    """
    length = np.sqrt((counts.flags**2).sum(axis=2))
    some = length > 0
    unit = counts.flags / np.where(some, length, 1.0)[:, :, None]
    total = counts.by_episode(unit)
    defined = counts.by_episode(some.astype(np.float64))
    seats = (
        defined
        if zero_pairs == "drop"
        else np.broadcast_to(counts.seats_per_episode.astype(np.float64), defined.shape)
    )
    pairs = seats * (seats - 1) / 2
    summed = ((total**2).sum(axis=2) - defined) / 2
    return ratio(summed, pairs)


def undefined_share(counts: Counts) -> Floats:
    """Share of each episode's pairs of seats with an all-zero profile, shape (draws, episodes)."""
    defined = counts.by_episode((counts.flags.sum(axis=2) > 0).astype(np.float64))
    seats = counts.seats_per_episode
    pairs = seats * (seats - 1) / 2
    good = defined * (defined - 1) / 2
    return 1 - ratio(good, pairs)


def compute(data: Data, options: CosineOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``profile_cosine``."""
    profiles = profiles_of(data, options.flags or data.flags.traits)

    def statistic(counts: Counts) -> Floats:
        return mean_cosine(counts, options.zero_pairs)

    method = (
        f"mean pairwise cosine of seats' rates of {', '.join(profiles.flags)}, pairs with an "
        f"all-zero profile {'left out' if options.zero_pairs == 'drop' else 'counted as 0'}"
    )
    silent = "share of pairs of seats in which one shows none of the flags"
    found = {
        "": profiles.by_episode(statistic, method, options.draws, rng),
        "undefined_pairs": profiles.by_episode(undefined_share, silent),
    }
    return rows.of_episodes(data, options, found)


METRIC = Metric(
    name="profile_cosine",
    title="How alike the seats of an episode are in what they do (1: same profile)",
    quantities={
        "": Quantity(
            "mean pairwise cosine of flag profiles",
            "mean over pairs i<j of p_i·p_j / (|p_i| |p_j|), p_i: rates of the trait flags",
            "[0, 1]",
        ),
        "undefined_pairs": Quantity(
            "pairs with an all-zero profile",
            "1 - C(d, 2) / C(n, 2), d of n seats show a flag",
            "[0, 1]",
        ),
    },
    source="El Kandoussi (2026), arXiv 2604.00026, with the null that it lacks.",
    avoid="Do not compare raw values between conditions that differ in flag rates or in messages "
    "per seat: the value under identical seats moves from .5 at 3 messages to .9 at 21. Compare "
    "the excess over the null (`excess: true`), and look at `undefined_pairs`. Do not read "
    "closeness to 1 as consensus: one flag that dominates gives it too.",
    needs=("messages", "labels"),
    options=CosineOptions,
    version=2,
    compute=compute,
)
