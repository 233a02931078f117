"""Worlds of metrics over stances: episodes of a few kinds whose numbers are had by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.worlds.frames import episodes_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Stances by round and seat: all at once to one, all at last to one, nobody moves, one moves away.
AT_ONCE = [[0, 0, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2]]
AT_LAST = [[0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 2], [2, 2, 2, 2]]
NOBODY = [[0, 0, 2, 2]] * 4
AWAY = [[0, 0, 2, 2], [1, 0, 2, 2], [1, 0, 2, 2], [1, 0, 2, 2]]
KINDS = np.array([AT_ONCE, AT_LAST, NOBODY, AWAY])
USUAL, OFTEN = (0.25, 0.25, 0.3, 0.2), (0.45, 0.3, 0.1, 0.15)
_SD_AWAY = float(np.std([1, 0, 2, 2]))

#: Numbers of each kind; none where a kind has none.
CONSENSUS: dict[str, tuple[float | None, ...]] = {
    "": (1.0, 1.0, 1 / 2, (1 + 1 + 4) / 16),
    "spread": (0.0, 0.0, 1.0, _SD_AWAY),
    "spread_change": (-1.0, -1.0, 0.0, _SD_AWAY - 1),
    # 4/width of the sum over pairs of p_i² p_j |x_i - x_j|, width 2.
    "polarisation": (0.0, 0.0, 1.0, 2 * ((1 / 4 + 1) / 16 + (1 / 4 + 1 / 2) / 16 + 3 / 4 / 4)),
    "reached": (1.0, 1.0, 0.0, 0.0),
    "round": (1.0, 3.0, None, None),
}
CHANGE: dict[str, tuple[float | None, ...]] = {
    "rate": (2 / 12, 2 / 12, 0.0, 1 / 12),
    "net_shift": (1.0, 1.0, 0.0, 1 / 4),
    "toward_group": (4 / 12, 4 / 12, 0.0, 1 / 12),
    "conformity": (1.0, 1.0, None, 0.0),
}


def stances(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Episodes of the four kinds, in b of the planted world more that come to one stance."""
    kinds = np.concatenate(
        [
            rng.choice(4, size=n, p=OFTEN if planted and name == "b" else USUAL)
            for name, n in sizes.items()
        ]
    )
    values = KINDS[kinds]
    _, rounds, seats = values.shape
    place = np.arange(values.size)
    names = pl.Series([f"s{seat + 1}" for seat in range(seats)])
    outcomes = pl.DataFrame(
        {
            "episode": place // (rounds * seats),
            "scope": ["seat_round"] * values.size,
            "subject": names[place % seats],
            "round": place // seats % rounds,
            "metric": ["stance"] * values.size,
            "value": values.ravel().astype(np.float64),
        }
    )
    return Data(episodes=episodes_frame(sizes), outcomes=outcomes)


#: Seats, rounds and levels of episodes in which nobody listens; a seat's chance to fall silent for
#: good, to say nothing in a round, and to keep to its own level.
ALONE, SILENCED, NOTHING_SAID, OWN = (5, 6, 3), 0.3, 0.25, 0.7


def nobody_listens(sizes: Sizes, rng: Rng) -> Data:
    """Seats with stances of their own that waver; some say nothing now and then, or ever after."""
    n = sum(sizes.values())
    seats, rounds, levels = ALONE
    own = rng.integers(0, levels, (n, 1, seats))
    shape = (n, rounds, seats)
    stance = np.where(rng.random(shape) < OWN, own, rng.integers(0, levels, shape))
    until = np.where(rng.random((n, seats)) < SILENCED, rng.integers(1, rounds, (n, seats)), rounds)
    said = (np.arange(rounds)[:, None] < until[:, None, :]) & (rng.random(shape) >= NOTHING_SAID)
    episode, round_, seat = np.nonzero(said)
    outcomes = pl.DataFrame(
        {
            "episode": episode,
            "scope": ["seat_round"] * len(episode),
            "subject": pl.Series([f"s{one + 1}" for one in range(seats)])[seat],
            "round": round_,
            "metric": ["stance"] * len(episode),
            "value": stance[said].astype(np.float64),
        }
    )
    return Data(episodes=episodes_frame(sizes), outcomes=outcomes)


def _mean(values: tuple[float | None, ...], chances: tuple[float, ...]) -> float:
    known = [(value, p) for value, p in zip(values, chances, strict=True) if value is not None]
    return sum(value * p for value, p in known) / sum(p for _, p in known)


def _worlds(
    name: str,
    kinds: dict[str, tuple[float | None, ...]],
    unmoved: str,
    others: tuple[str, ...] = (),
    excess: tuple[str, ...] = (),
) -> MetricWorlds:
    def world(planted: bool) -> World:
        truths = tuple(
            Truth(quantity, _mean(one, USUAL), _mean(one, OFTEN if planted else USUAL))
            for quantity, one in kinds.items()
        )
        return World(
            "episodes that come to one stance at once, at last or never, or in which one moves away"
            + ("; more consensus in b" if planted else ""),
            partial(stances, planted=planted),
            truths,
            {"outcome": "stance"},
        )

    nan = float("nan")
    hard = World(
        "nobody listens: stances waver, seats say nothing now and then or fall silent",
        nobody_listens,
        (
            Truth(unmoved, 0.0, 0.0),
            *(Truth(quantity, nan, nan) for quantity in others),
            *(Truth(quantity, 0.0, 0.0, EXCESS) for quantity in excess),
        ),
        {"outcome": "stance"},
    )
    return MetricWorlds(name, (world(False),), (world(True),), hard=(hard,))


consensus = _worlds("consensus", CONSENSUS, "spread_change", ("", "spread", "polarisation"))
change = _worlds("opinion_change", CHANGE, "net_shift", ("rate",), ("toward_group", "conformity"))
