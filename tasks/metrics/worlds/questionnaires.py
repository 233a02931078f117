"""Worlds of what instruments measure of personas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from scipy.special import ndtr

from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.worlds.personas import personas_frame
from tasks.metrics.worlds.world import A, B, MetricWorlds, Rng, Sizes, Truth, World

#: Items of a scale, half of them keyed the other way round, and repeats.
ITEMS, REPEATS = 6, 2
MIDDLE = 3.0
TRAIT, OTHER = "quiz.openness", "quiz.extraversion"


@dataclass(frozen=True)
class Habits:
    """How the personas of a condition answer.

    Attributes:
        level: Mean of the trait.
        loading: By how much an answer follows the trait.
        noise: Standard deviation of an answer around that.
        lean: Lean towards the upper end.
        answered: Share of usable answers.
        together: Correlation of the two traits.
        extreme: Spread, on a log scale, of how far from the middle personas answer throughout.
    """

    level: float = 0.0
    loading: float = 1.0
    noise: float = 1.0
    lean: float = 0.0
    answered: float = 1.0
    together: float = 0.0
    extreme: float = 0.0

    @property
    def score_variance(self) -> float:
        """Variance of a persona's score over all items and repeats."""
        return self.loading**2 + self.noise**2 / (ITEMS * REPEATS)

    @property
    def fidelity(self) -> float:
        """Correlation of trait and score."""
        return float(self.loading / np.sqrt(self.score_variance))


def asked(sizes: Sizes, rng: Rng, habits: Mapping[str, Habits]) -> PersonaData:
    """Studies whose personas answer two scales twice, with traits that are normal."""
    personas = personas_frame(sizes)
    mine = [habits[condition] for condition in personas["condition"]]

    def column(name: str) -> Floats:
        return np.array([getattr(one, name) for one in mine])

    n = personas.height
    first = rng.standard_normal(n)
    together = column("together")
    second = together * first + np.sqrt(1 - together**2) * rng.standard_normal(n)
    extreme = column("extreme")
    far = np.exp(extreme * rng.standard_normal(n)) if extreme.any() else np.ones(n)
    traits, answers = [], []
    for scale, z in ((TRAIT, first), (OTHER, second)):
        name = scale.partition(".")[2]
        traits.append(personas.select("persona", trait=pl.lit(name), score=pl.Series(ndtr(z))))
        persona, repeat, item = (place.ravel() for place in np.indices((n, REPEATS, ITEMS)))
        key = np.where(item % 2, -1, 1)
        noise = rng.standard_normal(persona.size) * column("noise")[persona]
        shown = (column("level") + column("loading") * z)[persona]
        value = MIDDLE + (key * shown + noise) * far[persona] + column("lean")[persona]
        given = rng.random(persona.size) < column("answered")[persona]
        value = np.where(given, value, np.nan)
        answers.append(
            pl.DataFrame(
                {
                    "persona": persona,
                    "instrument": "quiz",
                    "item": pl.Series(item).cast(pl.String) + name,
                    "trait": name,
                    "key": key,
                    "model": "m",
                    "repeat": repeat + 1,
                    "value": value,
                    "scored": np.where(key == 1, value, 2 * MIDDLE - value),
                }
            ).with_columns(pl.col("value", "scored").fill_nan(None))
        )
    return PersonaData(personas=personas, traits=pl.concat(traits), answers=pl.concat(answers))


def _world(title: str, truths: tuple[Truth, ...], a: Habits, b: Habits) -> World:
    return World(title, partial(asked, habits={A: a, B: b}), truths)


def _alpha(one: Habits) -> float:
    shared = one.loading**2 / (one.loading**2 + one.noise**2)
    return ITEMS * shared / (1 + (ITEMS - 1) * shared)


def _retest(one: Habits) -> float:
    return one.loading**2 / (one.loading**2 + one.noise**2 / ITEMS)


def _error(one: Habits) -> float:
    """Mean absolute difference of two standard normal T-scores with a correlation."""
    return float(10 * np.sqrt(2 * (1 - one.fidelity)) * np.sqrt(2 / np.pi))


def _correlation(one: Habits) -> float:
    return float(one.together * one.fidelity**2)


