"""Whether a speaker takes up the words of the one before."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.rows import ByRun
from tasks.metrics.statistics.arrays import group_means, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.convergence import round_similarity, similarity_elsewhere
from tasks.metrics.text.groups import by_round
from tasks.metrics.text.vectors import TextOptions


def compute(data: Data, options: TextOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``alignment``."""
    unit = vectors.message_vectors(data, options.encoder)
    run = data.messages["run"].to_numpy()
    seat = data.messages["seat"].to_numpy().astype(str)
    replies = np.flatnonzero((run[1:] == run[:-1]) & (seat[1:] != seat[:-1])) + 1
    cosine = vectors.row_cosines(unit, replies, replies - 1)
    groups = by_round(data)
    _, sums, n = round_similarity(unit, groups)
    answering = np.full(len(run), -1)
    answering[replies] = groups.of[replies]
    mine = vectors.summed(unit, answering, groups.n)
    count = np.bincount(groups.of[replies], minlength=groups.n).astype(np.float64)
    partner = similarity_elsewhere(data, groups, sums, n, mine)
    total = np.bincount(
        groups.run, weights=np.where(np.isfinite(partner), partner, 0.0), minlength=data.n_runs
    )
    paired = np.bincount(groups.run, weights=count * np.isfinite(partner), minlength=data.n_runs)
    method = (
        f"mean cosine of a message with the one before it, by another seat "
        f"({vectors.encoder_words(options.encoder)}); null: the same message with all of the same "
        "round of other runs of the condition, the expectation of a shuffled partner"
    )
    observed = group_means(cosine, run[replies], data.n_runs)
    n_replies = np.bincount(run[replies], minlength=data.n_runs)
    found = ByRun(observed, method, n_replies, ratio(total, paired)[:, None])
    return rows.of_runs(data, options, {"": found})


METRIC = Metric(
    name="alignment",
    title="How far speakers take up the words of the one before, against a shuffled partner",
    quantities={
        "": Quantity(
            "cosine of adjacent messages of different seats", "mean_i cos(u_i, u_{i-1})", "[-1, 1]"
        )
    },
    source="Fusaroli et al. (2012); shuffled-partner baseline after Duplessis et al. (2017).",
    avoid="Only where the speaker could see the message before: with a barrier per round, adjacent "
    "messages of a round were written blindly. Compare the excess, never the raw cosine.",
    needs=("messages",),
    options=TextOptions,
    compute=compute,
)
