"""How often and which way seats change their stance."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.opinion.stances import (
    StanceOptions,
    first_round,
    last_round,
    stances_of,
)
from tasks.metrics.statistics.arrays import Floats, mean_over, ratio


def others_mean(values: Floats) -> Floats:
    """Mean stance of the other seats, of the same shape."""
    good = np.isfinite(values)
    total = np.where(good, values, 0.0).sum(axis=1, keepdims=True) - np.where(good, values, 0.0)
    n = good.sum(axis=1, keepdims=True) - good
    return ratio(total, n)


def in_others_mode(before: Floats, after: Floats) -> Floats:
    """Whether a seat's stance is among the commonest of the others a round before.

    Args:
        before: Stances before, shape (episodes, seats, steps).
        after: Stances after.

    Returns:
        0 or 1; not-a-number where the others had none.
    """
    n_seats = before.shape[1]
    result = np.full(after.shape, np.nan)
    for seat in range(n_seats):
        others = np.delete(before, seat, axis=1)
        counts = (others[:, :, None, :] == others[:, None, :, :]).sum(axis=2)
        most = counts.max(axis=1, initial=0)
        mine = (others == after[:, seat : seat + 1, :]).sum(axis=1)
        result[:, seat] = np.where(most > 0, (mine == most) & (mine > 0), np.nan)
    return result


def compute(data: Data, options: StanceOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``opinion_change``."""
    stances = stances_of(data, options)
    before, after = stances.values[:, :, :-1], stances.values[:, :, 1:]
    step = stances.given[:, :, 1:] & np.isfinite(before)
    moved = step & (before != after)
    gap = others_mean(stances.values)[:, :, :-1] - before
    toward = np.where(step & np.isfinite(gap), (after - before) * np.sign(gap), np.nan)
    conform = np.where(moved, in_others_mode(before, after), np.nan)
    shift = last_round(stances.values, stances.given) - first_round(stances.values)
    found = {
        "rate": mean_over(np.where(step, moved, np.nan), (1, 2)),
        "net_shift": mean_over(shift, (1,)),
        "toward_group": mean_over(toward, (1, 2)),
        "conformity": mean_over(conform, (1, 2)),
    }
    return stances.rows(data, options, found, "stances of seats after each round")


METRIC = Metric(
    name="opinion_change",
    title="How often seats change their stance, which way, and whether to what others hold",
    quantities={
        "rate": Quantity(
            "share of restated stances that differ", "mean 1[x_t ≠ x_{t-1}]", "[0, 1]"
        ),
        "net_shift": Quantity(
            "last less first stance", "mean over seats of x_T - x_1", "any", "levels"
        ),
        "toward_group": Quantity(
            "shift towards the others",
            "mean (x_t - x_{t-1}) sign(m_{-i,t-1} - x_{t-1})",
            "any",
            "levels",
        ),
        "conformity": Quantity(
            "share of changes that land on the others' commonest stance",
            "mean 1[x_t in mode(others_{t-1})] over changes",
            "[0, 1]",
        ),
    },
    source="Zhang et al. (2024), MachineSoM, arXiv 2310.02124; Baltaji et al. (2024), "
    "arXiv 2405.03862.",
    avoid="With two levels any change is towards or away from the group by arithmetic, and "
    "regression to the mean looks like conformity: hold it against a condition without exposure. "
    "Differences of levels mean something on ordered scales only.",
    needs=("messages", "labels", "outcomes"),
    options=StanceOptions,
    compute=compute,
)