def _thirds(one: Habits) -> float:
    """Standardised difference of the outer thirds of a bivariate normal."""
    r, cut = _correlation(one), 0.4307272992954575
    mean = 3 * np.exp(-(cut**2) / 2) / np.sqrt(2 * np.pi)
    within = 1 + cut * mean - mean**2
    return float(2 * mean * r / np.sqrt(1 - r**2 * (1 - within)))


PLAIN = Habits()
LEANING = Habits(level=0.5, lean=0.4, answered=0.7)
WEAK = Habits(loading=0.4)
TOGETHER = Habits(together=0.8, noise=0.5)
EXTREME, NOISE = Habits(extreme=0.5), Habits(loading=0.0, extreme=0.5)
FAR = "some personas answer further from the middle throughout"
BETWEEN = f"{TRAIT} by {OTHER}"
SAME = "personas differ, conditions do not"

scores = MetricWorlds(
    "trait_scores",
    null=(
        _world(
            SAME,
            (
                Truth("", MIDDLE, MIDDLE, TRAIT),
                Truth("answered", 0.9, 0.9, "quiz"),
                Truth("acquiescence", 0.0, 0.0, "quiz"),
            ),
            Habits(answered=0.9),
            Habits(answered=0.9),
        ),
    ),
    planted=(
        _world(
            "in b the trait is half a point higher, answers lean upwards and fewer are given",
            (
                Truth("", MIDDLE, MIDDLE + LEANING.level, TRAIT),
                Truth("answered", 0.9, LEANING.answered, "quiz"),
                Truth("acquiescence", 0.0, LEANING.lean, "quiz"),
            ),
            Habits(answered=0.9),
            LEANING,
        ),
    ),
)
reliability = MetricWorlds(
    "scale_reliability",
    null=(
        _world(
            SAME,
            (
                Truth("alpha", _alpha(PLAIN), _alpha(PLAIN), TRAIT),
                Truth("retest", _retest(PLAIN), _retest(PLAIN), TRAIT),
            ),
            PLAIN,
            PLAIN,
        ),
    ),
    planted=(
        _world(
            "in b answers follow the trait by less than half as much",
            (
                Truth("alpha", _alpha(PLAIN), _alpha(WEAK), TRAIT),
                Truth("retest", _retest(PLAIN), _retest(WEAK), TRAIT),
            ),
            PLAIN,
            WEAK,
        ),
    ),
    hard=(
        _world(
            f"answers are noise, and {FAR}",
            (Truth("retest", 0.0, 0.0, TRAIT),),
            NOISE,
            NOISE,
        ),
    ),
    notes={"alpha": "too low of few personas; the row's `warning` gives alpha without that bias"},
)
fidelity = MetricWorlds(
    "trait_fidelity",
    null=(
        _world(
            SAME,
            (
                Truth("r", PLAIN.fidelity, PLAIN.fidelity, TRAIT),
                Truth("mae", _error(PLAIN), _error(PLAIN), TRAIT),
            ),
            PLAIN,
            PLAIN,
        ),
    ),
    planted=(
        _world(
            "in b answers follow the trait by less than half as much",
            (
                Truth("r", PLAIN.fidelity, WEAK.fidelity, TRAIT),
                Truth("mae", _error(PLAIN), _error(WEAK), TRAIT),
            ),
            PLAIN,
            WEAK,
        ),
    ),
)
association = MetricWorlds(
    "scale_association",
    null=(
        _world(
            "two traits have nothing to do with each other",
            (Truth("r", 0.0, 0.0, BETWEEN), Truth("g", 0.0, 0.0, BETWEEN)),
            PLAIN,
            PLAIN,
        ),
    ),
    planted=(
        _world(
            "in b two traits go together",
            (
                Truth("r", 0.0, _correlation(TOGETHER), BETWEEN),
                Truth("g", 0.0, _thirds(TOGETHER), BETWEEN),
            ),
            PLAIN,
            TOGETHER,
        ),
    ),
    hard=(
        _world(
            FAR,
            (Truth("r", 0.0, 0.0, BETWEEN), Truth("g", 0.0, 0.0, BETWEEN)),
            EXTREME,
            EXTREME,
        ),
    ),
    notes={"g": "thirds of few personas are less far apart than of many; the row warns of it"},
)
