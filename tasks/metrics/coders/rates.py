"""Rates of flags under every rule, raw and corrected by the gold sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.coders.gold import weighted_gold
from tasks.metrics.coders.pairs import ITEM
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.statistics.arrays import Floats, Ints, ratio
from tasks.metrics.statistics.bootstrap import (
    few_episodes,
    interval,
    interval_words,
    weighted_sums,
)
from tasks.metrics.statistics.proportions import prediction_powered, rogan_gladen


class RateOptions(Options):
    """Options of ``rates``."""

    flags: tuple[str, ...] = Field((), description="Flags to look at; none: all present-or-absent.")
    least_gold: int = Field(
        10, ge=1, description="Gold items of either kind that a correction needs at least."
    )


@dataclass(frozen=True)
class Counted:
    """What a rate and its corrections are made of.

    Attributes:
        cells: Sums per episode, shape (episodes, 6): items, flagged items, then of the gold sample
            by weight: gold and label both 1, gold only, label only, neither.
        gold: Gold items per episode, present and absent, unweighted, shape (episodes, 2).
        weighting: How gold items were weighted.
    """

    cells: Floats
    gold: Floats
    weighting: str


def episode_cells(data: Data, flag: str, rule: str) -> Counted:
    """Counts per episode behind a rate and its corrections."""
    labels = data.all_labels.filter(
        (pl.col("flag") == flag) & (pl.col("rule") == rule) & pl.col("value").is_not_null()
    )

    def per_episode(episode: pl.Series, weights: Any = None) -> Any:
        return np.bincount(episode.to_numpy(), weights=weights, minlength=data.n_episodes)

    gold, weighting = weighted_gold(data, flag)
    both = labels.join(gold, on=list(ITEM), how="inner", nulls_equal=True)
    g, v = both["gold"].to_numpy() > 0, both["value"].to_numpy() > 0
    weight = both["weight"].to_numpy()
    cells = [
        per_episode(labels["episode"]),
        per_episode(labels["episode"], (labels["value"] > 0).to_numpy().astype(np.float64)),
        *(per_episode(both["episode"], weight * kind) for kind in (g & v, g & ~v, ~g & v, ~g & ~v)),
    ]
    counts = [per_episode(both["episode"], kind.astype(np.float64)) for kind in (g, ~g)]
    return Counted(np.stack(cells, axis=1) * 1.0, np.stack(counts, axis=1), weighting)


def estimates(cells: Floats, gold: Floats) -> Floats:
    """Raw, Rogan-Gladen and prediction-powered rates, shape (..., 3).

    Args:
        cells: Sums of the condition, shape (..., 6). The prediction-powered rate is corrected by
            the condition's own gold: the mean error of a judge follows the prevalence, so that of
            all conditions would be wrong wherever they differ.
        gold: Sums behind sensitivity and specificity, shape (..., 6): of all conditions, since
            the judge is taken to be the same everywhere.
    """
    raw = ratio(cells[..., 1], cells[..., 0])
    both, missed, false, neither = (gold[..., place] for place in range(2, 6))
    rogan = rogan_gladen(raw, ratio(both, both + missed), ratio(neither, neither + false))
    error = ratio(cells[..., 3] - cells[..., 4], cells[..., 2:].sum(axis=-1))
    return np.stack([raw, rogan, prediction_powered(raw, error)], axis=-1)


def rate_interval(cells: Floats, where: Ints, resamples: int) -> tuple[Floats, Floats]:
    """Ends of the intervals of the three rates of a condition; all episodes are resampled.

    Args:
        cells: Sums per episode of the study, shape (episodes, 6).
        where: Episodes of the condition.
        resamples: Number of resamples.
    """
    in_condition = np.isin(np.arange(len(cells)), where)[:, None]
    picked = weighted_sums(cells * in_condition, resamples)
    everywhere = weighted_sums(cells, resamples)
    return interval(estimates(picked, everywhere), n_with_items(cells, where))


def n_with_items(cells: Floats, where: Ints) -> int:
    """Episodes of a condition that have coded items."""
    return int((cells[where, 0] > 0).sum())


def compute(data: Data, options: RateOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``rates``."""
    if data.all_labels["value"].count() == 0:
        raise Unusable(f"of {data.all_labels.height} labels none is usable")
    found: list[dict[str, Any]] = []
    for rule in data.rules:
        for flag in options.flags or data.flags.binary:
            counted = episode_cells(data, flag, rule)
            if counted.cells[:, 0].sum():
                found += _flag_rows(data, flag, rule, counted, options)
    return rows.frame(found)


