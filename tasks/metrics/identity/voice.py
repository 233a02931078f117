"""Whether a seat keeps to a voice of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.registry import Metric, Quantity
from tasks.metrics.text import vectors
from tasks.metrics.text.groups import Groups, by_seat, run_means
from tasks.metrics.text.vectors import Matrix, TextNullOptions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def own_less_others(unit: Matrix, of: Ints, groups: Groups) -> Floats:
    """Mean cosine of a seat's messages with each other, less that with the others' messages.

    Args:
        unit: Unit vectors of messages.
        of: Seat group of each message.
        groups: The seat groups.
    """
    filled = (np.diff(unit.indptr) > 0).astype(np.float64)
    n = np.bincount(of, weights=filled, minlength=groups.n)
    own = vectors.summed(unit, of, groups.n)
    known, number = np.unique(groups.run, return_inverse=True)
    whole = vectors.summed(own, number, len(known))[number]
    rest = np.bincount(number, weights=n)[number] - n
    squares = vectors.row_dots(own, own)
    across = vectors.row_dots(own, whole) - squares
    good = (n > 1) & (rest > 0)
    inside = (squares - n) / np.where(good, n * (n - 1), 1)
    return np.where(good, inside - across / np.where(good, n * rest, 1), np.nan)


def compute(data: Data, options: TextNullOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_consistency``."""
    unit = vectors.message_vectors(data, options.encoder)
    groups = by_seat(data)
    run = data.messages["run"].to_numpy()
    observed = own_less_others(unit, groups.of, groups)
    nulls = np.empty((data.n_runs, options.draws))
    place = np.argsort(run, kind="stable")
    for draw in range(options.draws):
        mixed = np.empty_like(groups.of)
        mixed[place] = groups.of[np.lexsort((rng.random(len(run)), run))]
        nulls[:, draw] = run_means(own_less_others(unit, mixed, groups), groups.run, data.n_runs)
    names = data.messages.select("run", "seat").unique(maintain_order=True).sort("run", "seat")
    return rows.together(
        [
            rows.of_runs(
                data,
                run_means(observed, groups.run, data.n_runs),
                nulls=nulls,
                method="cosine of messages of one seat less that with other seats', mean over "
                f"seats ({vectors.described(options.encoder)}); null: seats shuffled over messages "
                f"within runs, {options.draws} draws",
                resamples=options.resamples,
                n_units=np.bincount(run, minlength=data.n_runs),
            ),
            rows.of_seats(
                data,
                names.with_columns(pl.Series("value", observed)),
                method="cosine of messages of the seat less that with other seats'",
            ),
        ]
    )


METRIC = Metric(
    name="persona_consistency",
    title="Whether a seat's messages resemble each other more than the others' do",
    quantities={
        "": Quantity(
            "own less others' similarity",
            "mean cos(u, own) - mean cos(u, others'), over seats",
            "[-2, 2]",
        )
    },
    source="Prompt-to-line consistency without the prompt, after Abdulhai et al. (2025); computed "
    "from text vectors.",
    avoid="A verbal tic passes for a persona. It is about being recognisable, not about being true "
    "to what the persona says: code that with a flag and use `profile_stability`.",
    needs=("messages",),
    options=TextNullOptions,
    compute=compute,
)
