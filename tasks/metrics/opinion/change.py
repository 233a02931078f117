"""How often and which way seats change their stance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.opinion.consensus import SEATS
from tasks.metrics.opinion.moves import with_moves
from tasks.metrics.opinion.stances import (
    StanceOptions,
    Stances,
    first_round,
    last_round,
    stances_of,
)
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats, mean_over, ratio


class ChangeOptions(StanceOptions):
    """Options of ``opinion_change``."""

    draws: int = Field(100, ge=20, le=100_000, description="Draws of the null distribution.")


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


def turned_round(stances: Stances, seats: Bools) -> Stances:
    """The same with the stances that some seats gave in the opposite order, at the same rounds.

    Example:
        >>> values = np.array([[[0.0, 0.0, 2.0, 1.0]]])
        >>> some = Stances(values, np.array([[[True, False, True, True]]]), 3, "")
        >>> turned_round(some, np.array([[True]])).values.tolist()
        [[[1.0, 1.0, 2.0, 0.0]]]
    """
    values, given = stances.values, stances.given
    number, n = given.cumsum(axis=2), given.sum(axis=2, keepdims=True)
    # The place at which a seat's first stance was given, its second and so on.
    places = np.argsort(~given, axis=2, kind="stable")
    opposite = np.take_along_axis(places, np.clip(n - number, 0, values.shape[2] - 1), axis=2)
    turned = np.where(number > 0, np.take_along_axis(values, opposite, axis=2), np.nan)
    return replace(stances, values=np.where(seats[:, :, None], turned, values))


def toward_group(stances: Stances) -> Floats:
    """Mean shift towards the others by episode."""
    before, after = stances.values[:, :, :-1], stances.values[:, :, 1:]
    gap = others_mean(stances.values)[:, :, :-1] - before
    known = _steps(stances) & np.isfinite(gap)
    return mean_over(np.where(known, (after - before) * np.sign(gap), np.nan), (1, 2))


def conformity(stances: Stances) -> Floats:
    """Share of changes that land on the others' commonest stance, by episode."""
    before, after = stances.values[:, :, :-1], stances.values[:, :, 1:]
    moved = _steps(stances) & (before != after)
    return mean_over(np.where(moved, in_others_mode(before, after), np.nan), (1, 2))


def _steps(stances: Stances) -> Bools:
    """Which stances were given by seats that had given one before."""
    return np.asarray(stances.given[:, :, 1:] & np.isfinite(stances.values[:, :, :-1]))


#: What is held against its null, by quantity.
OF_GROUPS: dict[str, Callable[[Stances], Floats]] = {
    "toward_group": toward_group,
    "conformity": conformity,
}
NULL = "null: stances of each seat in the order in which they were given or the opposite one"


def compute(data: Data, options: ChangeOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``opinion_change``."""
    stances = stances_of(data, options)
    step, values = _steps(stances), stances.values
    moved = values[:, :, :-1] != values[:, :, 1:]
    shift = last_round(values, stances.given) - first_round(values)
    nulls = {name: np.empty((data.n_episodes, options.draws)) for name in OF_GROUPS}
    for draw in range(options.draws):
        turned = turned_round(stances, rng.random(values.shape[:2]) < 0.5)
        for name, of in OF_GROUPS.items():
            nulls[name][:, draw] = of(turned)
    method = f"stances of seats after each round, from {stances.source}"
    seats = np.isfinite(values).any(axis=2).sum(axis=1)
    found = {
        "rate": mean_over(np.where(step, moved, np.nan), (1, 2)),
        "net_shift": mean_over(shift, (1,)),
    }
    quantities = {name: ByEpisode(one, method, stances.n_given) for name, one in found.items()}
    quantities |= {
        name: ByEpisode(of(stances), f"{method}; {NULL}", seats, nulls[name])
        for name, of in OF_GROUPS.items()
    }
    shown = rows.of_episodes(data, options, quantities)
    apart = (pl.col("ci_low") > 0) | (pl.col("ci_high") < 0)
    shifted = shown.filter((pl.col("quantity") == "net_shift") & apart)
    return with_moves(shown, OF_GROUPS, shifted["condition"].unique().to_list())


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
            made_of=SEATS,
        ),
    },
    source="Zhang et al. (2024), MachineSoM, arXiv 2310.02124; Baltaji et al. (2024), "
    "arXiv 2405.03862.",
    avoid="Seats that waver around stances of their own shift towards the others and land on what "
    "they hold: read the excess, whose null has the stances of seats run backwards as often as "
    "forwards. Where all shift the same way by themselves that gives an excess too: the row warns "
    "where `net_shift` is not 0; hold it against a condition without exposure. With two levels any "
    "change is towards or away from the group by arithmetic. Differences of levels mean something "
    "on ordered scales only.",
    needs=("messages", "labels", "outcomes"),
    options=ChangeOptions,
    version=2,
    compute=compute,
)
