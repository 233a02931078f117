"""Worlds of metrics of choice sets: shoppers whose utilities are known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics.choices.terms import FREE, terms_of
from tasks.metrics.data import Data
from tasks.metrics.statistics import choice_effects
from tasks.metrics.statistics.arrays import Bools, Floats
from tasks.metrics.statistics.conditional_logit import ChoiceSets, Fit
from tasks.metrics.worlds.frames import episodes_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Choices of an episode, and alternatives of a choice: two rows of two columns.
CHOICES, SHOWN = 25, 4
PRODUCTS = ("lamp", "mug", "pen", "tray")
#: True coefficients, in a and in b of the planted world; of what is not named here 0.
USUAL = {"ln price": -1.2, "row 1": 0.6, "sponsored": -0.4, "product mug": 0.5}
OTHER = {"ln price": -2.0, "row 1": 1.2, "sponsored": 0.5, "product mug": 1.2}
#: The terms whose recovery is checked.
CHECKED = ("ln price", "row 1", "sponsored", "product mug")
#: Share of the tasks in which the requirement is heeded.
HEEDED, HEEDED_MORE = 0.5, 0.8


def alternatives(episode: Any, rng: Rng) -> pl.DataFrame:
    """Choice sets of the episodes given, one for each number, nothing chosen yet."""
    n = len(episode)
    order = np.argsort(rng.random((n, SHOWN)), axis=1).ravel()
    place = np.tile(np.arange(SHOWN), n)
    tag = rng.integers(0, 2 * SHOWN, n)  # the place that has it; beyond the last, none
    return pl.DataFrame(
        {
            "episode": np.repeat(episode, SHOWN),
            "turn": np.repeat(np.arange(n), SHOWN),
            "seat": ["s1"] * (n * SHOWN),
            "model": ["m"] * (n * SHOWN),
            "task": [FREE] * (n * SHOWN),
            "product": pl.Series(PRODUCTS)[order],
            "position": place + 1,
            "grid_row": place // 2 + 1,
            "grid_column": place % 2 + 1,
            "price": np.exp(rng.normal(3, 0.4, n * SHOWN)),
            "rating": 3 + 2 * rng.random(n * SHOWN),
            "reviews": rng.integers(1, 1000, n * SHOWN),
            "sponsored": place == np.repeat(tag, SHOWN),
            "overall_pick": place == np.repeat((tag + 1) % (2 * SHOWN), SHOWN),
            "stock": pl.Series([None] * (n * SHOWN), dtype=pl.Int64),
            "right": pl.Series([None] * (n * SHOWN), dtype=pl.Boolean),
            "chosen": place == 0,
        }
    )


def _utility(frame: pl.DataFrame, weights: Mapping[str, float]) -> Floats:
    return np.asarray(
        weights["ln price"] * frame["price"].log().to_numpy()
        + weights["row 1"] * (frame["grid_row"] == 1).to_numpy()
        + weights["sponsored"] * frame["sponsored"].to_numpy()
        + weights["product mug"] * (frame["product"] == "mug").to_numpy()
    )


def shopping(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Shoppers who choose what has the highest utility, Gumbel noise included."""
    episodes = episodes_frame(sizes)
    episode = np.repeat(np.arange(episodes.height), CHOICES)
    frame = alternatives(episode, rng)
    in_b = np.repeat(_in_b(sizes)[episode], SHOWN) & planted
    utility = np.where(in_b, _utility(frame, OTHER), _utility(frame, USUAL))
    noisy = (utility + rng.gumbel(size=len(utility))).reshape(-1, SHOWN)
    chosen = np.arange(SHOWN) == noisy.argmax(axis=1)[:, None]
    return Data(episodes=episodes, choice_sets=frame.with_columns(chosen=chosen.ravel()))


#: Spread of the tastes of episodes, and choices that episodes have, few of them most.
TASTES, CHOICES_OF = 1.5, ([4, 10, 60], [0.4, 0.4, 0.2])


def own_tastes(sizes: Sizes, rng: Rng) -> Data:
    """Episodes with tastes of their own, on the whole for nothing; some have many choices."""
    episodes = episodes_frame(sizes)
    choices = rng.choice(CHOICES_OF[0], episodes.height, p=CHOICES_OF[1])
    episode = np.repeat(np.arange(episodes.height), choices)
    frame = alternatives(episode, rng)
    dear, first = rng.normal(0, TASTES, (2, episodes.height))[:, frame["episode"].to_numpy()]
    upper = (frame["grid_row"] == 1).to_numpy()
    utility = dear * (frame["price"].log().to_numpy() - 3) + first * upper
    noisy = (utility + rng.gumbel(size=frame.height)).reshape(-1, SHOWN)
    chosen = np.arange(SHOWN) == noisy.argmax(axis=1)[:, None]
    return Data(episodes=episodes, choice_sets=frame.with_columns(chosen=chosen.ravel()))


