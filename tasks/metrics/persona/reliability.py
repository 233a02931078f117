"""How reliable the scales of an instrument are among the personas of a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.persona.scales import SCORED, matrix, named, scale_scores
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.icc import FORMS, icc_sums, intraclass

_ONE_WAY = FORMS.index("icc_1_1")
#: Personas below which there is no interval.
LEAST = 3
#: Share of an alpha from which on its bias is told.
BIAS = 0.05


def cronbach_alpha(items: Floats) -> float:
    """Cronbach's alpha of scored answers, shape (personas, items); not-a-number without spread.

    Source: Cronbach (1951): k / (k - 1) (1 - sum of the items' variances / variance of the sum).

    Example:
        >>> round(cronbach_alpha(np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]])), 4)
        0.8571
    """
    n, k = items.shape
    if n < 2 or k < 2:
        return float("nan")
    total = items.sum(axis=1).var(ddof=1)
    if total <= 0:
        return float("nan")
    return float(k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / total))


def unbiased_alpha(alpha: float, n: int) -> float:
    """The alpha of n personas without its bias; not-a-number for three or fewer.

    Source: Kristof (1963): ((n - 3) alpha + 2) / (n - 1), of normal answers.

    Example:
        >>> round(unbiased_alpha(0.4, 12), 3)
        0.509
    """
    return ((n - 3) * alpha + 2) / (n - 1) if n > LEAST else float("nan")


def _bias(alpha: float, n: int) -> str | None:
    better = unbiased_alpha(alpha, n)
    if not np.isfinite(better) or better - alpha <= BIAS * abs(better):
        return None
    return (
        f"of {n} personas alpha comes out too low: without that bias it is {better:.2f} "
        "(Kristof 1963)"
    )


def feldt_interval(alpha: float, n: int, k: int) -> tuple[float, float]:
    """The 95% interval of an alpha of k items and n personas.

    Source: Feldt (1965): (1 - alpha) / (1 - estimate) follows F with n - 1 and (n - 1)(k - 1)
    degrees of freedom.

    Example:
        >>> [round(end, 3) for end in feldt_interval(0.8, 50, 10)]
        [0.706, 0.873]
    """
    from scipy import stats

    if n < LEAST or not np.isfinite(alpha):
        return float("nan"), float("nan")
    f = stats.f(n - 1, (n - 1) * (k - 1))
    return 1 - (1 - alpha) * float(f.ppf(0.975)), 1 - (1 - alpha) * float(f.ppf(0.025))


def retest_interval(icc: float, n: int, k: int) -> tuple[float, float]:
    """The 95% interval of a one-way intraclass correlation of n personas and k repeats.

    Source: McGraw and Wong (1996), table 7, ICC(1).

    Example:
        >>> [round(end, 3) for end in retest_interval(0.7, 40, 2)]
        [0.502, 0.829]
    """
    from scipy import stats

    if n < LEAST or not np.isfinite(icc) or icc >= 1:
        return float("nan"), float("nan")
    ratio = (1 + (k - 1) * icc) / (1 - icc)
    low = ratio / float(stats.f(n - 1, n * (k - 1)).ppf(0.975))
    high = ratio * float(stats.f(n * (k - 1), n - 1).ppf(0.975))
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def no_narrower(
    ends: tuple[float, float], ratio: float, without_one: Floats, back: Callable[[float], float]
) -> tuple[float, float]:
    """An interval that is at least as wide as what leaving out each persona in turn gives.

    Feldt's interval and McGraw and Wong's take answers to be normal. Where some personas answer
    more extremely than others throughout, they held the truth in 83 to 88% of studies.

    Args:
        ends: The interval.
        ratio: The ratio of variances that the number is made of.
        without_one: That without each persona.
        back: Gives the number of a ratio.

    Source: Miller (1974), The jackknife, of the logarithm of a ratio of variances.
    """
    from scipy import stats

    n = len(without_one)
    if not (np.isfinite(ends).all() and ratio > 0 and (without_one > 0).all()):
        return ends
    logs = np.log(without_one)
    error = float(np.sqrt((n - 1) * logs.var()))
    half = float(stats.t.ppf(0.975, n - 1)) * error
    wider = sorted(back(float(np.log(ratio)) + side * half) for side in (-1, 1))
    return min(ends[0], wider[0]), max(ends[1], wider[1])


def _alpha_interval(items: Floats, alpha: float) -> tuple[float, float]:
    """Feldt's interval, no narrower than that of the jackknife."""
    n, k = items.shape
    if not np.isfinite(alpha):
        return float("nan"), float("nan")
    items = items - items.mean(axis=0)
    sums = np.column_stack([items, items**2, items.sum(axis=1) ** 2])
    total = sums.sum(axis=0)
    rest = np.concatenate([total[None], total - sums]) / np.r_[n, np.full(n, n - 1)][:, None]
    means = rest[:, :k]
    within = (rest[:, k : 2 * k] - means**2).sum(axis=1)
    ratios = within / (rest[:, -1] - means.sum(axis=1) ** 2)

    def back(log: float) -> float:
        return float(k / (k - 1) * (1 - np.exp(log)))

    return no_narrower(feldt_interval(alpha, n, k), float(ratios[0]), ratios[1:], back)


