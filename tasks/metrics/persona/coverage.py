"""How much of what personas could be a population covers."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats, Ints


class CoverageOptions(NullOptions):
    """Options of ``persona_coverage``."""

    draws: int = Field(20, ge=20, le=10_000, description="Draws of the null distribution.")
    points: int = Field(
        4096, ge=64, le=2**20, description="Points of the space of traits that are looked at."
    )


def trait_coverage(scores: Floats, points: Floats) -> float:
    """Share of points within a radius of a persona.

    The balls of all personas together have the volume of the space: with ``n`` personas of ``d``
    traits the radius is ``(1 / (n v))^(1 / d)``, ``v`` the volume of the unit ball.

    Args:
        scores: Quantiles, shape (personas, traits).
        points: Points of the unit cube, shape (points, traits).
    """
    from scipy.spatial import KDTree

    n, d = scores.shape
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    nearest, _ = KDTree(scores).query(points)
    return float((nearest <= (1 / (n * ball)) ** (1 / d)).mean())


def compute(data: PersonaData, options: CoverageOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_coverage``."""
    found = _attributes(data)
    if data.traits.width and data.traits.height:
        found += _traits(data, options, rng)
    return rows.frame(found)


def _attributes(data: PersonaData) -> list[dict[str, object]]:
    if not data.attributes.height:
        return []
    known = data.attributes
    depth = pl.col("attribute").str.count_matches(".", literal=True) + 1
    given = pl.col("depth") if "depth" in known.columns else pl.lit(None, dtype=pl.Int64)
    known = known.with_columns(pl.coalesce(given, depth).alias("depth"))
    names = known["attribute"].n_unique()
    kinds = dict(known.group_by("attribute").agg(pl.col("value").n_unique()).iter_rows())
    found: list[dict[str, object]] = []
    for condition, personas in data.by_condition.items():
        if not len(personas):
            continue
        mine = known.filter(pl.col("persona").is_in(personas.tolist()))
        n = len(personas)
        own = {"scope": "condition", "condition": condition, "n_measured": n}
        found += [
            {
                **own,
                "quantity": "filled",
                "value": mine.height / (n * names),
                "method": f"attributes that a persona has, over the {names} that any of the study "
                "has; mean over personas",
            },
            {
                **own,
                "quantity": "depth",
                "value": mine["depth"].mean(),
                "method": "mean depth of the attributes: places below the root of the taxonomy, "
                "else parts of the name between dots",
            },
        ]
        for (attribute,), values in mine.group_by("attribute", maintain_order=True):
            counts = values.drop_nulls("value")["value"].value_counts()["count"].to_numpy()
            if not len(counts):
                continue
            found.append(
                {
                    **own,
                    "quantity": "entropy",
                    "subject": attribute,
                    "value": _entropy(counts, kinds[attribute]),
                    "n_measured": int(counts.sum()),
                    "method": "entropy of the shares of categories over log k, k: the categories "
                    f"that the study has ({kinds[attribute]}); 0 for one",
                }
            )
    return found


def _entropy(counts: Ints, kinds: int) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(kinds)) if kinds > 1 else 0.0


def _traits(
    data: PersonaData, options: CoverageOptions, rng: np.random.Generator
) -> list[dict[str, object]]:
    from scipy.stats import qmc

    wide = data.traits.pivot(
        on="trait", index="persona", values="score", aggregate_function="first"
    )
    scores = wide.sort("persona").drop("persona").to_numpy()
    d = scores.shape[1]
    points = qmc.Halton(d, rng=rng).random(options.points)
    found: list[dict[str, object]] = []
    for condition, personas in data.by_condition.items():
        if not len(personas):
            continue
        mine = scores[personas]
        nulls = [trait_coverage(rng.random(mine.shape), points) for _ in range(options.draws)]
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_measured": len(mine),
                "quantity": "traits",
                "value": trait_coverage(mine, points),
                "null_mean": np.mean(nulls),
                "null_sd": np.std(nulls, ddof=1),
                "method": f"share of {options.points} points in the space of the quantiles of {d} "
                "traits that are near a persona; all personas together could cover it once; null: "
                "independent personas of the reference population",
            }
        )
    return found


METRIC = Metric(
    name="persona_coverage",
    title="How much of what personas could be a population covers",
    quantities={
        "filled": Quantity("attributes that a persona has", "mean share of all", "[0, 1]"),
        "depth": Quantity("depth of attributes", "mean over attributes", "any", "levels"),
        "entropy": Quantity("evenness of the categories of an attribute", "H / log k", "[0, 1]"),
        "traits": Quantity("share of the space of traits near a persona", "k / points", "[0, 1]"),
    },
    source="Vezhnevets et al. (2023), Concordia (coverage of axes); DeepPersona, arXiv 2511.07338 "
    "(attributes and depth).",
    avoid="Coverage of traits is about .63 for independent personas and nearly 1 for a sequence "
    "that covers evenly; with many traits and few personas it says little.",
    needs=("traits", "attributes"),
    options=CoverageOptions,
    scope="persona",
    compute=compute,
)
