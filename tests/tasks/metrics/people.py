"""Rows of two small populations as the warehouse holds them, the same every time."""

from __future__ import annotations

import numpy as np
import polars as pl

from schemas.keys import digest
from tasks.metrics.catalogue import METRICS
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.persona_inputs import MeasuredPopulation, PersonaInputs, PersonaMeasureInput

TRAITS = ("openness", "agreeableness")
TOWNS = ("inland", "coast")
SIZE = 12


def persona_key(population: str, position: int) -> str:
    return digest(population, position)


def tables(*populations: str) -> dict[str, pl.DataFrame]:
    """Rows of personas, traits, attributes and texts of populations with these keys."""
    found: dict[str, list[pl.DataFrame]] = {}
    for number, population in enumerate(populations):
        rng = np.random.default_rng(number + 1)
        keys = [persona_key(population, position) for position in range(1, SIZE + 1)]
        own = {"unit_key": digest("draws", population)}
        people = {"persona_key": keys, "profile_key": keys, "position": range(1, SIZE + 1)}
        parts = {
            "personas": pl.DataFrame(
                {**people, "population_key": population, "name": "Ann", **own}
            ),
            "persona_traits": pl.concat(
                pl.DataFrame(
                    {
                        "persona_key": keys,
                        "inventory": "big_five",
                        "trait": trait,
                        "score": rng.uniform(0.05, 0.95, SIZE).round(6),
                        "level": "average",
                        **own,
                    }
                )
                for trait in TRAITS
            ),
            "persona_attributes": pl.DataFrame(
                {
                    "persona_key": keys,
                    "attribute": "town",
                    "value": [TOWNS[place % 2] for place in range(SIZE)],
                    **own,
                }
            ),
            "persona_texts": pl.DataFrame(
                {
                    "profile_key": keys,
                    "kind": "biography",
                    "text": [f"Lives in the {TOWNS[place % 2]} {place}." for place in range(SIZE)],
                    "call_key": None,
                    **own,
                }
            ),
        }
        for name, part in parts.items():
            found.setdefault(name, []).append(part)
    return {name: pl.concat(parts) for name, parts in found.items()}


def measured(**populations: str) -> tuple[MeasuredPopulation, ...]:
    """The personas of conditions, by the key of their population."""
    return tuple(
        MeasuredPopulation(
            condition,
            key,
            (),
            (digest("draws", key),),
            {persona_key(key, position): position for position in range(1, SIZE + 1)},
        )
        for condition, key in populations.items()
    )


def data(metric: str, **populations: str) -> PersonaData:
    """What a metric is computed from."""
    spec = PersonaMeasureInput(metric, 1, {}, measured(**populations))
    inputs = PersonaInputs(tables(*dict.fromkeys(populations.values())))
    return inputs.data(spec, METRICS[metric], {})
