"""Effective number of different personas: the Vendi score, with its kernel named."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.persona.fields import fields_by_condition, sampled
from tasks.metrics.persona.texts import tf_idf, written_by_condition
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.diversity import effective_number


class VarietyOptions(NullOptions):
    """Options of ``persona_vendi``."""

    draws: int = Field(20, ge=20, le=10_000, description="Draws of the null distribution.")
    sample: int = Field(500, ge=2, le=5000, description="Personas of a sample, at most.")


def compute(data: PersonaData, options: VarietyOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_vendi``."""
    found = []
    for condition, fields in fields_by_condition(data):
        if not fields.n_fields:
            continue
        some = fields.of(sampled(fields.n, options.sample, rng))
        shuffled = [some.shuffled(rng) for _ in range(options.draws)]
        nulls = [float(effective_number(1 - one.distances(one))) for one in shuffled]
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_measured": some.n,
                "quantity": "fields",
                "value": float(effective_number(1 - some.distances(some))),
                "null_mean": np.mean(nulls),
                "null_sd": np.std(nulls, ddof=1),
                "method": f"Vendi score of {some.n} of {fields.n} personas; kernel: 1 - Gower "
                "distance; null: every field shuffled among the personas",
            }
        )
    for condition, written in written_by_condition(data):
        if not written.n:
            continue
        chosen = sampled(written.n, options.sample, rng)
        vectors = tf_idf(written.tokens)[chosen]
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_measured": len(chosen),
                "n_excluded": written.n_without,
                "quantity": "texts",
                "value": float(effective_number((vectors @ vectors.T).toarray())),
                "method": f"Vendi score of {len(chosen)} of {written.n} personas; kernel: cosine "
                "of TF-IDF vectors of the words of all texts",
            }
        )
    return rows.frame(found)


METRIC = Metric(
    name="persona_vendi",
    title="Effective number of different personas (Vendi score)",
    quantities={
        "fields": Quantity(
            "effective number by structured fields",
            "2^H, H = -Σ λ log2 λ, λ: eigenvalues of the kernel over n",
            "[1, n]",
            "personas",
        ),
        "texts": Quantity("effective number by texts", "the same", "[1, n]", "personas"),
    },
    source="Friedman and Dieng (2023), The Vendi Score.",
    avoid="The kernel decides the size: never compare numbers of two kernels, or of two sizes of "
    "sample. Under Gower's kernel a population of a few fields has few effective personas.",
    needs=("traits", "attributes", "texts"),
    options=VarietyOptions,
    scope="persona",
    compute=compute,
)
