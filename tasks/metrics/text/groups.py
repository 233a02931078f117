"""Messages grouped by round and by seat, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.metrics.data import Data

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """Groups of messages within runs.

    Attributes:
        of: Group of each message.
        run: Run of each group.
        key: What the group is within its run: round, or number of the seat.
        n_rounds: One more than the last round of any run.
    """

    of: Ints
    run: Ints
    key: Ints
    n_rounds: int = 0

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(self.run)


def _numbers(data: Data) -> tuple[Ints, Ints]:
    return data.messages["run"].to_numpy().astype(np.int64), data.messages[
        "round"
    ].to_numpy().astype(np.int64)


def by_round(data: Data) -> Groups:
    """Messages of the same run and round."""
    run, round_ = _numbers(data)
    width = int(round_.max()) + 1 if len(round_) else 0
    found, of = np.unique(run * max(width, 1) + round_, return_inverse=True)
    return Groups(of, found // max(width, 1), found % max(width, 1), width)


def by_seat(data: Data) -> Groups:
    """Messages of the same run and seat."""
    run, _ = _numbers(data)
    names, seat = np.unique(data.messages["seat"].to_numpy().astype(str), return_inverse=True)
    found, of = np.unique(run * len(names) + seat, return_inverse=True)
    return Groups(of, found // len(names), found % len(names))


def condition_numbers(data: Data) -> Ints:
    """Number of the condition of each run."""
    numbers = np.empty(data.n_runs, dtype=np.int64)
    for place, runs in enumerate(data.condition_runs.values()):
        numbers[runs] = place
    return numbers


def run_means(values: Floats, runs: Ints, n_runs: int) -> Floats:
    """Mean by run of values that are not missing; not-a-number where there is none."""
    good = np.isfinite(values)
    sums = np.bincount(runs[good], weights=values[good], minlength=n_runs)
    counts = np.bincount(runs[good], minlength=n_runs)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def run_slopes(values: Floats, keys: Ints, runs: Ints, n_runs: int) -> Floats:
    """Least-squares slope by run of values over keys; not-a-number with fewer than two keys."""
    good = np.isfinite(values)
    x, y, run = keys[good].astype(np.float64), values[good], runs[good]
    n = np.bincount(run, minlength=n_runs)
    safe = np.maximum(n, 1)
    x = x - (np.bincount(run, weights=x, minlength=n_runs) / safe)[run]
    top = np.bincount(run, weights=x * y, minlength=n_runs)
    bottom = np.bincount(run, weights=x**2, minlength=n_runs)
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1), np.nan)
