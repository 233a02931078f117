"""Worlds of metrics of sequences: answers that depend on the one before as declared."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Bools
from tasks.metrics.statistics.transitions import Orders
from tasks.metrics.worlds.frames import episodes_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Answers of an episode, in one call.
ANSWERS = 60
#: P(first option), and probability of not giving the last answer again, in b of the planted world.
SHARE, SHARE_MORE, ALTERNATION = 0.5, 0.6, 0.3
#: Chance of an answer other than the last one, in episodes of either kind.
SWITCHES = (0.15, 0.7)


def chains(share: float, alternation: float, n: int, rng: Rng) -> Bools:
    """Sequences of a Markov chain in its stationary state, shape (n, answers).

    With probability ``alternation`` an answer is not the last one; else it is the first option
    with the probability that makes ``share`` the stationary one.
    """
    first = (share * (1 + alternation) - alternation) / (1 - alternation)
    found = np.empty((n, ANSWERS), dtype=bool)
    found[:, 0] = rng.random(n) < share
    turns = rng.random((n, ANSWERS)) < alternation
    drawn = rng.random((n, ANSWERS)) < first
    for place in range(1, ANSWERS):
        found[:, place] = np.where(turns[:, place], ~found[:, place - 1], drawn[:, place])
    return found


def answered(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """An episode's answers are a fair coin's, or those of a chain in b of the planted world."""
    n_a, *others = sizes.values()
    share, alternation = (SHARE_MORE, ALTERNATION) if planted else (SHARE, 0.0)
    parts = [
        chains(SHARE, 0.0, n_a, rng),
        *(chains(share, alternation, n, rng) for n in others),
    ]
    return _spelled(sizes, np.concatenate(parts))


def stuck(sizes: Sizes, rng: Rng) -> Data:
    """Answers that stick to the last one, or alternate, and favour neither option."""
    n = sum(sizes.values())
    switches = rng.random((n, ANSWERS)) < rng.choice(SWITCHES, n)[:, None]
    switches[:, 0] = rng.random(n) < 0.5
    return _spelled(sizes, switches.cumsum(axis=1) % 2 == 1)


def _spelled(sizes: Sizes, answers: Bools) -> Data:
    spelled = ["".join("01"[one] for one in row) for row in answers.tolist()]
    n = len(spelled)
    outcomes = pl.DataFrame(
        {
            "episode": np.arange(n),
            "scope": ["seat"] * n,
            "subject": ["s1"] * n,
            "round": pl.Series([None] * n, dtype=pl.Int64),
            "metric": ["sequence"] * n,
            "value": pl.Series([None] * n, dtype=pl.Float64),
            "label": spelled,
        }
    )
    return Data(episodes=episodes_frame(sizes), outcomes=outcomes)


@cache
def _excess(share: float, alternation: float) -> tuple[float, ...]:
    """True excess of switches, dependence, chi-squared and runs: means over many sequences."""
    rng = np.random.default_rng(7)
    drawn = chains(share, alternation, 40_000, rng)
    shuffled = rng.permuted(drawn, axis=1)
    real, null = (np.nanmean(Orders.of([some]).numbers, axis=1) for some in (drawn, shuffled))
    return tuple((real - null).tolist())


def _world(planted: bool) -> World:
    share = SHARE_MORE if planted else SHARE
    more = _excess(SHARE_MORE, ALTERNATION) if planted else (0.0,) * 4
    names = ("switches", "dependence", "chi2", "runs_z")
    truths = (
        Truth("share", SHARE, share),
        Truth("share_pooled", SHARE, share),
        *(Truth(name, 0.0, size, EXCESS) for name, size in zip(names, more, strict=True)),
    )
    title = "answers of a fair coin" + ("; in b more of one, and alternating" if planted else "")
    return World(title, partial(answered, planted=planted), truths)


sequences = MetricWorlds(
    "sequences",
    (_world(False),),
    (_world(True),),
    hard=(
        World(
            "answers that stick to the last one, or alternate",
            stuck,
            (Truth("share", SHARE, SHARE), Truth("share", 0.0, 0.0, EXCESS)),
        ),
    ),
)
