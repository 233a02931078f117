"""Whether what is said in a round grows more alike."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByRun
from tasks.metrics.statistics.arrays import Floats, group_means, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.groups import (
    Groups,
    by_round,
    condition_numbers,
    run_slopes,
)
from tasks.metrics.text.vectors import Matrix, TextOptions


def round_similarity(unit: Matrix, groups: Groups) -> tuple[Floats, Matrix, Floats]:
    """Mean cosine of the pairs of messages of each group, sums of vectors, and numbers of them."""
    sums = vectors.summed(unit, groups.of, groups.n)
    filled = (np.diff(unit.indptr) > 0).astype(np.float64)
    n = np.bincount(groups.of, weights=filled, minlength=groups.n).astype(np.float64)
    inside = vectors.row_squares(sums) - n
    pairs = n * (n - 1)
    return ratio(inside, pairs), sums, n


def similarity_elsewhere(
    data: Data, groups: Groups, sums: Matrix, n: Floats, mine: Matrix
) -> Floats:
    """Mean cosine of a group's vectors with those of other runs of its condition, same round.

    Args:
        data: The runs.
        groups: Groups by round.
        sums: Sums of unit vectors by group.
        n: Vectors by group.
        mine: Mean vector of each group that is held against the others.
    """
    cell = condition_numbers(data)[groups.run] * groups.n_rounds + groups.key
    known, number = np.unique(cell, return_inverse=True)
    totals = vectors.summed(sums, number, len(known))
    others = np.bincount(number, weights=n)[number] - n
    with_all = np.asarray(mine @ totals.T.toarray(), dtype=np.float64)[np.arange(groups.n), number]
    dots = with_all - vectors.row_dots(mine, sums)
    return ratio(dots, others)


def compute(data: Data, options: TextOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``convergence``."""
    unit = vectors.message_vectors(data, options.encoder)
    groups = by_round(data)
    similarity, sums, n = round_similarity(unit, groups)
    scale = np.where(n > 0, 1 / np.maximum(n, 1), 0.0)
    # Cosines with a mean are those with the sum, over the number: no scaled copy is made.
    baseline = scale * similarity_elsewhere(data, groups, sums, n, sums)
    baseline = np.where(np.isfinite(similarity), baseline, np.nan)
    words = vectors.encoder_words(options.encoder)
    null = "null: the same messages with those of other runs of the condition in the same round"
    table = np.full((data.n_runs, groups.n_rounds), np.nan)
    table[groups.run, groups.key] = similarity
    found = {
        quantity: ByRun(
            observed,
            f"{title} over rounds of the mean cosine of messages of a round ({words}); {null}",
            data.n_messages,
            nulls[:, None],
        )
        for quantity, title, observed, nulls in (
            (
                "",
                "mean",
                group_means(similarity, groups.run, data.n_runs),
                group_means(baseline, groups.run, data.n_runs),
            ),
            (
                "slope",
                "slope",
                run_slopes(similarity, groups.key, groups.run, data.n_runs),
                run_slopes(baseline, groups.key, groups.run, data.n_runs),
            ),
        )
    }
    method = f"mean cosine of messages of the round ({words})"
    by_rounds = rows.of_rounds(data, options, table, quantity="by_round", method=method)
    return rows.joined([rows.of_runs(data, options, found), by_rounds])


METRIC = Metric(
    name="convergence",
    title="How alike the messages of a round are, and whether that grows over rounds",
    quantities={
        "": Quantity(
            "mean cosine of messages of the same round", "mean_r (|Σu|² - n)/(n(n-1))", "[-1, 1]"
        ),
        "slope": Quantity(
            "change of that per round", "least-squares slope over rounds", "any", "per round"
        ),
        "by_round": Quantity(
            "that by round", "(|Σu|² - n) / (n (n - 1)), u: unit vectors", "[-1, 1]"
        ),
    },
    source="Li, Li and Zhou (2026), arXiv 2602.14299 (mean pairwise cosine); baseline of other "
    "runs' messages in the same round.",
    avoid="Messages on the same brief are alike whoever writes them: compare the excess over the "
    "null. The null needs other runs of the condition. Numbers of different encoders are not "
    "comparable.",
    needs=("messages",),
    options=TextOptions,
    compute=compute,
)
