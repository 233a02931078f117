"""How the scales that personas were measured on go together."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.persona.scales import SCORED, scale_scores
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.correlation import FISHER, pearson, pearson_interval
from tasks.metrics.statistics.effect_intervals import hedges_g_interval
from tasks.metrics.statistics.effects import hedges_g

#: Personas below which thirds are noticeably less far apart than those of many.
ENOUGH = 30
FEW = "thirds of so few personas are less far apart than thirds of many: g is up to a tenth too low"


class AssociationOptions(Options):
    """Options of ``scale_association``."""

    scales: tuple[str, ...] = Field(
        (), description="Scales to take, as INSTRUMENT.TRAIT, each with all after it; none: all."
    )


def outer_thirds(by: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Values of those who are in the lowest and in the highest third by another number.

    Example:
        >>> low, high = outer_thirds(np.array([3.0, 1.0, 2.0]), np.array([30.0, 10.0, 20.0]))
        >>> low.tolist(), high.tolist()
        ([10.0], [30.0])
    """
    low, high = np.quantile(by, [1 / 3, 2 / 3])
    return values[by <= low], values[by >= high]


def compute(
    data: PersonaData, options: AssociationOptions, rng: np.random.Generator
) -> pl.DataFrame:
    """Rows of ``scale_association``."""
    scored = {
        str(scale): data.by_case(one, "score")
        for (scale,), one in scale_scores(data.answers).group_by(["scale"], maintain_order=True)
    }
    unknown = [name for name in options.scales if name not in scored]
    if unknown:
        raise Unusable(f"there is no scale {unknown[0]}; there are {', '.join(scored)}")
    found = []
    for first, second in itertools.combinations(options.scales or scored, 2):
        for condition, mine in data.by_condition.items():
            there = mine[np.isfinite(scored[first][mine]) & np.isfinite(scored[second][mine])]
            x, y = scored[first][there], scored[second][there]
            own = {
                "scope": "condition",
                "condition": condition,
                "subject": f"{second} by {first}",
                "n_measured": len(there),
                "n_excluded": len(mine) - len(there),
            }
            method = f"Pearson correlation of personas' scores; {FISHER}; {SCORED}"
            found.append(
                {**own, "quantity": "r", "value": pearson(x, y), **pearson_interval(x, y),
                 "method": method}
            )  # fmt: skip
            found.append({**own, "quantity": "g", **_of_thirds(x, y)})
    return rows.frame(found)


def _of_thirds(x: Floats, y: Floats) -> dict[str, object]:
    low, high = outer_thirds(x, y) if len(x) else (x, y)
    if min(len(low), len(high)) < 2:
        return {"value": None, "method": "undefined: a third has fewer than two personas"}
    ends = hedges_g_interval(low, high)
    return {
        "value": hedges_g(low, high),
        "ci_low": ends[0],
        "ci_high": ends[1],
        "warning": FEW if len(x) < ENOUGH else None,
        "method": f"Hedges' g of the highest over the lowest third by the first scale "
        f"({len(high)} and {len(low)} personas); interval: noncentral t; {SCORED}",
    }


METRIC = Metric(
    name="scale_association",
    title="How the scores of two scales go together over personas",
    quantities={
        "r": Quantity("correlation of two scales", "Pearson's r", "[-1, 1]"),
        "g": Quantity(
            "how much higher the highest third of the first scale is on the second",
            "Hedges' g of the thirds",
            "any",
        ),
    },
    source="Fisher (1921); Steiger and Hakstian (1982); DiCiccio and Romano (2017); Hedges (1981). "
    "As used of agreeableness and sycophancy: arXiv 2604.10733.",
    avoid="Both scales are answered by the same model, so a habit of answering (agreement, the "
    "middle of the scale) makes them go together by itself: look at trait_scores.acquiescence, and "
    "use scales of both keys. Of few personas `g` comes out too low: 2.10 of 12 and of 20, 2.21 of "
    "30 and 2.24 of 60 where 2.29 is true of many.",
    needs=("answers",),
    options=AssociationOptions,
    scope="persona",
    version=3,
    compute=compute,
)
