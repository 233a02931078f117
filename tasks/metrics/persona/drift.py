"""How traits that an instrument measures shift in the course of an episode."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.bootstrap import few_episodes, interval_words, sum_interval

#: Share of a scale's items that must be answered for a score.
LEAST_ANSWERED = 0.5


def shifts(responses: pl.DataFrame) -> pl.DataFrame:
    """Last less first score of every seat on every scale: ``scale, episode, seat, shift``.

    Args:
        responses: ``episode, after_turns, seat, instrument, trait, scored``.
    """
    usable = pl.col("scored").is_not_null().mean() >= LEAST_ANSWERED
    own = ["scale", "episode", "seat"]
    scores = (
        responses.filter(pl.col("trait").is_not_null())
        .with_columns(scale=pl.col("instrument") + "." + pl.col("trait"))
        .group_by(*own, "after_turns")
        .agg(pl.when(usable).then(pl.col("scored").mean()).alias("score"))
    )
    turns = pl.col("after_turns")
    ends = scores.filter(
        turns.min().over("scale", "episode") < turns.max().over("scale", "episode")
    )
    first = ends.filter(turns == turns.min().over("scale", "episode")).select(*own, first="score")
    last = ends.filter(turns == turns.max().over("scale", "episode")).select(*own, last="score")
    return (
        first.join(last, on=own)
        .drop_nulls()
        .select(*own, shift=pl.col("last") - pl.col("first"))
        .sort(own)
    )


def standardised_shift(sums: Floats) -> Floats:
    """Mean over standard deviation of shifts, from their number, sum and sum of squares.

    Example:
        >>> standardised_shift(np.array([3.0, 6.0, 14.0])).tolist()
        [2.0]
    """
    n, total, squares = (sums[..., place] for place in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = (squares - n * mean**2) / (n - 1)
        found = mean / np.sqrt(variance)
    return np.where(variance > 1e-12, found, np.nan)[..., None]


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``trait_drift``."""
    by_scale: dict[str, Floats] = {}
    sizes = []
    found = shifts(data.responses) if "trait" in data.responses.columns else pl.DataFrame()
    for (scale,), one in found.group_by(["scale"], maintain_order=True) if found.height else ():
        means = one.group_by("episode").agg(pl.col("shift").mean())
        by_scale[str(scale)] = data.by_episode(means, "shift")
        sums = np.zeros((data.n_episodes, 3))
        values = one["shift"].to_numpy()
        np.add.at(
            sums, one["episode"].to_numpy(), np.stack([np.ones(len(values)), values, values**2], 1)
        )
        for condition, mine in data.by_condition.items():
            there = sums[mine][sums[mine][:, 0] > 0]
            if not len(there):
                continue
            low, high, _ = sum_interval(standardised_shift, there, options.resamples)
            sizes.append(
                {
                    "quantity": "d",
                    "scope": "condition",
                    "condition": condition,
                    "subject": str(scale),
                    "value": float(standardised_shift(there.sum(axis=0))[0]),
                    "ci_low": float(low[0]),
                    "ci_high": float(high[0]),
                    "n_measured": int(there[:, 0].sum()),
                    "n_excluded": data.excluded.get(condition, 0) + len(mine) - len(there),
                    "warning": few_episodes(len(there)) or None,
                    "method": "mean over standard deviation of the shifts of seats; "
                    + interval_words(float(low[0]), float(high[0]), len(there)),
                }
            )
    method = "last less first score of a seat, mean over seats that gave both"
    shown = rows.of_episodes(data, options, {"": ByEpisode(by_scale, method)})
    return rows.joined([shown, rows.frame(sizes)])


METRIC = Metric(
    name="trait_drift",
    title="How traits that an instrument measures shift in the course of an episode",
    quantities={
        "": Quantity("last less first score; the subject is INSTRUMENT.TRAIT", "x_T - x_1", "any"),
        "d": Quantity(
            "shift over the standard deviation of shifts (Cohen's d of paired scores)",
            "mean / sd of x_T - x_1 over seats",
            "any",
        ),
    },
    source="Cohen (1988), 2.3.5. As drift of personas in dialogue: Frisch and Giulianelli (2024), "
    "arXiv 2402.02896.",
    avoid="Needs a probe with an instrument at two times or more. Answering twice may shift "
    "answers by itself: hold it against a condition without what is to have shifted them. Scores "
    "near an end of the scale can shift one way only.",
    needs=("responses",),
    version=2,
    compute=compute,
)
