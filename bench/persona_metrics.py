"""Seconds of the metrics of a population of 10,000 personas.

    python bench/persona_metrics.py --size 10000

Personas of six attributes, one of them a number, five traits, and a text of 60 words each, drawn
from 2,000 words; every metric with its default options, in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import polars as pl

from tasks.metrics.catalogue import METRICS
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.worlds.personas import personas_frame

NAMES = (
    "persona_distance",
    "persona_duplicates",
    "persona_vendi",
    "persona_coverage",
    "persona_distinct",
)
ATTRIBUTES = {"sex": 2, "region": 8, "education": 5, "occupation": 40, "marital_status": 4}
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
WORDS, VOCABULARY = 60, 2000


def population(size: int) -> PersonaData:
    """A population with all that metrics look at."""
    rng = np.random.default_rng(1)
    personas = personas_frame({"all": size})
    persona = personas.select("persona")
    values = {
        **{name: rng.integers(0, n, size).astype(str) + " of it" for name, n in ATTRIBUTES.items()},
        "age": rng.integers(18, 90, size).astype(str),
    }
    attributes = pl.concat(
        persona.with_columns(attribute=pl.lit(name), value=pl.Series(column))
        for name, column in values.items()
    )
    traits = pl.concat(
        persona.with_columns(
            inventory=pl.lit("big_five"), trait=pl.lit(name), score=pl.Series(rng.random(size))
        )
        for name in TRAITS
    )
    drawn = rng.integers(0, VOCABULARY, (size, WORDS))
    texts = [" ".join(f"w{word}" for word in row) for row in drawn.tolist()]
    return PersonaData(
        personas=personas,
        traits=traits,
        attributes=attributes,
        texts=persona.with_columns(kind=pl.lit("biography"), text=pl.Series(texts)),
    )


def main() -> None:
    """Time every metric and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--only", help="one metric, in this process")
    chosen = parser.parse_args()
    if chosen.only:
        data, metric = population(chosen.size), METRICS[chosen.only]
        started = time.perf_counter()
        metric.compute(data, metric.options(), np.random.default_rng(1))
        seconds = time.perf_counter() - started
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{chosen.only:20} {seconds:6.1f} s  {peak_mb:6.0f} MB", flush=True)
        return
    for name in NAMES:
        words = [sys.executable, __file__, "--only", name, "--size", str(chosen.size)]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    main()
