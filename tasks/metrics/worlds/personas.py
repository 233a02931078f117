"""Worlds of metrics of personas."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
from scipy.special import ndtr

from tasks.metrics.persona_data import PersonaData
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World


def personas_frame(sizes: Sizes) -> pl.DataFrame:
    """The personas of a study, each condition with a population of its own."""
    conditions = [name for name, n in sizes.items() for _ in range(n)]
    keys = [f"{persona:032x}" for persona in range(len(conditions))]
    return pl.DataFrame(
        {
            "persona": np.arange(len(conditions)),
            "persona_key": keys,
            "profile_key": keys,
            "population_key": [f"{list(sizes).index(name):032x}" for name in conditions],
            "condition": conditions,
            "position": [place + 1 for size in sizes.values() for place in range(size)],
            "name": ["Ann Lee"] * len(conditions),
        }
    )


def with_trait(sizes: Sizes, rng: Rng, *, shift: float) -> PersonaData:
    """A trait that is standard normal in ``a``, and in ``b`` shifted by so many deviations."""
    personas = personas_frame(sizes)
    z = rng.standard_normal(personas.height) + shift * (personas["condition"] == "b").to_numpy()
    traits = personas.select(
        "persona",
        inventory=pl.lit("big_five"),
        trait=pl.lit("openness"),
        score=pl.Series(ndtr(z)),
    )
    return PersonaData(personas=personas, traits=traits)


assigned = MetricWorlds(
    "assigned_traits",
    null=(
        World(
            "personas differ, conditions do not",
            partial(with_trait, shift=0.0),
            (Truth("", 50.0, 50.0, "openness"),),
        ),
    ),
    planted=(
        World(
            "in b a trait is given one standard deviation higher",
            partial(with_trait, shift=1.0),
            (Truth("", 50.0, 60.0, "openness"),),
        ),
    ),
)
