"""How rarely word sequences are repeated in what is written about personas."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.persona.texts import written_by_condition
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.text.distinct import DistinctOptions, distinct_in_stretches


def compute(data: PersonaData, options: DistinctOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_distinct``."""
    found = []
    for condition, written in written_by_condition(data):
        one = np.zeros(written.n, dtype=np.int64)
        share = distinct_in_stretches(written.tokens, one, options.n, options.length)
        if not share.height:
            continue
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "value": share["share"].item(),
                "n_measured": share["stretches"].item(),
                "n_excluded": written.n_without,
                "method": f"distinct {options.n}-grams over all, in stretches of {options.length} "
                "words of the texts of all personas in order; none reaches over the end of a text",
            }
        )
    return rows.frame(found)


METRIC = Metric(
    name="persona_distinct",
    title="How rarely word sequences are repeated from persona to persona",
    quantities={
        "": Quantity(
            "distinct n-grams over n-grams", "mean over stretches of |types| / |tokens|", "(0, 1]"
        )
    },
    source="Li et al. (2016), A diversity-promoting objective function; fixed length because the "
    "ratio falls with length.",
    avoid="Prose in fewer words than one stretch has no value. Do not compare languages.",
    needs=("texts",),
    options=DistinctOptions,
    scope="persona",
    compute=compute,
)
