"""Effective number of different voices in a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.registry import Metric, Quantity
from tasks.metrics.statistics.diversity import effective_number
from tasks.metrics.text import vectors
from tasks.metrics.text.groups import Groups, by_seat
from tasks.metrics.text.vectors import Matrix, TextNullOptions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def run_grams(unit: Matrix, of: Ints, groups: Groups, n_runs: int) -> Floats:
    """Cosines between the seats of each run, shape (runs, most seats, most seats), padded by 0.

    A seat's vector is the sum of its messages' unit vectors, at unit length.
    """
    seats = vectors.unit_rows(vectors.summed(unit, of, groups.n).tocsr())
    starts = np.searchsorted(groups.run, np.arange(n_runs))
    place = np.arange(groups.n) - starts[groups.run]
    most = int(place.max()) + 1
    gram = np.zeros((n_runs, most, most))
    for shift in range(most):
        first = np.flatnonzero(groups.run[: groups.n - shift] == groups.run[shift:])
        if not len(first):
            continue
        dots = vectors.row_dots(seats[first], seats[first + shift])
        gram[groups.run[first], place[first], place[first] + shift] = dots
        gram[groups.run[first], place[first] + shift, place[first]] = dots
    return gram


def compute(data: Data, options: TextNullOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``vendi``."""
    unit = vectors.message_vectors(data, options.encoder)
    groups = by_seat(data)
    observed = effective_number(run_grams(unit, groups.of, groups, data.n_runs))
    run = data.messages["run"].to_numpy()
    nulls = np.empty((data.n_runs, options.draws))
    for draw in range(options.draws):
        mixed = np.empty_like(groups.of)
        mixed[np.argsort(run, kind="stable")] = groups.of[np.lexsort((rng.random(len(run)), run))]
        nulls[:, draw] = effective_number(run_grams(unit, mixed, groups, data.n_runs))
    return rows.of_runs(
        data,
        observed,
        nulls=nulls,
        method="K* = Vendi score of seats, cosine kernel on summed message vectors "
        f"({vectors.described(options.encoder)}); null: seats shuffled over messages within runs, "
        f"{options.draws} draws",
        resamples=options.resamples,
        n_units=np.bincount(groups.run, minlength=data.n_runs),
    )


METRIC = Metric(
    name="vendi",
    title="Effective number of different voices in a run (K*, Vendi score with cosine kernel)",
    quantities={
        "": Quantity(
            "K* over seats",
            "2^H, H = -Σ λ log2 λ, λ: eigenvalues of the Gram matrix over its trace",
            "[1, n]",
            "voices",
        )
    },
    source="Yang et al. (2026), arXiv 2602.03794; Friedman and Dieng (2023), The Vendi Score.",
    avoid="The encoder decides the size, so never compare numbers of two encoders. Grows with the "
    "number of seats and with text length; compare the excess over the null at equal group size.",
    needs=("messages",),
    options=TextNullOptions,
    compute=compute,
)