def _retest_interval(table: Floats, icc: float) -> tuple[float, float]:
    """McGraw and Wong's interval, no narrower than that of the jackknife."""
    n, k = table.shape
    sums = icc_sums(table - table.mean())
    without_one = intraclass(sums.sum(axis=0) - sums)[:, _ONE_WAY]

    def ratio(icc: Floats | float) -> Any:
        return (1 + (k - 1) * icc) / (1 - icc)

    def back(log: float) -> float:
        return float(np.expm1(log) / (np.exp(log) + k - 1))

    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = ratio(without_one)
    ends = retest_interval(icc, n, k)
    return no_narrower(ends, float(ratio(icc)), ratios, back) if icc < 1 else ends


def compute(data: PersonaData, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``scale_reliability``."""
    places = data.personas.select("persona", "condition")
    answers = named(data.answers).join(places, on="persona", maintain_order="left")
    scores = scale_scores(data.answers, ("persona", "model", "repeat")).join(
        places, on="persona", maintain_order="left"
    )
    found = [
        row
        for condition in data.conditions
        for row in (
            *_alphas(answers.filter(pl.col("condition") == condition), condition),
            *_retests(scores.filter(pl.col("condition") == condition), condition),
        )
    ]
    return rows.frame(found)


def _alphas(answers: pl.DataFrame, condition: str) -> Iterator[dict[str, Any]]:
    firsts = answers.filter(pl.col("repeat") == 1)
    for (scale,), one in firsts.sort("scale").group_by(["scale"], maintain_order=True):
        asked = one.select("persona", "model").n_unique()
        items = matrix(one, ("persona", "model"), "item", "scored")
        alpha = cronbach_alpha(items) if items.size else float("nan")
        ends = _alpha_interval(items, alpha) if items.size else (float("nan"),) * 2
        yield _row(
            "alpha", condition, str(scale), alpha, ends, (len(items), asked - len(items)),
            f"Cronbach's alpha of {items.shape[1]} items, first answers of each persona and model, "
            "complete ones; interval: Feldt's, no narrower than that of the jackknife",
            warning=_bias(alpha, len(items)),
        )  # fmt: skip


def _retests(scores: pl.DataFrame, condition: str) -> Iterator[dict[str, Any]]:
    for (scale,), one in scores.sort("scale").group_by(["scale"], maintain_order=True):
        repeats = one["repeat"].n_unique()
        if repeats < 2:
            continue
        asked = one.select("persona", "model").n_unique()
        table = matrix(one, ("persona", "model"), "repeat", "score")
        icc = float("nan")
        ends = (float("nan"),) * 2
        if len(table) > 1:
            icc = float(intraclass(icc_sums(table - table.mean()).sum(axis=0))[_ONE_WAY])
            ends = _retest_interval(table, icc)
        yield _row(
            "retest", condition, str(scale), icc, ends,
            (len(table), asked - len(table)),
            f"one-way intraclass correlation ICC(1) of the scores of {repeats} repeats; interval: "
            f"McGraw and Wong's F, no narrower than that of the jackknife; {SCORED}",
        )  # fmt: skip


def _row(
    quantity: str,
    condition: str,
    scale: str,
    value: float,
    ends: tuple[float, float],
    counts: tuple[int, int],
    method: str,
    warning: str | None = None,
) -> dict[str, Any]:
    return {
        "quantity": quantity,
        "scope": "condition",
        "condition": condition,
        "subject": scale,
        "value": value,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "n_measured": counts[0],
        "n_excluded": counts[1],
        "warning": warning,
        "method": method if np.isfinite(value) else f"undefined: too little varies; {method}",
    }


METRIC = Metric(
    name="scale_reliability",
    title="How reliable the scales of an instrument are",
    quantities={
        "alpha": Quantity(
            "internal consistency (Cronbach's alpha)",
            "k / (k - 1) (1 - sum of item variances / variance of the sum)",
            "(-inf, 1]",
        ),
        "retest": Quantity(
            "agreement of a persona's scores over repeats", "ICC(1), one-way", "[-1, 1]"
        ),
    },
    source="Cronbach (1951); Kristof (1963); Feldt (1965); McGraw and Wong (1996); Miller (1974).",
    avoid="Reliability is one of scores among these personas: where they hardly differ in a trait, "
    "a good scale has a low one. Of few personas alpha comes out too low (.39 of 12 and .42 of "
    "20 where .49 is true); `warning` gives it without that bias. Alpha rises with the number of "
    "items, and is no sign that they measure one thing. Repeats in which a model answers the same "
    "by rote agree perfectly.",
    needs=("answers",),
    scope="persona",
    version=3,
    compute=compute,
)