def _in_b(sizes: Sizes) -> Bools:
    return np.repeat(np.arange(len(sizes)) > 0, list(sizes.values()))


@cache
def _numbers(planted: bool) -> dict[tuple[str, str], float]:
    """True numbers, by quantity and subject: averages over very many sets at the true weights."""
    weights = OTHER if planted else USUAL
    n = 40_000
    terms = terms_of(
        alternatives(np.zeros(n, dtype=np.int64), np.random.default_rng(7)).with_columns(
            chosen=pl.col("position") == 1 + pl.col("turn") % SHOWN
        ),
        True,
    )
    assert terms is not None
    beta = np.array([weights.get(name, 0.0) for name in terms.names])
    sets: ChoiceSets = terms.sets
    p = sets.probabilities(beta)
    entropy = -float((p * np.log(p)).sum()) / sets.n
    nothing = np.zeros((len(beta), len(beta)))
    fit = Fit(beta, nothing, nothing, 0.0, -1.0, p)
    effects = choice_effects.marginal_effects(sets, fit, terms.yes_or_no).values
    found = {
        ("marginal_effect", name): value for name, value in zip(terms.names, effects, strict=True)
    }
    found |= {("coefficient", name): value for name, value in zip(terms.names, beta, strict=True)}
    share = choice_effects.shares(sets, fit, terms.product, len(terms.products)).values
    found |= {("share", name): value for name, value in zip(terms.products, share, strict=True)}
    return {**found, ("pseudo_r2", ""): 1 - entropy / np.log(SHOWN)}


def _logit(planted: bool) -> World:
    usual, other = _numbers(False), _numbers(planted)
    wanted = [
        (quantity, name) for quantity in ("coefficient", "marginal_effect") for name in CHECKED
    ]
    wanted += [("share", "mug"), ("share", "tray"), ("pseudo_r2", "")]
    truths = tuple(Truth(key[0], usual[key], other[key], key[1]) for key in wanted)
    title = "choices by utility" + (", other weights in b" if planted else "")
    return World(title, partial(shopping, planted=planted), truths, {"by": "nothing"})


logit = MetricWorlds(
    "choice_logit",
    (_logit(False),),
    (_logit(True),),
    limits=(
        World(
            "episodes have tastes of their own, and 4, 10 or 60 choices",
            own_tastes,
            (
                Truth("coefficient", 0.0, 0.0, "ln price"),
                Truth("coefficient", 0.0, 0.0, "row 1"),
                Truth("share", 1 / SHOWN, 1 / SHOWN, "mug"),
            ),
            {"by": "nothing"},
        ),
    ),
    notes={
        "pseudo_r2": "a fit to few choices explains more of them than of others; the more "
        "coefficients a choice, the more"
    },
)


def tasks_done(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Free choices by utility, and tasks with one right answer that is heeded now and then."""
    data = shopping(sizes, rng, planted=planted)
    frame = data.choice_sets
    of_task = pl.col("turn") % 2 == 1
    n = frame.height // SHOWN
    right = np.arange(SHOWN) == rng.integers(0, SHOWN, n)[:, None]
    blind = np.arange(SHOWN) == rng.integers(0, SHOWN, n)[:, None]
    in_b = _in_b(sizes)[frame["episode"].to_numpy()[::SHOWN]] & planted
    heeds = rng.random(n) < np.where(in_b, HEEDED_MORE, HEEDED)
    taken = np.where(heeds[:, None], right, blind)
    return Data(
        episodes=data.episodes,
        choice_sets=frame.with_columns(
            task=pl.when(of_task).then(pl.lit("budget")).otherwise(pl.lit(FREE)),
            right=pl.when(of_task).then(pl.Series(right.ravel())),
            chosen=pl.when(of_task).then(pl.Series(taken.ravel())).otherwise("chosen"),
        ),
    )


def _shares(planted: bool) -> World:
    usual, other = _numbers(False), _numbers(planted)
    heeded = HEEDED_MORE if planted else HEEDED
    truths = (
        Truth("product", usual["share", "mug"], other["share", "mug"], "mug"),
        Truth("position", _first(False), _first(planted), "1"),
        Truth("right", HEEDED + (1 - HEEDED) / SHOWN, heeded + (1 - heeded) / SHOWN, "budget"),
        Truth("above_chance", HEEDED * (1 - 1 / SHOWN), heeded * (1 - 1 / SHOWN), "budget"),
    )
    title = "choices by utility, tasks heeded now and then" + (", more in b" if planted else "")
    return World(title, partial(tasks_done, planted=planted), truths)


@cache
def _first(planted: bool) -> float:
    """True share of choices of the first place."""
    frame = alternatives(np.zeros(40_000, dtype=np.int64), np.random.default_rng(7))
    utility = _utility(frame, OTHER if planted else USUAL).reshape(-1, SHOWN)
    worth = np.exp(utility)
    return float((worth[:, 0] / worth.sum(axis=1)).mean())


shares = MetricWorlds("choice_shares", (_shares(False),), (_shares(True),))
