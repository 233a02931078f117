"""Reliability of all coders of a flag together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.coders.chance import REACHES, as_of_blind_raters
from tasks.metrics.coders.pairs import ITEM, wide_codes
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.statistics import icc, many_raters
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.bootstrap import few_episodes, interval_words, sum_interval

Statistic = Callable[[Floats], Floats]


class ReliabilityOptions(Options):
    """Options of ``reliability``."""

    flags: tuple[str, ...] = Field((), description="Flags to look at; none: all of them.")
    coders: tuple[str, ...] = Field((), description="Coders to look at; none: all of them.")
    scale: many_raters.Level | None = Field(
        None, description="Level of measurement for alpha; none: as the codebook says."
    )


def compute(data: Data, options: ReliabilityOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``reliability``."""
    codes = data.codes
    if options.coders:
        codes = codes.filter(pl.col("coder").is_in(options.coders))
    if codes["value"].count() == 0:
        raise Unusable(f"of {codes.height} judgements none is usable")
    found: list[dict[str, Any]] = []
    for flag in options.flags or data.flags.names:
        mine = codes.filter((pl.col("flag") == flag) & pl.col("value").is_not_null())
        if mine["coder"].n_unique() < 2:
            continue
        wide = wide_codes(mine, "coder").sort(*ITEM)
        coders = [name for name in wide.columns if name not in ITEM]
        ratings = wide.select(coders).to_numpy().astype(np.float64)
        found += _flag_rows(
            flag,
            ratings,
            wide["episode"].to_numpy(),
            level=options.scale or data.flags.scales.get(flag, "nominal"),
            resamples=options.resamples,
        )
    return rows.frame(found)


def _flag_rows(
    flag: str,
    ratings: Floats,
    episodes: npt.NDArray[np.int64],
    *,
    level: Any,
    resamples: int,
) -> list[dict[str, Any]]:
    judged = np.isfinite(ratings).sum(axis=1)
    several = judged > 1
    base = {"scope": "study", "subject": flag, "n_excluded": int((~several).sum())}
    if not several.any():
        return []
    counts = many_raters.category_counts(ratings[several])
    judges = f"over {ratings.shape[1]} coders"
    some = (ratings[several], episodes[several], resamples)
    found = [
        _row(
            {**base, "quantity": "krippendorff_alpha"},
            _Reliability(
                lambda sums: many_raters.krippendorff_alpha(sums, counts.values, level),
                lambda some: many_raters.coincidences(many_raters.category_counts(some).counts),
            ),
            *some,
            f"{level} alpha {judges}",
        ),
        _row(
            {**base, "quantity": "gwet_ac1"},
            _Reliability(many_raters.gwet_ac1_many, _agreements, of_blind=None),
            *some,
            f"AC1 {judges}",
        ),
    ]
    complete = judged == ratings.shape[1]
    if not complete.any():
        return found
    base = {**base, "n_excluded": int((~complete).sum())}
    whole = (ratings[complete], episodes[complete], resamples)
    words = f"over items that all {ratings.shape[1]} coders judged"
    of_whole = {"fleiss_kappa": _Reliability(many_raters.fleiss_kappa, _agreements)}
    if level in {"ordinal", "interval", "ratio"}:
        of_whole |= {
            form: _Reliability(
                lambda sums, place=place: icc.intraclass(sums)[..., place],  # type: ignore[misc]
                icc.icc_sums,
            )
            for place, form in enumerate(icc.FORMS)
        }
    return found + [
        _row({**base, "quantity": name}, one, *whole, words) for name, one in of_whole.items()
    ]


@dataclass(frozen=True)
class _Reliability:
    """A number of several coders.

    Attributes:
        statistic: Gives it from sums over items.
        per_item: What is summed, from ratings.
        of_blind: What it is of coders who are blind to each other, where that is known.
    """

    statistic: Statistic
    per_item: Callable[[Floats], Floats]
    of_blind: float | None = 0.0

    def of(self, ratings: Floats) -> Floats:
        """The number of some ratings."""
        return self.statistic(self.per_item(ratings).sum(axis=0))


def _agreements(ratings: Floats) -> Floats:
    return many_raters.agreement_sums(many_raters.category_counts(ratings).counts)


def _row(
    base: dict[str, Any],
    one: _Reliability,
    ratings: Floats,
    episodes: npt.NDArray[np.int64],
    resamples: int,
    words: str,
) -> dict[str, Any]:
    sums = many_raters.group_sums(one.per_item(ratings), episodes)
    value = float(one.statistic(sums.sum(axis=0)))
    low, high, shaky = sum_interval(one.statistic, sums, resamples)
    ends = interval_words(float(low), float(high), len(sums))
    if one.of_blind is not None and high < one.of_blind and as_of_blind_raters(one.of, ratings):
        high, ends = np.asarray(one.of_blind), f"{ends}, {REACHES}"
    method = f"{words}; {len(sums)} episodes, those that analyses exclude too; {ends}"
    if not np.isfinite(value):
        method = f"undefined: one category only, or too few items; {method}"
    elif shaky > 0.01:
        method += f"; undefined in {shaky:.1%} of resamples"
    return {
        **base,
        "value": value,
        "ci_low": float(low),
        "ci_high": float(high),
        "n_measured": len(ratings),
        "warning": few_episodes(len(sums)) or None,
        "method": method,
    }


METRIC = Metric(
    name="reliability",
    title="How far all coders of a flag agree, together and by level of measurement",
    quantities={
        "krippendorff_alpha": Quantity(
            "Krippendorff's alpha", "1 - D_o / D_e over the coincidence matrix", "(-1, 1]"
        ),
        "gwet_ac1": Quantity(
            "Gwet's AC1", "(p_a - p_e) / (1 - p_e), p_e = Σ π_k (1 - π_k) / (K - 1)", "[-1, 1]"
        ),
        "fleiss_kappa": Quantity("Fleiss' kappa", "(P̄ - Σ p_k²) / (1 - Σ p_k²)", "[-1, 1]"),
        "icc_1_1": Quantity("ICC(1,1)", "(MSR - MSW) / (MSR + (k-1) MSW)", "[-1/(k-1), 1]"),
        "icc_1_k": Quantity("ICC(1,k)", "(MSR - MSW) / MSR", "(-∞, 1]"),
        "icc_a_1": Quantity(
            "ICC(A,1)", "(MSR - MSE) / (MSR + (k-1) MSE + k (MSC - MSE) / n)", "(-∞, 1]"
        ),
        "icc_a_k": Quantity("ICC(A,k)", "(MSR - MSE) / (MSR + (MSC - MSE) / n)", "(-∞, 1]"),
        "icc_c_1": Quantity("ICC(C,1)", "(MSR - MSE) / (MSR + (k-1) MSE)", "[-1/(k-1), 1]"),
        "icc_c_k": Quantity("ICC(C,k)", "(MSR - MSE) / MSR", "(-∞, 1]"),
    },
    source="Krippendorff (2011); Gwet (2014); Fleiss (1971); McGraw and Wong (1996).",
    avoid="One number over all coders hides a bad one among good ones: read `agreement` by pair "
    "first. Fleiss' kappa and the ICCs use complete items only; where many are incomplete, use "
    "alpha. The ICCs are for ordered levels, and ICC(C,·) overlooks a constant shift.",
    needs=("codes",),
    options=ReliabilityOptions,
    version=2,
    compute=compute,
    every_episode=True,
)
