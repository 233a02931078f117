"""How far the personas of a population are from each other."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.persona.fields import fields_by_condition, sampled
from tasks.metrics.persona.texts import mean_cosine, nearest_cosine, tf_idf, written_by_condition
from tasks.metrics.persona_data import PersonaData


class DistanceOptions(NullOptions):
    """Options of ``persona_distance``."""

    draws: int = Field(20, ge=20, le=10_000, description="Draws of the null distribution.")
    sample: int = Field(
        500, ge=2, description="Personas whose nearest is looked for among all others, at most."
    )


def compute(data: PersonaData, options: DistanceOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_distance``."""
    found = []
    gower = "Gower distance over the fields that every persona has, and traits"
    for condition, fields in fields_by_condition(data):
        own = {"scope": "condition", "condition": condition, "n_measured": fields.n}
        found.append(
            {
                **own,
                "quantity": "fields",
                "value": fields.mean_distance(),
                "method": f"mean over all pairs of the {gower} ({fields.n_fields})",
            }
        )
        if fields.n < 2 or not fields.n_fields:
            continue
        some = sampled(fields.n, options.sample, rng)
        nulls = [fields.shuffled(rng).nearest(some).mean() for _ in range(options.draws)]
        found.append(
            {
                **own,
                "quantity": "fields_nearest",
                "value": fields.nearest(some).mean(),
                "null_mean": np.mean(nulls),
                "null_sd": np.std(nulls, ddof=1),
                "method": f"mean over {len(some)} personas of the {gower} to the nearest of all "
                "others; null: every field shuffled among the personas",
            }
        )
    tfidf = "1 - cosine of TF-IDF vectors of the words of all texts"
    for condition, written in written_by_condition(data):
        if written.n < 2:
            continue
        vectors = tf_idf(written.tokens)
        some = sampled(written.n, options.sample, rng)
        found += [
            {
                "scope": "condition",
                "condition": condition,
                "n_measured": written.n,
                "n_excluded": written.n_without,
                "quantity": quantity,
                "value": value,
                "method": method,
            }
            for quantity, value, method in (
                ("texts", 1 - mean_cosine(vectors), f"mean over all pairs of the {tfidf}"),
                (
                    "texts_nearest",
                    1 - nearest_cosine(vectors, some).mean(),
                    f"mean over {len(some)} personas of the {tfidf}, to the nearest of all others",
                ),
            )
        ]
    return rows.frame(found)


METRIC = Metric(
    name="persona_distance",
    title="How far personas of a population are from each other, in fields and in words",
    quantities={
        "fields": Quantity("mean Gower distance", "mean of |x - y|", "[0, 1]"),
        "fields_nearest": Quantity(
            "mean Gower distance to the nearest", "mean over personas of the smallest", "[0, 1]"
        ),
        "texts": Quantity("mean distance of texts", "1 - mean cosine of TF-IDF", "[0, 1]"),
        "texts_nearest": Quantity(
            "mean distance to the nearest text", "1 - mean over personas of the largest", "[0, 1]"
        ),
    },
    source="Gower (1971), A general coefficient of similarity; Salton and Buckley (1988).",
    avoid="A distance to the nearest falls with the number of personas: compare populations of one "
    "size, or each with its null. A category with many values counts as much as one with two.",
    needs=("traits", "attributes", "texts"),
    options=DistanceOptions,
    scope="persona",
    compute=compute,
)
