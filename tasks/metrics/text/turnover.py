"""Words that come and go from round to round."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByRun
from tasks.metrics.statistics.arrays import Floats, Ints, group_means
from tasks.metrics.text.tokens import tokens_of


class TurnoverOptions(Options):
    """Options of ``turnover``."""

    n: int = Field(1, ge=1, le=5, description="Words per n-gram.")


def round_types(codes: Ints, run: Ints, round_: Ints) -> tuple[Floats, Floats, Ints]:
    """Types of each run and round, and how many of them occur in the next round as well.

    Args:
        codes: What is counted, numbered from 0.
        run: Run of each occurrence.
        round_: Its round.

    Returns:
        Types and types shared with the next round, both by run * width + round, and width.
    """
    width = int(round_.max()) + 2
    n_codes = int(codes.max()) + 1
    types = np.unique((run * n_codes + codes) * width + round_)
    kept = np.append(np.diff(types) == 1, False)
    cell = types // width // n_codes * width + types % width
    size = (int(run.max()) + 1) * width
    return (
        np.bincount(cell, minlength=size).astype(np.float64),
        np.bincount(cell[kept], minlength=size).astype(np.float64),
        np.asarray(width),
    )


def compute(data: Data, options: TurnoverOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``turnover``."""
    tokens = tokens_of(data)
    run = np.repeat(data.messages["run"].to_numpy(), tokens.sizes)
    round_ = np.repeat(data.messages["round"].to_numpy(), tokens.sizes).astype(np.int64)
    codes = tokens.codes.astype(np.int64)
    if options.n > 1:
        hashes, whole = tokens.ngrams(options.n)
        run, round_ = run[whole], round_[whole]
        codes = np.unique(hashes[whole], return_inverse=True)[1].astype(np.int64)
    types, shared, size = round_types(codes, run, round_)
    width = int(size)
    before, after, both = types[:-1], types[1:], shared[:-1]
    good = (before > 0) & (after > 0) & ((np.arange(len(before)) + 1) % width > 0)
    runs = (np.arange(len(before)) // width)[good]
    before, after, both = before[good], after[good], both[good]
    found = {
        "birth": (after - both) / after,
        "death": (before - both) / before,
        "jaccard": both / (before + after - both),
    }
    steps = np.bincount(runs, minlength=data.n_runs)
    method = f"{options.n}-grams of adjacent rounds, mean over steps"
    means = {name: group_means(values, runs, data.n_runs) for name, values in found.items()}
    return rows.of_runs(
        data, options, {name: ByRun(values, method, steps) for name, values in means.items()}
    )


METRIC = Metric(
    name="turnover",
    title="How much of the vocabulary is new in each round, and how much is dropped",
    quantities={
        "birth": Quantity("new in a round", "|A_t less A_{t-1}| / |A_t|", "[0, 1]"),
        "death": Quantity("dropped after a round", "|A_{t-1} less A_t| / |A_{t-1}|", "[0, 1]"),
        "jaccard": Quantity("kept", "|A_t and A_{t-1}| / |A_t or A_{t-1}|", "[0, 1]"),
    },
    source="Li, Li and Zhou (2026), arXiv 2602.14299, with the round as the period.",
    avoid="Longer rounds share more words whatever is said: compare only rounds of similar length. "
    "No null is given; hold it against another condition.",
    needs=("messages",),
    options=TurnoverOptions,
    compute=compute,
)
