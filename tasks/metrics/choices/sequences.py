"""How random sequences of answers to a choice of two look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.statistics.transitions import Orders

#: What is computed of orders of answers, by quantity.
OF_ORDER = {
    "switches": "answers that differ from the one before, within calls",
    "dependence": "P(first | first before) - P(first | second before), mean over sequences",
    "chi2": "Pearson's chi-squared of answers and the ones before, summed over sequences",
    "runs_z": "runs less their mean for such counts, in standard deviations",
}
#: What is said of pooled answers of which several come from one call.
ALIKE = (
    "several answers of a call are taken to be independent: where each depends on the last, "
    "p < .05 comes out too often; read `share`"
)


def sequences_of(data: Data) -> list[list[str]]:
    """The sequences of each episode, spelled with 1 for the first option and 0 for the second."""
    found: list[list[str]] = [[] for _ in range(data.n_episodes)]
    spelled = data.outcomes.filter(
        (pl.col("scope") == "seat") & (pl.col("metric") == "sequence") & (pl.col("label") != "")
    )
    for episode, label in spelled.select("episode", "label").iter_rows():
        found[episode] += label.split()
    return found


def compute(data: Data, options: NullOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``sequences``."""
    sequences = sequences_of(data)
    first = np.array([sum(one.count("1") for one in some) for some in sequences])
    n = np.array([sum(map(len, some)) for some in sequences])
    longest = np.array([max(map(len, some), default=0) for some in sequences])
    firsts = _with_fair_starts(sequences, options.draws, rng)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, null = first / n, firsts / n[:, None]
    words = (
        "answers that are the first option; null: a fair coin for the first answer of each "
        "sequence, and its switches in random order"
    )
    found = {"share": ByEpisode(share, words, n_measured=n, nulls=null)}
    values, nulls = _of_orders(sequences, options.draws, rng)
    found |= {
        name: ByEpisode(
            values[:, place],
            f"{words}; null: the answers of each sequence in random order",
            n_measured=n,
            nulls=nulls[:, place],
        )
        for place, (name, words) in enumerate(OF_ORDER.items())
    }
    return rows.joined([rows.of_episodes(data, options, found), _pooled(data, first, n, longest)])


def _with_fair_starts(
    sequences: Sequence[Sequence[str]], draws: int, rng: np.random.Generator
) -> Ints:
    """First options of every episode in draws that favour neither option, shape (episodes, draws).

    Each sequence starts with either option and keeps the number of its switches. So draws of
    answers that stick to the last one, or alternate, vary as much as such answers do, and those of
    a fair coin as it does.
    """
    found = np.zeros((len(sequences), draws), dtype=np.int64)
    for episode, some in enumerate(sequences):
        for one in some:
            answers = np.frombuffer(one.encode(), dtype=np.uint8) == ord("1")
            switches = rng.permuted(np.tile(answers[1:] != answers[:-1], (draws, 1)), axis=1)
            start = rng.random((draws, 1)) < 0.5
            changed = np.concatenate([start, switches], axis=1).cumsum(axis=1) % 2
            found[episode] += changed.sum(axis=1)
    return found


def _of_orders(
    sequences: Sequence[Sequence[str]], draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Numbers of :data:`OF_ORDER` of every episode, and of draws of it in random order."""
    values = np.full((len(sequences), len(OF_ORDER)), np.nan)
    nulls = np.full((len(sequences), len(OF_ORDER), draws), np.nan)
    for episode, some in enumerate(sequences):
        if not some:
            continue
        held = [np.frombuffer(one.encode(), dtype=np.uint8) == ord("1") for one in some]
        values[episode] = Orders.of([one[None, :] for one in held]).numbers[:, 0]
        shuffled = (rng.permuted(np.tile(one, (draws, 1)), axis=1) for one in held)
        nulls[episode] = Orders.of(shuffled).numbers
    return values, nulls


def _pooled(data: Data, first: Ints, n: Ints, longest: Ints) -> pl.DataFrame:
    """Share of the first option over all answers of a condition, each taken for a draw."""
    from scipy import stats

    found: list[dict[str, Any]] = []
    for condition in data.conditions:
        where = data.by_condition[condition]
        k, total = int(first[where].sum()), int(n[where].sum())
        if not total:
            continue
        method = (
            f"{k} of {total} answers; Wilson's interval and an exact binomial test against a fair "
            "coin, which take answers to be independent"
        )
        coin = {
            "null_mean": 0.5,
            "null_sd": 0.5 / total**0.5,
            "p_null": float(stats.binomtest(k, total, 0.5).pvalue),
        }
        warning = ALIKE if longest[where].max() > 1 else None
        pooled = rows.pooled_share(data, condition, "share_pooled", k, total, method)
        found.append(pooled | coin | {"warning": warning})
    return rows.frame(found)


METRIC = Metric(
    name="sequences",
    title="How random answers to a choice of two look: shares, and whether one depends on the last",
    quantities={
        "share": Quantity("share of the first option", "k / n", "[0, 1]"),
        "share_pooled": Quantity(
            "share of the first option, answers pooled", "k / n over all episodes", "[0, 1]"
        ),
        "switches": Quantity("share of answers that differ from the one before", "s / n", "[0, 1]"),
        "dependence": Quantity(
            "dependence on the answer before", "P(1 | 1) - P(1 | 2), mean over sequences", "[-1, 1]"
        ),
        "chi2": Quantity(
            "chi-squared of answers and the ones before", "sum (o - e)² / e", "[0, ∞)"
        ),
        "runs_z": Quantity(
            "runs, in standard deviations from their mean", "(R - E R) / sd R", "any"
        ),
    },
    source="Wald and Wolfowitz (1940) for runs; Anderson and Goodman (1957) for Markov chains; "
    "Miller and Sanjurjo (2018) for why a short sequence is held against its own orders. Null of "
    "`share`: own.",
    avoid="`share_pooled` takes answers to be independent: use it for answers of a call each, and "
    "`share`, which resamples episodes, for many of one call. Read the others by their excess and "
    "`p_null`: in short sequences even a fair coin's `dependence` is below 0.",
    needs=("outcomes",),
    options=NullOptions,
    version=2,
    compute=compute,
)
