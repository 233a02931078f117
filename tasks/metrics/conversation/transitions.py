"""Who speaks after whom."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words, shuffled_places
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.rows import ByRun
from tasks.metrics.statistics.arrays import Floats, Ints


class TransitionOptions(NullOptions):
    """Options of ``transitions``."""

    draws: int = Field(100, ge=20, le=10_000, description="Draws of the null distribution.")


def seat_places(data: Data) -> tuple[Ints, int]:
    """Number of the speaker of each message within its run, and the most speakers of any run."""
    ranked = data.messages.select(
        (pl.col("seat").rank("dense").over("run") - 1).cast(pl.Int64).alias("place")
    )["place"].to_numpy()
    return ranked, int(ranked.max()) + 1 if len(ranked) else 0


def entropy_rate(speaker: Ints, run: Ints, n_seats: int, n_runs: int) -> Floats:
    """Entropy of the next speaker given the present one, over log2 of the speakers; by run.

    Args:
        speaker: Speaker of each message, messages of a run in order and adjacent.
        run: Run of each message, sorted.
        n_seats: Speakers that a run has at most.
        n_runs: Number of runs.
    """
    same = run[1:] == run[:-1]
    cell = (run[:-1] * n_seats + speaker[:-1]) * n_seats + speaker[1:]
    counts = np.bincount(cell[same], minlength=n_runs * n_seats**2).reshape(-1, n_seats, n_seats)
    row = counts.sum(axis=2)
    share = counts / np.maximum(row, 1)[:, :, None]
    row_entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=2)
    total = row.sum(axis=1)
    weighted = (row * row_entropy).sum(axis=1) / np.maximum(total, 1)
    spoke = np.zeros((n_runs, n_seats), dtype=bool)
    spoke[run, speaker] = True
    n = spoke.sum(axis=1)
    return np.where((total > 0) & (n > 1), weighted / np.log2(np.maximum(n, 2)), np.nan)


def compute(data: Data, options: TransitionOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``transitions``."""
    speaker, n_seats = seat_places(data)
    run = data.messages["run"].to_numpy().astype(np.int64)
    if not len(run):
        return rows.frame([])
    blocks, free = blocks_of(data), free_to_shuffle(data)
    nulls = np.empty((data.n_runs, options.draws))
    for draw in range(options.draws):
        order = shuffled_places(blocks.of, 1, rng)[0]
        nulls[:, draw] = entropy_rate(speaker[order], run, n_seats, data.n_runs)
    nulls[~free] = np.nan
    observed = entropy_rate(speaker, run, n_seats, data.n_runs)
    method = "entropy of the next speaker given the present one over log2 of the speakers"
    words = shuffle_words(blocks.by_round, free, options.draws, "turns")
    found = ByRun(observed, method, data.n_messages, nulls, null_words=words)
    return rows.of_runs(data, options, {"": found})


METRIC = Metric(
    name="transitions",
    title="How open it is who speaks next (0: the present speaker decides it)",
    quantities={
        "": Quantity(
            "normalised entropy rate of turns", "-Σ_i π_i Σ_j p(j|i) log2 p(j|i) / log2 n", "[0, 1]"
        )
    },
    source="Shannon (1948); turn-transition matrices after Sacks, Schegloff and Jefferson (1974).",
    avoid="Says nothing where the floor is fixed by the protocol: it is then 0, or what the "
    "shuffle of the floor makes it. Falls in short runs; compare the excess over the null, which "
    "is below 0 where the order within rounds is always the same.",
    needs=("messages",),
    options=TransitionOptions,
    version=2,
    compute=compute,
)
