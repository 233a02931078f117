"""Assigned against measured traits."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.persona.assigned import t_scores
from tasks.metrics.persona.scales import SCORED, scale_scores
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, varies
from tasks.metrics.statistics.correlation import FISHER, pearson, pearson_interval


def standardised(values: Floats) -> Floats:
    """Values as T-scores of those among them that are there: mean 50, standard deviation 10."""
    good = values[np.isfinite(values)]
    if len(good) < 2 or not varies(good):
        return np.full(len(values), np.nan)
    return np.asarray(50 + 10 * (values - good.mean()) / good.std(ddof=1))


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
    errors: dict[str, Floats] = {}
    correlations = []
    for scale, (assigned, measured) in pairs(data).items():
        errors[scale] = np.full(len(assigned), np.nan)
        for condition, mine in data.by_condition.items():
            there = mine[np.isfinite(assigned[mine]) & np.isfinite(measured[mine])]
            a, b = assigned[there], measured[there]
            errors[scale][there] = np.abs(standardised(a) - standardised(b))
            correlations.append(
                {
                    "quantity": "r",
                    "scope": "condition",
                    "condition": condition,
                    "subject": scale,
                    "value": pearson(a, b),
                    **pearson_interval(a, b),
                    "n_measured": len(there),
                    "n_excluded": len(mine) - len(there),
                    "method": f"Pearson correlation of assigned and measured scores; {FISHER}; "
                    f"{SCORED}",
                }
            )
    method = (
        "absolute difference of assigned and measured T-score, each standardised over the "
        f"condition's personas; {SCORED}"
    )
    by_persona = rows.of_personas(data, options, {"mae": ByEpisode(errors, method, 1)})
    return rows.joined([rows.frame(correlations), by_persona])


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
    source="Correlation: Fisher (1921). As measures of induced personality: Serapio-Garcia et al. "
    "(2023), arXiv 2307.00184; Jiang et al. (2024), PersonaLLM.",
    avoid="T-scores are standardised over the personas of a condition, so the error says nothing "
    "of a shift of all of them: see trait_scores for that. Where personas hardly differ in a "
    "trait, both numbers are about noise. The interval of the error takes their mean and spread as "
    "known, so it is too narrow (docs/recovery.md): compare conditions by r.",
    needs=("traits", "answers"),
    scope="persona",
    compute=compute,
)
