"""Agreement of coders with each other, and of adjudication rules with gold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.coders.chance import REACHES, as_of_blind_coders
from tasks.metrics.coders.pairs import Pair, pairs_of
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.statistics import two_raters as two
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.bootstrap import (
    LEAST_EPISODES,
    few_episodes,
    interval,
    interval_words,
    no_interval,
    weighted_sums,
)

ANY: dict[str, Callable[[Floats], Floats]] = {
    "cohen_kappa": two.cohen_kappa,
    "gwet_ac1": two.gwet_ac1,
    "pabak": two.pabak,
    "percent": two.percent_agreement,
}
BINARY: dict[str, Callable[[Floats], Floats]] = {
    "positive": two.positive_agreement,
    "negative": two.negative_agreement,
}
AGAINST_GOLD: dict[str, Callable[[Floats], Floats]] = {
    "precision": two.precision,
    "recall": two.recall,
    "f1": two.f1,
    "mcc": two.matthews,
}
WEIGHTED: dict[str, Callable[[Floats], Floats]] = {
    "kappa_linear": lambda table: two.cohen_kappa(table, 1),
    "kappa_quadratic": lambda table: two.cohen_kappa(table, 2),
}


#: What is 0 of coders who are blind to each other.
BEYOND_CHANCE = {"cohen_kappa", "mcc", *WEIGHTED}


class AgreementOptions(Options):
    """Options of ``agreement``."""

    flags: tuple[str, ...] = Field((), description="Flags to look at; none: all of them.")


def _statistics(pair: Pair, gold: str | None) -> dict[str, Callable[[Floats], Floats]]:
    if pair.tables.shape[-1] > 2:
        return {**ANY, **WEIGHTED}
    return {**ANY, **BINARY, **(AGAINST_GOLD if pair.first == gold else {})}


def compute(data: Data, options: AgreementOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``agreement``."""
    found: list[dict[str, Any]] = []
    pairs = pairs_of(data, options.flags)
    for pair in pairs:
        found += _pair_rows(pair, data.gold, options.resamples)
    return rows.frame(found + _mean_rows(data, pairs, options.resamples))


def _row(pair: Pair, quantity: str, value: float, ends: tuple[float, float]) -> dict[str, Any]:
    return {
        "quantity": quantity,
        "rule": pair.rule,
        "scope": "study",
        "subject": pair.subject,
        "value": value,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "n_measured": pair.n_items,
        "n_excluded": pair.n_unusable,
        "warning": few_episodes(len(pair.tables)) or None,
    }


def _resampled(pair: Pair, resamples: int) -> Floats | None:
    return weighted_sums(pair.tables, resamples) if len(pair.tables) >= LEAST_EPISODES else None


def _pair_rows(pair: Pair, gold: str | None, resamples: int) -> list[dict[str, Any]]:
    pooled = pair.tables.sum(axis=0)
    drawn = _resampled(pair, resamples)
    found = []
    for name, statistic in _statistics(pair, gold).items():
        value = float(statistic(pooled)) if pair.n_items else float("nan")
        low = high = np.asarray(np.nan)
        shaky, blind = 0.0, False
        if drawn is not None:
            draws = statistic(drawn)
            low, high = interval(draws, len(pair.tables))
            shaky = float(np.mean(~np.isfinite(draws)))
            below = name in BEYOND_CHANCE and float(high) < 0
            blind = below and as_of_blind_coders(statistic, pooled)
            high = np.asarray(0.0) if blind else high
        row = _row(pair, name, value, (float(low), float(high)))
        words = interval_words(float(low), float(high), len(pair.tables))
        words = f"{words}, {REACHES}" if blind else words
        row["method"] = _method(pair, value, shaky, words)
        found.append(row)
    return found


def _method(pair: Pair, value: float, shaky: float, ends: str) -> str:
    text = (
        f"{pair.n_items} items in {len(pair.tables)} episodes judged by both, episodes that "
        f"analyses exclude too; {ends}"
    )
    if not pair.n_items:
        return f"undefined: of {pair.n_unusable} items that both took on none has two judgements"
    if not np.isfinite(value):
        return f"undefined: a category is never used by one side or by both; {text}"
    return f"{text}; undefined in {shaky:.1%} of resamples" if shaky > 0.01 else text


