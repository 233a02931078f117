"""What personas score on the scales of instruments, and how they answer."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.persona.scales import SCORED, scale_scores
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats


def acquiescence(answers: pl.DataFrame) -> pl.DataFrame:
    """How far personas lean towards agreement, whatever items say: ``instrument, persona, lean``.

    Of the traits that have items of both keys: the mean of an item of one key and one of the other,
    less the midpoint of the scale. A trait moves one up and the other down, agreement both up.

    Args:
        answers: ``persona, instrument, trait, key, value, scored``.
    """
    # A reversed answer is as far from the midpoint on the other side.
    turned = answers.filter(pl.col("key") == -1).drop_nulls(["value", "scored"])
    midpoints = turned.group_by("instrument").agg(
        ((pl.col("value") + pl.col("scored")) / 2).first().alias("midpoint")
    )
    both = (
        answers.drop_nulls("value")
        .group_by("instrument", "persona", "trait", "key")
        .agg(pl.col("value").mean())
        .group_by("instrument", "persona", "trait")
        .agg(pl.col("value").mean(), keys=pl.len())
        .filter(pl.col("keys") == 2)
    )
    return (
        both.join(midpoints, on="instrument")
        .group_by("instrument", "persona")
        .agg((pl.col("value") - pl.col("midpoint")).mean().alias("lean"))
        .sort("instrument", "persona")
    )


def compute(data: PersonaData, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``trait_scores``."""
    answered = (
        data.answers.group_by("instrument", "persona")
        .agg(pl.col("value").is_not_null().mean().alias("share"))
        .sort("instrument", "persona")
    )
    found = {
        "": ByEpisode(_by(data, scale_scores(data.answers), "scale", "score"), SCORED, 1),
        "answered": ByEpisode(
            _by(data, answered, "instrument", "share"), "usable answers over items asked", 1
        ),
        "acquiescence": ByEpisode(
            _by(data, acquiescence(data.answers), "instrument", "lean"),
            "mean of the answers to items of either key less the midpoint, mean over traits with "
            "both",
            1,
        ),
    }
    return rows.of_personas(data, options, found)


def _by(data: PersonaData, frame: pl.DataFrame, subject: str, value: str) -> dict[str, Floats]:
    return {
        str(name): data.by_case(one, value)
        for (name,), one in frame.group_by([subject], maintain_order=True)
    }


METRIC = Metric(
    name="trait_scores",
    title="What personas score on the scales of an instrument, and how they answer it",
    quantities={
        "": Quantity(
            "score on a scale; the subject is INSTRUMENT.TRAIT",
            "mean of x, reversed (low + high - x) where the key is -1",
            "as the instrument's answers",
        ),
        "answered": Quantity("share of items with a usable answer", "usable / asked", "[0, 1]"),
        "acquiescence": Quantity(
            "lean towards agreement; the subject is the instrument",
            "mean of (m_plus + m_minus) / 2 less the midpoint",
            "any",
        ),
    },
    source="Keys: the instrument's. Acquiescence: Soto, John, Gosling and Potter (2008).",
    avoid="Answers of several models and repeats are averaged: look at responses where these are "
    "to differ. Acquiescence needs items of both keys; where a trait's items differ in more than "
    "their key, it holds that difference too.",
    needs=("answers",),
    scope="persona",
    version=2,
    compute=compute,
)
