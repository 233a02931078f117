"""Dawid and Skene's model: the truth and every coder's errors, estimated together."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from tasks.coding.adjudication.rule import Coders, adjudication_rule

Array = NDArray[np.float64]


class DawidSkeneParams(Coders):
    """Parameters of ``dawid_skene``."""

    iterations: int = Field(200, ge=1, le=10_000, description="Rounds of estimation, at most.")
    tolerance: float = Field(
        1e-8, gt=0, description="Change of the log-likelihood per item that ends it."
    )
    smoothing: float = Field(
        0.01, ge=0, description="Pseudo-count in every cell of a coder's error table."
    )


@adjudication_rule(params=DawidSkeneParams, over="study")
def dawid_skene(codes: pl.DataFrame, facts: pl.DataFrame, params: DawidSkeneParams) -> pl.DataFrame:
    """The most probable value, each coder weighted by error rates learnt from all items.

    Dawid and Skene (1979), by expectation-maximisation from majority shares. ``probability`` is
    the posterior that a present-or-absent flag is present, or that the level is the one given.
    Coders are taken to err independently of one another given the truth; judges that share their
    errors make it too sure. Two coders alone do not determine it: use three or more.
    """
    with_facts = codes.join(facts.select("flag", "top", "binary"), on="flag")
    frames = [
        _labelled(of_flag, params)
        for of_flag in with_facts.partition_by("flag", maintain_order=True)
        if of_flag["value"].count()
    ]
    if not frames:
        raise ValueError("there is not one usable judgement")
    return pl.concat(frames)


def _labelled(codes: pl.DataFrame, params: DawidSkeneParams) -> pl.DataFrame:
    """The labels of one flag. Items that show the same answers share one computation."""
    coders = codes["coder"].cast(pl.String).unique().sort().to_list()
    columns = [f"coder {number}" for number in range(len(coders))]
    wide = codes.group_by("item").agg(
        *(
            pl.col("value").filter(pl.col("coder") == coder).first().alias(column)
            for coder, column in zip(coders, columns, strict=True)
        ),
        pl.col("value").count().cast(pl.Int64).alias("n_codes"),
        pl.col("binary").first(),
    )
    patterns = wide.group_by(columns).agg(pl.len().alias("items")).sort(columns)
    answers = patterns.select(pl.col(columns).fill_null(-1).cast(pl.Int64)).to_numpy()
    items = patterns["items"].to_numpy().astype(np.float64)
    given = times_given(answers, int(codes["top"].item(0)) + 1)
    posterior = posteriors(given, items, params)
    sure = posterior.max(axis=1)
    tied = np.isclose(posterior, sure[:, None], rtol=0, atol=1e-12).sum(axis=1) > 1
    silent = (answers < 0).all(axis=1)
    patterns = patterns.with_columns(
        pl.Series("value", np.where(tied | silent, np.nan, posterior.argmax(axis=1))).fill_nan(
            None
        ),
        pl.Series("sure", sure),
        pl.Series("present", posterior[:, 1]),
        pl.Series("silent", silent),
    )
    probability = pl.when(pl.col("binary")).then(pl.col("present")).otherwise(pl.col("sure"))
    return wide.join(patterns, on=columns, how="left", nulls_equal=True).select(
        "item",
        "value",
        pl.when(~pl.col("silent")).then(probability.clip(0.0, 1.0)).alias("probability"),
        "n_codes",
    )


def times_given(answers: NDArray[np.int64], classes: int) -> Array:
    """How often each coder gave each class, shape (patterns, coders, classes).

    Args:
        answers: Patterns x coders; the class that each coder gave, -1 where none.
        classes: Number of classes.
    """
    return np.stack([answers == value for value in range(classes)], axis=2).astype(np.float64)


def posteriors(given: Array, items: Array, params: DawidSkeneParams) -> Array:
    """Posterior of each class for each distinct pattern of answers.

    Args:
        given: How often each coder gave each class, shape (patterns, coders, classes).
        items: How many items show each pattern.
        params: When to stop, and the smoothing.

    Returns:
        Patterns x classes; rows sum to 1.
    """
    posterior: Array = given.sum(axis=1) + 1e-9
    posterior /= posterior.sum(axis=1, keepdims=True)
    before = -np.inf
    for _ in range(params.iterations):
        posterior, likelihood = _step(given, items, posterior, params.smoothing)
        if abs(likelihood - before) < params.tolerance * items.sum():
            break
        before = likelihood
    return posterior


def _step(given: Array, items: Array, posterior: Array, smoothing: float) -> tuple[Array, float]:
    """The posterior after one round, and the log-likelihood."""
    share = posterior * items[:, None]
    prior = share.sum(axis=0) / items.sum()
    errors = np.einsum("pt,pcv->ctv", share, given) + smoothing
    errors /= np.maximum(errors.sum(axis=2, keepdims=True), 1e-300)
    logs = np.log(np.maximum(errors, 1e-300))
    joint = np.log(np.maximum(prior, 1e-300)) + np.einsum("pcv,ctv->pt", given, logs)
    peak = joint.max(axis=1, keepdims=True)
    total = peak[:, 0] + np.log(np.exp(joint - peak).sum(axis=1))
    after: Array = np.exp(joint - total[:, None])
    return after, float((total * items).sum())
