"""How far seats move from where they began, and towards the rest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.registry import Metric, Quantity
from tasks.metrics.text import vectors
from tasks.metrics.text.groups import Groups, by_seat, run_means
from tasks.metrics.text.vectors import Matrix, TextNullOptions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class DriftOptions(TextNullOptions):
    """Options of ``drift``."""

    part: float = Field(
        1 / 3, gt=0, le=0.5, description="Share of a seat's messages that is early, and late."
    )


def seat_parts(groups: Groups, order: Ints, part: float) -> Ints:
    """0 for early messages of a seat, 1 for late ones, -1 between.

    Args:
        groups: Messages by seat.
        order: What messages of a seat are sorted by: time, or random numbers for a null.
        part: Share of a seat's messages at either end; at least one message.
    """
    place = np.lexsort((order, groups.of))
    sizes = np.bincount(groups.of, minlength=groups.n)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(len(groups.of), dtype=np.int64)
    rank[place] = np.arange(len(groups.of)) - np.repeat(starts, sizes)
    width = np.maximum((sizes * part).astype(np.int64), 1)[groups.of]
    size = sizes[groups.of]
    return np.where(size < 2, -1, np.where(rank < width, 0, np.where(rank >= size - width, 1, -1)))


def measures(unit: Matrix, groups: Groups, parts: Ints) -> tuple[Floats, Floats]:
    """Drift and societal pull of each seat."""
    ends = [vectors.summed(unit, np.where(parts == end, groups.of, -1), groups.n) for end in (0, 1)]
    drift = 1 - vectors.row_cosines(ends[0], ends[1])
    own = vectors.summed(unit, groups.of, groups.n)
    known, number = np.unique(groups.run, return_inverse=True)
    rest = vectors.summed(own, number, len(known))[number] - own
    pull = vectors.row_cosines(ends[1], rest) - vectors.row_cosines(ends[0], rest)
    return drift, pull


def compute(data: Data, options: DriftOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``drift``."""
    unit = vectors.message_vectors(data, options.encoder)
    groups = by_seat(data)
    n = len(groups.of)
    observed = measures(unit, groups, seat_parts(groups, np.arange(n), options.part))
    nulls = [np.empty((data.n_runs, options.draws)) for _ in observed]
    for draw in range(options.draws):
        parts = seat_parts(groups, rng.permutation(n), options.part)
        for null, values in zip(nulls, measures(unit, groups, parts), strict=True):
            null[:, draw] = run_means(values, groups.run, data.n_runs)
    words = vectors.described(options.encoder)
    seats = np.bincount(groups.run, minlength=data.n_runs)
    return rows.together(
        [
            rows.of_runs(
                data,
                run_means(values, groups.run, data.n_runs),
                nulls=null,
                quantity=quantity,
                method=f"{title}, first and last {options.part:.0%} of a seat's messages, mean "
                f"over seats ({words}); null: messages of a seat in random order, "
                f"{options.draws} draws",
                resamples=options.resamples,
                n_units=seats,
            )
            for quantity, title, values, null in zip(
                ("", "societal_pull"),
                ("1 - cosine of early and late", "cosine with the others, late less early"),
                observed,
                nulls,
                strict=True,
            )
        ]
    )


METRIC = Metric(
    name="drift",
    title="How far seats move from what they said first, and whether towards the others",
    quantities={
        "": Quantity("semantic drift", "1 - cos(c_early, c_late), mean over seats", "[0, 2]"),
        "societal_pull": Quantity(
            "pull towards the others", "cos(c_late, c_rest) - cos(c_early, c_rest)", "[-2, 2]"
        ),
    },
    source="Li, Li and Zhou (2026), arXiv 2602.14299.",
    avoid="Few messages per seat make drift large by sampling alone: read the excess over the "
    "null. A topic that moves on moves everybody; that is no change of mind.",
    needs=("messages",),
    options=DriftOptions,
    compute=compute,
)
