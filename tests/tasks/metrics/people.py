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
#: Items that are put to everybody twice, each with its trait and key.
ITEMS = (("1", "openness", 1), ("2", "openness", -1), ("3", "agreeableness", 1),
         ("4", "agreeableness", -1), ("5", "openness", 1), ("6", "agreeableness", -1))  # fmt: skip


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
            "responses": _answers(population, keys, rng),
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


def _answers(population: str, keys: list[str], rng: np.random.Generator) -> pl.DataFrame:
    rows = []
    for number, key in enumerate(keys):
        for repeat in (1, 2):
            for item, trait, turned in ITEMS:
                value = float(np.clip(3 + turned * (number % 5 - 2) + rng.integers(-1, 2), 1, 5))
                usable = rng.random() < 0.95
                rows.append(
                    {
                        "unit_key": digest("asks", population),
                        "persona_key": key,
                        "instrument": "quiz",
                        "item": item,
                        "trait": trait,
                        "key": turned,
                        "model": "m",
                        "repeat": repeat,
                        "value": value if usable else None,
                        "scored": (value if turned == 1 else 6 - value) if usable else None,
                    }
                )
    return pl.DataFrame(rows)


def measured(**populations: str) -> tuple[MeasuredPopulation, ...]:
    """The personas of conditions, by the key of their population."""
    return tuple(
        MeasuredPopulation(
            condition,
            key,
            (),
            (digest("asks", key),),
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