def _flag_rows(
    data: Data, flag: str, rule: str, counted: Counted, options: RateOptions
) -> list[dict[str, Any]]:
    cells, everywhere = counted.cells, counted.cells.sum(axis=0)
    found = []
    for condition in data.conditions:
        where = data.by_condition[condition]
        sums = cells[where].sum(axis=0)
        if not sums[0]:
            continue
        values = estimates(sums, everywhere)
        low, high = rate_interval(cells, where, options.resamples)
        for place, (quantity, words) in enumerate(_KINDS.items()):
            reason, gold = _gold_of(data, counted, quantity, where, options.least_gold)
            kept = reason is None and bool(np.isfinite(values[place]))
            reason = reason or "the rule is no better than chance on gold"
            n = n_with_items(cells, where)
            cut = kept and quantity == "rogan_gladen" and values[place] in {0.0, 1.0}
            method = (
                f"{words}{CUT if cut else ''}{gold}; {interval_words(low[place], high[place], n)}"
            )
            found.append(
                {
                    "quantity": quantity,
                    "rule": rule,
                    "scope": "condition",
                    "condition": condition,
                    "subject": flag,
                    "value": float(values[place]) if kept else None,
                    "ci_low": float(low[place]) if kept else None,
                    "ci_high": float(high[place]) if kept else None,
                    "n_measured": int(sums[0]),
                    "n_excluded": data.excluded.get(condition, 0),
                    "warning": _warning(data, counted, quantity, where) if kept else None,
                    "method": method if kept else f"undefined: {reason}; {words}{gold}",
                }
            )
    return found


def _warning(data: Data, counted: Counted, quantity: str, where: Ints) -> str | None:
    """That a raw rate errs although the right one is known, and that episodes are few."""
    all_gold = counted.gold[where].sum() >= counted.cells[where, 0].sum()
    errs = counted.cells[where, 3:5].sum() > 0
    known = ALL_GOLD.format(gold=data.gold) if quantity == "raw" and all_gold and errs else ""
    few = few_episodes(n_with_items(counted.cells, where))
    return "; ".join(filter(None, [known, few])) or None


def _gold_of(
    data: Data, counted: Counted, quantity: str, where: Ints, least: int
) -> tuple[str | None, str]:
    """Why there is too little gold for a quantity, or nothing; and what gold there is, in words."""
    if quantity == "raw":
        return None, ""
    if data.gold is None:
        return "no gold coder is declared", ""
    own = quantity == "prediction_powered"
    here = where if own else np.arange(len(counted.gold))
    present, absent = counted.gold[here].sum(axis=0)
    if present + absent and present + absent >= counted.cells[here, 0].sum():
        return ALL_GOLD.format(gold=data.gold), ""
    enough = present + absent >= 2 * least if own else min(present, absent) >= least
    text = (
        f"; gold {data.gold}: {present:.0f} present, {absent:.0f} absent"
        f"{' in the condition' if own else ', pooled over conditions'}, {counted.weighting}"
    )
    return None if enough else "too little gold to correct by", text


#: Said of a Rogan-Gladen rate that fell outside of what a share can be.
CUT = ", cut to [0, 1]"
#: Why there is nothing to correct.
ALL_GOLD = (
    "{gold} coded every item, so there is nothing to correct: cite the rate of {gold}'s own codes, "
    "which the adjudication rule {{rule: judge, coder: {gold}}} gives"
)

_KINDS = {
    "raw": "share of coded items that the rule flags",
    "rogan_gladen": "raw rate corrected by the rule's sensitivity and specificity",
    "prediction_powered": "raw rate plus the rule's mean error on the condition's own gold",
}

METRIC = Metric(
    name="rates",
    title="How often each flag is given, raw and corrected for the judges' errors",
    quantities={
        "raw": Quantity("share of items that a rule flags", "q = flagged / items", "[0, 1]"),
        "rogan_gladen": Quantity(
            "prevalence by Rogan and Gladen",
            "(q + sp - 1) / (se + sp - 1), cut to [0, 1]",
            "[0, 1]",
        ),
        "prediction_powered": Quantity(
            "prediction-powered rate",
            "q + mean over the condition's gold of (gold - label)",
            "any; near [0, 1]",
        ),
    },
    source="Rogan and Gladen (1978); Angelopoulos et al. (2023), Science 382.",
    avoid="Both corrections take gold to be drawn at random, or by `agora sample`, whose strata "
    "weights undo; gold from elsewhere that over-represents a flag breaks them. Rogan-Gladen takes "
    "the judges to err alike in every condition and explodes where sensitivity + specificity is "
    "near 1; the prediction-powered rate takes nothing of judges but needs gold in each condition. "
    "With few gold items of a kind intervals are too narrow. Never correct labels one by one with "
    "it: it is a statement about rates.",
    needs=("labels", "codes", "samples"),
    version=4,
    options=RateOptions,
    compute=compute,
)
