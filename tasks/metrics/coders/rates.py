"""Rates of flags under every rule, raw and corrected by the gold sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.coders.pairs import ITEM
from tasks.metrics.data import Data
from tasks.metrics.registry import Metric, Options, Quantity, Unusable
from tasks.metrics.statistics.bootstrap import INTERVAL, interval, run_weights
from tasks.metrics.statistics.proportions import prediction_powered, rogan_gladen

Floats = npt.NDArray[np.float64]

#: Per run: items, flagged items, then of the gold sample: gold and label both 1, gold only,
#: label only, neither.
CELLS = 6


class RateOptions(Options):
    """Options of ``rates``."""

    flags: tuple[str, ...] = Field((), description="Flags to look at; none: all present-or-absent.")
    least_gold: int = Field(
        10, ge=1, description="Gold items of either kind that a correction needs at least."
    )


def run_cells(data: Data, flag: str, rule: str) -> Floats:
    """Counts per run behind a rate and its corrections, shape (runs, 6)."""
    labels = data.all_labels.filter(
        (pl.col("flag") == flag) & (pl.col("rule") == rule) & pl.col("value").is_not_null()
    )
    cells = np.zeros((data.n_runs, CELLS))
    run = labels["run"].to_numpy()
    cells[:, 0] = np.bincount(run, minlength=data.n_runs)
    cells[:, 1] = np.bincount(
        run, weights=(labels["value"] > 0).to_numpy().astype(np.float64), minlength=data.n_runs
    )
    gold = data.codes.filter(
        (pl.col("flag") == flag)
        & (pl.col("coder") == (data.gold or ""))
        & pl.col("value").is_not_null()
    ).select(*ITEM, pl.col("value").alias("gold"))
    both = labels.join(gold, on=list(ITEM), how="inner", nulls_equal=True)
    g, v = both["gold"].to_numpy() > 0, both["value"].to_numpy() > 0
    for place, member in enumerate((g & v, g & ~v, ~g & v, ~g & ~v), start=2):
        cells[:, place] = np.bincount(
            both["run"].to_numpy(), weights=member.astype(np.float64), minlength=data.n_runs
        )
    return cells


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1), np.nan)


def estimates(cells: Floats, gold: Floats) -> Floats:
    """Raw, Rogan-Gladen and prediction-powered rates, shape (..., 3).

    Args:
        cells: Sums of the condition, shape (..., 6).
        gold: Sums behind sensitivity and specificity, shape (..., 6): of all conditions, since
            the judge is taken to be the same everywhere.
    """
    raw = _over(cells[..., 1], cells[..., 0])
    both, missed, false, neither = (gold[..., place] for place in range(2, 6))
    rogan = rogan_gladen(raw, _over(both, both + missed), _over(neither, neither + false))
    n = gold[..., 2:].sum(axis=-1)
    ppi = prediction_powered(raw, _over(missed - false, n))
    return np.stack([raw, rogan, ppi], axis=-1)


def compute(data: Data, options: RateOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``rates``."""
    if data.all_labels["value"].count() == 0:
        raise Unusable(f"of {data.all_labels.height} labels none is usable")
    found: list[dict[str, Any]] = []
    for rule in data.rules:
        for flag in options.flags or data.flags.binary:
            cells = run_cells(data, flag, rule)
            if cells[:, 0].sum():
                found += _flag_rows(data, flag, rule, cells, options)
    return rows.frame(found)


def _flag_rows(
    data: Data, flag: str, rule: str, cells: Floats, options: RateOptions
) -> list[dict[str, Any]]:
    weights = run_weights(data.n_runs, options.resamples) if data.n_runs > 1 else None
    gold = cells.sum(axis=0)
    positives, negatives = gold[2] + gold[3], gold[4] + gold[5]
    enough = min(positives, negatives) >= options.least_gold
    gold_text = (
        f"gold {data.gold}: {positives:.0f} present, {negatives:.0f} absent, pooled over conditions"
        if data.gold
        else "no gold coder is declared"
    )
    found = []
    for condition in data.conditions:
        where = data.condition_runs[condition]
        sums = cells[where].sum(axis=0)
        if not sums[0]:
            continue
        values = estimates(sums, gold)
        low = high = np.full(3, np.nan)
        if weights is not None:
            picked = (weights[:, where] @ cells[where].astype(np.float32)).astype(np.float64)
            everywhere = (weights @ cells.astype(np.float32)).astype(np.float64)
            with_items = int((cells[where, 0] > 0).sum())
            low, high = interval(estimates(picked, everywhere), max(with_items, 1))
        for place, (quantity, words) in enumerate(_KINDS.items()):
            usable = place == 0 or enough
            method = words if place == 0 else f"{words}; {gold_text}"
            found.append(
                {
                    "quantity": quantity,
                    "rule": rule,
                    "scope": "condition",
                    "condition": condition,
                    "subject": flag,
                    "value": float(values[place]) if usable else None,
                    "ci_low": float(low[place]) if usable else None,
                    "ci_high": float(high[place]) if usable else None,
                    "n_units": int(sums[0]),
                    "n_excluded": data.excluded.get(condition, 0),
                    "method": f"{method}; {INTERVAL}"
                    if usable
                    else f"undefined: too little gold to correct by; {method}",
                }
            )
    return found


_KINDS = {
    "raw": "share of coded items that the rule flags",
    "rogan_gladen": "raw rate corrected by the rule's sensitivity and specificity",
    "prediction_powered": "raw rate plus the rule's mean error on the gold sample",
}

METRIC = Metric(
    name="rates",
    title="How often each flag is given, raw and corrected for the judges' errors",
    quantities={
        "raw": Quantity("share of items that a rule flags", "q = flagged / items", "[0, 1]"),
        "rogan_gladen": Quantity(
            "prevalence by Rogan and Gladen", "(q + sp - 1) / (se + sp - 1)", "[0, 1]"
        ),
        "prediction_powered": Quantity(
            "prediction-powered rate", "q + mean over gold of (gold - label)", "any; near [0, 1]"
        ),
    },
    source="Rogan and Gladen (1978); Angelopoulos et al. (2023), Science 382.",
    avoid="Both corrections take the gold sample to be drawn at random from what is coded, and the "
    "judges to err alike in every condition; a sample stratified by the flag itself breaks the "
    "first. Rogan-Gladen explodes where sensitivity + specificity is near 1. Never correct labels "
    "one by one with it: it is a statement about rates.",
    needs=("labels", "codes"),
    options=RateOptions,
    compute=compute,
)
