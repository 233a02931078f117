"""Which traits the personas of a condition were given."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats
from tasks.personas.scores import scores_of_quantiles


def t_scores(traits: pl.DataFrame) -> Floats:
    """Assigned scores as T-scores: mean 50 and standard deviation 10 in the reference population.

    Args:
        traits: Rows with ``score``, a quantile of the reference population.
    """
    return 50 + 10 * scores_of_quantiles(traits["score"].to_numpy())


def compute(data: PersonaData, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``assigned_traits``."""
    scored = data.traits.with_columns(t=t_scores(data.traits))
    by_trait = {
        str(trait): data.by_case(one, "t")
        for (trait,), one in scored.group_by("trait", maintain_order=True)
    }
    method = "T-score of the assigned quantile q: 50 + 10 z with q = normal CDF of z"
    return rows.of_personas(data, options, {"": ByEpisode(by_trait, method, 1)})


METRIC = Metric(
    name="assigned_traits",
    title="Which traits the personas were given",
    quantities={"": Quantity("T-score of a trait", "50 + 10 z", "any")},
    source="Own.",
    avoid="It says what personas were given, not what anybody shows of it: hold answers to an "
    "instrument, or a judge's codes, against it.",
    needs=("traits",),
    scope="persona",
    compute=compute,
)
