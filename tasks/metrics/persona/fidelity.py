"""Assigned against measured traits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.persona.assigned import t_scores
from tasks.metrics.persona.scales import SCORED, scale_scores
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.bootstrap import interval
from tasks.metrics.statistics.correlation import FISHER, pearson, pearson_interval

#: Numbers that are resampled at once; bounds memory.
_CHUNK = 2_000_000


def mean_errors(assigned: Floats, measured: Floats) -> Floats:
    """Mean absolute difference of T-scores, each standardised over the last axis.

    Not-a-number where either does not vary.

    Example:
        >>> a, b = np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0])
        >>> round(float(mean_errors(a, b)), 3), float(mean_errors(a, 2 * a))
        (6.667, 0.0)
    """

    def standardised(values: Floats) -> Floats:
        spread = values.std(axis=-1, ddof=1, keepdims=True)
        scaled = (values - values.mean(axis=-1, keepdims=True)) / np.where(
            spread > 1e-12, spread, np.nan
        )
        return np.asarray(scaled)

    errors = np.abs(standardised(assigned) - standardised(measured))
    return np.asarray(10 * errors.mean(axis=-1))


def error_interval(
    assigned: Floats, measured: Floats, resamples: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The 95% interval of the mean error: personas are resampled and standardised anew."""
    n = len(assigned)
    if n < 3:
        return float("nan"), float("nan")
    step = max(1, _CHUNK // n)
    draws = []
    for first in range(0, resamples, step):
        drawn = rng.integers(0, n, size=(min(step, resamples - first), n))
        draws.append(mean_errors(assigned[drawn], measured[drawn]))
    low, high = interval(np.concatenate(draws)[:, None], n)
    return float(low[0]), float(high[0])


def pairs(data: PersonaData) -> dict[str, tuple[Floats, Floats]]:
    """Assigned and measured score of every persona by scale, for scales of assigned traits.

    Raises:
        Unusable: No scale is of a trait that personas were given.
    """
    traits = data.traits.with_columns(t=t_scores(data.traits))
    assigned = {
        str(trait): data.by_case(one, "t")
        for (trait,), one in traits.group_by(["trait"], maintain_order=True)
    }
    found = {}
    for (scale,), one in scale_scores(data.answers).group_by(["scale"], maintain_order=True):
        trait = str(scale).partition(".")[2]
        if trait in assigned:
            found[str(scale)] = (assigned[trait], data.by_case(one, "score"))
    if not found:
        raise Unusable("no instrument measures a trait that the personas were given")
    return found


def compute(data: PersonaData, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``trait_fidelity``."""
    return rows.frame(
        [
            {
                "scope": "condition",
                "condition": condition,
                "subject": scale,
                "n_excluded": len(mine) - int(there.sum()),
                **row,
            }
            for scale, (assigned, measured) in pairs(data).items()
            for condition, mine in data.by_condition.items()
            for there in (np.isfinite(assigned[mine]) & np.isfinite(measured[mine]),)
            for row in _numbers(assigned[mine][there], measured[mine][there], options, rng)
        ]
    )


def _numbers(
    a: Floats, b: Floats, options: Options, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    yield {
        "quantity": "r",
        "value": pearson(a, b),
        **pearson_interval(a, b),
        "n_measured": len(a),
        "method": f"Pearson correlation of assigned and measured scores; {FISHER}; {SCORED}",
    }
    low, high = error_interval(a, b, options.resamples, rng)
    yield {
        "quantity": "mae",
        "value": float(mean_errors(a, b)) if len(a) > 1 else None,
        "ci_low": low,
        "ci_high": high,
        "n_measured": len(a),
        "method": "mean absolute difference of assigned and measured T-scores, each standardised "
        "over the condition's personas; interval: personas resampled and standardised anew, "
        f"expanded percentiles; {SCORED}",
    }


METRIC = Metric(
    name="trait_fidelity",
    title="How well what an instrument measures agrees with the traits that personas were given",
    quantities={
        "r": Quantity("correlation of assigned and measured scores", "Pearson's r", "[-1, 1]"),
        "mae": Quantity(
            "mean absolute error in T-score points",
            "mean of abs(T(assigned) - T(measured)), T = 50 + 10 (x - mean) / sd",
            "[0, inf)",
        ),
    },
    source="Correlation: Fisher (1921); Steiger and Hakstian (1982); DiCiccio and Romano (2017). "
    "As measures of induced personality: Serapio-Garcia et al. (2023), arXiv 2307.00184; Jiang et "
    "al. (2024), PersonaLLM.",
    avoid="T-scores are standardised over the personas of a condition, so the error says nothing "
    "of a shift of all of them: see trait_scores for that. Where personas hardly differ in a "
    "trait, both numbers are about noise.",
    needs=("traits", "answers"),
    scope="persona",
    version=3,
    compute=compute,
)
