"""How far a group agrees, how split it is, and when it came to agree."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.opinion.stances import (
    StanceOptions,
    Stances,
    first_round,
    last_round,
    stances_of,
)
from tasks.metrics.statistics.arrays import Floats, ratio

SEATS = "seats with a stance"


def agreement_share(values: Floats) -> Floats:
    """Sum of squared shares of the stances in a group, seats second."""
    good = np.isfinite(values)
    n = good.sum(axis=1)
    same = (values[:, :, None] == values[:, None, :]).sum(axis=(1, 2))
    return ratio(same, n**2)


def spread(values: Floats) -> Floats:
    """Standard deviation of the stances in a group, seats second."""
    good = np.isfinite(values)
    n = good.sum(axis=1)
    mean = np.where(good, values, 0.0).sum(axis=1) / np.maximum(n, 1)
    squares = np.where(good, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return np.where(n > 1, np.sqrt(squares / np.maximum(n, 1)), np.nan)


def polarisation(values: Floats, width: float) -> Floats:
    """Esteban and Ray's index with alpha 1: 1 where two halves stand at the ends of the scale.

    Args:
        values: Stances, seats second.
        width: Distance between the ends of the scale.

    Source: Esteban and Ray (1994), Σ_i Σ_j p_i^(1+α) p_j |x_i - x_j|, over its value (width / 4)
    for two halves at the ends.
    """
    good = np.isfinite(values)
    n = np.maximum(good.sum(axis=1), 1)
    share = (values[:, :, None] == values[:, None, :]).sum(axis=2) / n[:, None]
    distance = np.abs(values[:, :, None] - values[:, None, :])
    terms = share[:, :, None] * np.where(np.isfinite(distance), distance, 0.0)
    total = np.where(good[:, :, None], terms, 0.0).sum(axis=(1, 2)) / n**2
    enough = good.sum(axis=1) > 1
    return np.where(enough & (width > 0), total / (width / 4 if width > 0 else 1.0), np.nan)


def consensus_round(stances: Stances) -> Floats:
    """First round from which on all seats hold one stance until the end; none if they never do."""
    values = stances.values
    everybody = np.isfinite(values[:, :, -1]).sum(axis=1)
    known = np.isfinite(values).sum(axis=1) == everybody[:, None]
    high = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    low = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    one = known & (high == low) & (everybody > 1)[:, None]
    lasting = np.logical_and.accumulate(one[:, ::-1], axis=1)[:, ::-1]
    return np.where(lasting.any(axis=1), np.argmax(lasting, axis=1), np.nan)


def compute(data: Data, options: StanceOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``consensus``."""
    stances = stances_of(data, options)
    last, first = last_round(stances.values, stances.given), first_round(stances.values)
    finite = stances.values[np.isfinite(stances.values)]
    width = float(stances.levels - 1) if stances.levels else float(np.ptp(finite))
    when = consensus_round(stances)
    judged = np.isfinite(last).sum(axis=1) > 1
    found = {
        "": agreement_share(last),
        "spread": spread(last),
        "spread_change": spread(last) - spread(first),
        "polarisation": polarisation(last, width),
        "reached": np.where(judged, np.isfinite(when), np.nan),
        "round": when,
    }
    censored = ", of episodes that came to it; episodes that did not are censored"
    seats = dict.fromkeys(found, np.isfinite(last).sum(axis=1))
    return stances.rows(data, options, found, notes={"round": censored}, n_measured=seats)


METRIC = Metric(
    name="consensus",
    title="How far a group agrees at the end, how split it is, and when it came to agree",
    quantities={
        "": Quantity("agreement at the end", "Σ_k p_k²", "[1/n, 1]", made_of=SEATS),
        "spread": Quantity(
            "standard deviation at the end",
            "sd of x_T over seats",
            "[0, ∞)",
            "levels",
            made_of=SEATS,
        ),
        "spread_change": Quantity("that less the one at the start", "sd_T - sd_1", "any", "levels"),
        "polarisation": Quantity(
            "polarisation at the end",
            "4/width · Σ p_i² p_j |x_i - x_j|",
            "[0, 1]",
            made_of=SEATS,
        ),
        "reached": Quantity(
            "episodes that came to one lasting stance",
            "mean 1[unanimous]",
            "[0, 1]",
            made_of=SEATS,
        ),
        "round": Quantity(
            "round from which it lasted",
            "min{t: unanimous from t on}",
            "[0, T]",
            "rounds",
            made_of=SEATS,
        ),
    },
    source="Esteban and Ray (1994); DEBATE, arXiv 2510.25110, for the change of spread.",
    avoid="`round` is a mean over episodes that reached consensus: where many did not, compare "
    "`reached` first. Sycophantic models agree without being persuaded; look at private stances "
    "too. Spread and polarisation need an ordered scale. All but the change of spread depend on "
    "how many seats there are, even if none listens to another: a contrast of groups of unequal "
    "size has a warning.",
    needs=("messages", "labels", "outcomes"),
    options=StanceOptions,
    version=2,
    compute=compute,
)