def _mean_rows(data: Data, pairs: list[Pair], resamples: int) -> list[dict[str, Any]]:
    """Mean kappa over the flags, for every two sources that met on more than one flag."""
    groups: dict[tuple[str, str, str | None], list[Pair]] = {}
    for pair in pairs:
        if pair.n_items:
            groups.setdefault((pair.first, pair.second, pair.rule), []).append(pair)
    found = []
    for (first, second, rule), members in groups.items():
        values = np.array([float(two.cohen_kappa(pair.tables.sum(axis=0))) for pair in members])
        if len(members) < 2:
            continue
        defined = [pair for pair, value in zip(members, values, strict=True) if np.isfinite(value)]
        low, high, interval_words = _mean_interval(defined, resamples)
        undefined = len(members) - len(defined)
        method = f"plain mean of kappa over {len(defined)} flags; {interval_words}"
        if undefined:
            method += f"; {undefined} flags without a defined kappa left out"
        found.append(
            {
                "quantity": "mean_kappa",
                "rule": rule,
                "scope": "study",
                "subject": f"{first} ~ {second}",
                "value": float(np.nanmean(values)) if defined else None,
                "ci_low": low,
                "ci_high": high,
                "n_measured": len(defined),
                "n_excluded": undefined,
                "method": method if defined else f"undefined: {method}",
            }
        )
    return found


def _mean_interval(pairs: list[Pair], resamples: int) -> tuple[float | None, float | None, str]:
    """Ends of the interval of a mean of kappas, and how it came about or why there is none.

    All flags are resampled by the same episodes, since what happens in an episode touches all its
    flags.
    """
    if not pairs:
        return None, None, no_interval(0)
    n = len(pairs[0].episodes)
    if n < LEAST_EPISODES:
        return None, None, no_interval(n)
    if any(not np.array_equal(pair.episodes, pairs[0].episodes) for pair in pairs):
        return None, None, "the flags were judged in different episodes, so no interval"
    drawn = [_resampled(pair, resamples) for pair in pairs]
    kappas = np.stack([two.cohen_kappa(draws) for draws in drawn if draws is not None])
    counted = np.isfinite(kappas).sum(axis=0)
    sums = np.where(np.isfinite(kappas), kappas, 0.0).sum(axis=0)
    means = np.where(counted > 0, sums / np.maximum(counted, 1), np.nan)
    low, high = (float(end) for end in interval(means, n))
    return low, high, interval_words(low, high, n)


_KAPPA = "(p_o - p_e) / (1 - p_e)"
METRIC = Metric(
    name="agreement",
    title="How far coders agree with each other, and every adjudication rule with gold",
    quantities={
        "cohen_kappa": Quantity("Cohen's kappa", f"{_KAPPA}, p_e = Σ p1_k p2_k", "[-1, 1]"),
        "gwet_ac1": Quantity("Gwet's AC1", f"{_KAPPA}, p_e = Σ π_k (1 - π_k) / (K - 1)", "[-1, 1]"),
        "pabak": Quantity("prevalence-adjusted kappa", "(K p_o - 1) / (K - 1)", "[-1, 1]"),
        "percent": Quantity("share of items judged alike", "p_o", "[0, 1]"),
        "positive": Quantity("positive agreement", "2a / (2a + b + c)", "[0, 1]"),
        "negative": Quantity("negative agreement", "2d / (2d + b + c)", "[0, 1]"),
        "precision": Quantity("precision against gold", "tp / (tp + fp)", "[0, 1]"),
        "recall": Quantity("recall against gold", "tp / (tp + fn)", "[0, 1]"),
        "f1": Quantity("F1 against gold", "2 tp / (2 tp + fp + fn)", "[0, 1]"),
        "mcc": Quantity(
            "Matthews correlation with gold",
            "(tp tn - fp fn) / √((tp+fp)(tp+fn)(tn+fp)(tn+fn))",
            "[-1, 1]",
        ),
        "kappa_linear": Quantity(
            "linearly weighted kappa", "1 - Σ w o / Σ w e, w = |i - j|", "[-1, 1]"
        ),
        "kappa_quadratic": Quantity(
            "quadratically weighted kappa", "1 - Σ w o / Σ w e, w = (i - j)²", "[-1, 1]"
        ),
        "mean_kappa": Quantity("mean of kappa over flags", "Σ_f κ_f / F", "[-1, 1]"),
    },
    source="Cohen (1960, 1968); Gwet (2008); Byrt et al. (1993); Cicchetti and Feinstein (1990); "
    "Matthews (1975).",
    avoid="Do not cite kappa alone for a rare flag: it falls as prevalence leaves one half even "
    "if coders err as seldom as before (read `gwet_ac1`, `positive` and `negative` beside it; in "
    "the founding study, COMP of person and intersection has kappa .662 and AC1 .990, of person "
    "and Gemini .626 and .988). Do not cite the agreement of two judges for labels that a rule "
    "made of both: look at the row of that rule against gold. On a sample stratified by flag, "
    "recall and precision are those of the sample; `rates` weights it. Weighted kappas are for "
    "ordered levels only.",
    needs=("labels", "codes"),
    options=AgreementOptions,
    compute=compute,
    version=3,
    every_episode=True,
)
