"""Share of the variance of flags within a run that lies between its seats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.profile.shuffle import Counts, profiles_of

Floats = npt.NDArray[np.float64]


class VarianceOptions(NullOptions):
    """Options of ``profile_variance``."""

    flags: tuple[str, ...] = Field((), description="Flags of the profile; none: all traits.")


def between_share(counts: Counts) -> Floats:
    """Between-seat over total sum of squares, pooled over flags, shape (draws, runs)."""
    n = counts.sizes
    squares = counts.by_run((counts.flags**2 / n[None, :, None]).sum(axis=2))
    flagged = counts.by_run(counts.flags)
    messages = np.add.reduceat(n, counts.run_starts)
    centre = (flagged**2).sum(axis=2) / messages
    total = flagged.sum(axis=2) - centre
    good = (total > 1e-12) & (counts.seats_per_run > 1)
    return np.where(good, (squares - centre) / np.where(good, total, 1.0), np.nan)


def compute(data: Data, options: VarianceOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``profile_variance``."""
    profiles = profiles_of(data, options.flags or data.flags.traits)
    return rows.of_runs(
        data,
        profiles.observed(between_share),
        nulls=profiles.shuffled(between_share, options.draws, rng),
        method=f"between-seat share of the variance of {', '.join(profiles.flags)} over messages; "
        f"null: seats shuffled over messages within runs, {options.draws} draws",
        resamples=options.resamples,
        n_units=profiles.messages,
        n_excluded=profiles.undecided,
    )


METRIC = Metric(
    name="profile_variance",
    title="How much of what is done in a run depends on who does it (0: nothing, 1: all)",
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
    options=VarianceOptions,
    compute=compute,
)
