"""Whether what is said in a round grows more alike."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Confirmation, Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats, ratio
from tasks.metrics.text import vectors
from tasks.metrics.text.apart import WORDS, alike_apart
from tasks.metrics.text.places import (
    LEAST_EPISODES,
    Spots,
    baselines,
    scaled,
    spots_of,
    spots_with_baselines,
    turn_warnings,
)
from tasks.metrics.text.vectors import Matrix, TextOptions

NULL = (
    "null: the same messages with those at the others' seats and turns in the same round of other "
    "episodes of the condition, as jackknife pseudo-values; places that fewer than "
    f"{LEAST_EPISODES} episodes have are left out; stretches of as many messages as seats are "
    "taken for rounds where there are none"
)
QUANTITIES = {"": "mean", "slope": "slope"}


def pairs_of(spots: Spots, kept: Bools, shape: tuple[int, int]) -> Floats:
    """Ordered pairs of messages of different seats by episode and round.

    Args:
        spots: The spots.
        kept: Which of them count.
        shape: Numbers of episodes and of rounds.
    """
    cell = (spots.episode * shape[1] + spots.round)[kept]
    size = spots.size[kept].astype(np.float64)
    n, same = (np.bincount(cell, weights=size**p, minlength=shape[0] * shape[1]) for p in (1, 2))
    return np.asarray((n**2 - same).reshape(shape), dtype=np.float64)


def round_weights(some: Bools) -> dict[str, Floats]:
    """Weight of each round in the numbers of an episode, shape (episodes, rounds), by quantity.

    Args:
        some: Whether the episode has a pair of messages in the round.
    """
    number = np.arange(some.shape[1], dtype=np.float64)
    n = some.sum(axis=1, keepdims=True)
    centred = np.where(some, number - ratio((some * number).sum(1, keepdims=True), n), 0.0)
    return {
        "": np.where(some, ratio(1.0, n), 0.0),
        "slope": centred * np.nan_to_num(ratio(1.0, (centred**2).sum(axis=1, keepdims=True))),
    }


def compute(data: Data, options: TextOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``convergence``."""
    unit = vectors.message_vectors(data, options.encoder)
    filled = np.diff(unit.indptr) > 0
    spots = spots_of(data, filled)
    shape = (data.n_episodes, int(spots.round.max()) + 1)
    every = np.ones(len(spots.episode), dtype=bool)
    table, _ = _similarities(unit, spots, every, pairs_of(spots, every, shape), {})
    words = vectors.encoder_words(options.encoder)
    found = {}
    for quantity, title in QUANTITIES.items():

        def null_of(spots: Spots, quantity: str = quantity) -> Floats:
            pairs = pairs_of(spots, spots.usable, shape)
            weights = {quantity: round_weights(pairs > 0)[quantity]}
            _, nulls = _similarities(unit, spots, spots.usable, pairs, weights)
            null = np.where((weights[quantity] != 0).any(axis=1), nulls[quantity], np.nan)
            # What an episode shares in all its rounds has no slope.
            return null if quantity else null + alike_apart(unit, spots, data.n_episodes)

        spots, null = spots_with_baselines(data, filled, null_of)
        pairs = pairs_of(spots, spots.usable, shape)
        usable, _ = _similarities(unit, spots, spots.usable, pairs, {})
        # An episode without a baseline has a value all the same.
        observed = np.where(np.isfinite(null)[:, None], usable, table)
        weight = round_weights(np.isfinite(observed))[quantity]
        value = (weight * np.nan_to_num(observed)).sum(axis=1)
        value[~(weight != 0).any(axis=1)] = np.nan
        found[quantity] = ByEpisode(
            value,
            f"{title} over rounds of the mean cosine of messages of different seats of a round "
            f"({words}); {NULL}" + ("" if quantity else f", {WORDS}"),
            data.n_messages,
            null[:, None],
            null_warnings=turn_warnings(spots),
        )
    method = f"mean cosine of messages of different seats of the round ({words})"
    by_rounds = rows.of_rounds(data, options, table, quantity="by_round", method=method)
    return rows.joined([rows.of_episodes(data, options, found), by_rounds])


def _similarities(
    unit: Matrix, spots: Spots, kept: Bools, pairs: Floats, weights: dict[str, Floats]
) -> tuple[Floats, dict[str, Floats]]:
    """Mean cosine of pairs of different seats by episode and round, and baselines of episodes.

    Args:
        unit: Vectors of messages.
        spots: The spots.
        kept: Which of them count.
        pairs: Ordered pairs of messages by episode and round.
        weights: Weights of rounds by quantity, of which there is a baseline each.
    """
    total = np.zeros(pairs.size)
    nulls = {quantity: np.zeros(len(pairs)) for quantity in weights}
    for block, messages in spots.blocks():
        mine = kept[block]
        if not mine.any():
            continue
        episode, size = spots.episode[block][mine], spots.size[block][mine]
        cell = episode * pairs.shape[1] + spots.round[block][mine]
        sums = vectors.summed(unit[messages], spots.of[messages] - block.start, len(mine))[mine]
        known, number = np.unique(cell, return_inverse=True)
        others = vectors.summed(sums, number, len(known))[number] - sums
        share = np.nan_to_num(size * ratio(1.0, pairs.ravel()[cell]))
        said = scaled(sums, 1 / size)
        dots = share * vectors.row_dots(others, said)
        total += np.bincount(cell, weights=dots, minlength=pairs.size)
        for quantity, weight in weights.items():
            found = baselines(
                scaled(others, share * weight.ravel()[cell]),
                said,
                spots.place[block][mine],
                spots.in_episodes[block][mine],
            )
            nulls[quantity] += np.bincount(episode, weights=found, minlength=len(pairs))
    return np.where(pairs > 0, total.reshape(pairs.shape), np.nan), nulls


METRIC = Metric(
    name="convergence",
    title="How alike the messages of a round are, and whether that grows over rounds",
    quantities={
        "": Quantity(
            "mean cosine of messages of different seats in the same round",
            "mean_r (|Σ_s v_s|² - Σ_s |v_s|²) / (n² - Σ_s n_s²), v_s: sum of seat s's unit vectors",
            "[-1, 1]",
            confirmed_by=Confirmation(
                "slope", "topics that an episode has by itself in single rounds give it as well"
            ),
        ),
        "slope": Quantity(
            "change of that per round", "least-squares slope over rounds", "any", "per round"
        ),
        "by_round": Quantity(
            "that by round", "(|Σ_s v_s|² - Σ_s |v_s|²) / (n² - Σ_s n_s²)", "[-1, 1]"
        ),
    },
    source="Li, Li and Zhou (2026), arXiv 2602.14299 (mean pairwise cosine); baseline of other "
    "episodes' messages at the same round and seat; pseudo-values after Efron and Stein (1981).",
    avoid="Messages on the same brief are alike whoever writes them: compare the excess over the "
    f"null, which needs {LEAST_EPISODES} episodes of the condition and two rounds. It says how "
    "much more alike a round is than the whole episode; words that stay in use show in the slope. "
    "Topics that an episode has by itself in single rounds, as after an intervention, are no "
    "reaction: an excess without a slope above 0 has a warning. Where there are no rounds, topics "
    "that move on within a stretch leave a little: record rounds. Numbers of different encoders "
    "are not comparable.",
    needs=("messages",),
    options=TextOptions,
    version=6,
    compute=compute,
)
