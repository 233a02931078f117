"""Messages grouped by round, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats, Ints, ratio


@dataclass(frozen=True)
class Groups:
    """Groups of messages within runs.

    Attributes:
        of: Group of each message.
        run: Run of each group.
        key: Its round.
        n_rounds: One more than the last round of any run.
    """

    of: Ints
    run: Ints
    key: Ints
    n_rounds: int

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(self.run)


def by_round(data: Data) -> Groups:
    """Messages of the same run and round."""
    run, round_ = (data.messages[name].to_numpy().astype(np.int64) for name in ("run", "round"))
    width = int(round_.max()) + 1 if len(round_) else 0
    found, of = np.unique(run * max(width, 1) + round_, return_inverse=True)
    return Groups(of, found // max(width, 1), found % max(width, 1), width)


def condition_numbers(data: Data) -> Ints:
    """Number of the condition of each run."""
    numbers = np.empty(data.n_runs, dtype=np.int64)
    for place, runs in enumerate(data.condition_runs.values()):
        numbers[runs] = place
    return numbers


def run_slopes(values: Floats, keys: Ints, runs: Ints, n_runs: int) -> Floats:
    """Least-squares slope by run of values over keys; not-a-number with fewer than two keys."""
    good = np.isfinite(values)
    x, y, run = keys[good].astype(np.float64), values[good], runs[good]
    n = np.bincount(run, minlength=n_runs)
    safe = np.maximum(n, 1)
    x = x - (np.bincount(run, weights=x, minlength=n_runs) / safe)[run]
    top = np.bincount(run, weights=x * y, minlength=n_runs)
    bottom = np.bincount(run, weights=x**2, minlength=n_runs)
    return ratio(top, bottom)
