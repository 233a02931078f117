"""Coverage of the run-clustered intervals over simulated studies with known answers.

    python bench/interval_coverage.py --studies 500 --runs 20

Prints, per statistic, the share of studies whose 95% interval holds the true value.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tasks.metrics.coders.rates import rate_interval
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.bootstrap import mean_interval, sum_interval
from tasks.metrics.statistics.two_raters import cohen_kappa, gwet_ac1

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator
Case = tuple[Callable[[Rng, int], tuple[float, float]], float]


def _tables(rng: Rng, runs: int) -> Floats:
    """Cross-tables of two coders in runs of 30 items whose prevalence differs from run to run."""
    prevalence = rng.beta(3, 7, runs)
    truth = rng.random((runs, 30)) < prevalence[:, None]
    flips = rng.random((2, runs, 30)) < rng.beta(2, 18, runs)[None, :, None]
    first, second = truth ^ flips[0], truth ^ flips[1]
    cells = 2 * first + second
    return np.stack([(cells == c).sum(axis=1) for c in range(4)], axis=1).reshape(-1, 2, 2) * 1.0


def _seat_shares(rng: Rng, runs: int) -> Floats:
    """Largest share of seven seats in runs of 40 messages."""
    shares = rng.dirichlet(np.full(7, 4.0), runs)
    return np.array([rng.multinomial(40, one).max() / 40 for one in shares])


def _of_mean(draw: Callable[[Rng, int], Floats]) -> Callable[[Rng, int], tuple[float, float]]:
    def ends(rng: Rng, runs: int) -> tuple[float, float]:
        low, high = mean_interval(draw(rng, runs)[:, None])
        return float(low[0]), float(high[0])

    return ends


def _of_table(statistic: Callable[[Floats], Floats]) -> Callable[[Rng, int], tuple[float, float]]:
    def ends(rng: Rng, runs: int) -> tuple[float, float]:
        low, high, _ = sum_interval(statistic, _tables(rng, runs))
        return float(low), float(high)

    return ends


def _rank_biserial(rng: Rng, runs: int) -> tuple[float, float]:
    a, b = rng.normal(0, 1, runs), rng.normal(0.6, 1, runs)
    return effects.effect_interval(effects.rank_biserial_draws(a, b), runs, runs)


def _mean_difference(rng: Rng, runs: int) -> tuple[float, float]:
    a, b = rng.normal(0, 1, runs), rng.normal(0.6, 2, runs)
    return effects.effect_interval(effects.mean_difference_draws(a, b), runs, runs)


def _hedges(rng: Rng, runs: int) -> tuple[float, float]:
    a, b = rng.normal(0, 1, runs), rng.normal(0.6, 1, runs)
    return effects.effect_interval(effects.hedges_g_draws(a, b), runs, runs)


def _rate_cells(rng: Rng, runs: int) -> Floats:
    """Counts of two conditions of runs of 30 messages, coded by a judge and, a sample, by a person.

    The conditions' prevalences differ (.3 and .15) and vary from run to run; sensitivity is .8,
    specificity .95. Of each condition, 60 items that the judge flagged and 60 that it did not are
    drawn for the person, as ``agora sample`` does, and weighted by their strata.
    """
    prevalence = np.concatenate([rng.beta(3, 7, runs), rng.beta(3, 17, runs)])
    truth = rng.random((2 * runs, 30)) < prevalence[:, None]
    label = rng.random((2 * runs, 30)) < np.where(truth, 0.8, 0.05)
    weight = np.zeros(truth.shape)
    for first in (0, runs):
        for kind in (True, False):
            rows, columns = np.nonzero(label[first : first + runs] == kind)
            drawn = rng.permutation(len(rows))[:60]
            weight[first + rows[drawn], columns[drawn]] = len(rows) / len(drawn)
    kinds = (truth & label, truth & ~label, ~truth & label, ~truth & ~label)
    sums = [np.full(2 * runs, 30.0), label.sum(axis=1) * 1.0]
    return np.stack([*sums, *((weight * kind).sum(axis=1) for kind in kinds)], axis=1)


def _of_rate(place: int) -> Callable[[Rng, int], tuple[float, float]]:
    def ends(rng: Rng, runs: int) -> tuple[float, float]:
        low, high = rate_interval(_rate_cells(rng, runs), np.arange(runs), 2000)
        return float(low[place]), float(high[place])

    return ends


def cases() -> dict[str, Case]:
    """Every statistic with its true value, large-sample where there is no formula."""
    rng = np.random.default_rng(99)
    pooled = _tables(rng, 200_000).sum(axis=0)
    big_a, big_b = rng.normal(0, 1, 200_000), rng.normal(0.6, 1, 200_000)
    return {
        "mean, normal": (_of_mean(lambda r, n: r.normal(0.5, 1, n)), 0.5),
        "mean, beta(2, 5)": (_of_mean(lambda r, n: r.beta(2, 5, n)), 2 / 7),
        "mean, exponential": (_of_mean(lambda r, n: r.exponential(1, n)), 1.0),
        "participation.max_share": (
            _of_mean(_seat_shares),
            float(_seat_shares(rng, 100_000).mean()),
        ),
        "agreement.cohen_kappa": (_of_table(cohen_kappa), float(cohen_kappa(pooled))),
        "agreement.gwet_ac1": (_of_table(gwet_ac1), float(gwet_ac1(pooled))),
        "rates.raw": (_of_rate(0), 0.3 * 0.8 + 0.7 * 0.05),
        "rates.rogan_gladen": (_of_rate(1), 0.3),
        "rates.prediction_powered": (_of_rate(2), 0.3),
        "rank_biserial": (_rank_biserial, effects.rank_biserial(big_a, big_b)),
        "mean_difference": (_mean_difference, 0.6),
        "hedges_g": (_hedges, 0.6),
    }


def coverage(case: Case, studies: int, runs: int, seed: int = 0) -> float:
    """Share of simulated studies whose interval holds the true value."""
    ends, truth = case
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(studies):
        low, high = ends(rng, runs)
        held += low <= truth <= high
    return held / studies


def main() -> None:
    """Print the coverage of every statistic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default="", help="statistics whose name begins so")
    args = parser.parse_args()
    error = 100 * np.sqrt(0.95 * 0.05 / args.studies)
    print(f"{args.studies} studies, {args.runs} runs per condition; Monte-Carlo error {error:.1f}")
    for name, case in cases().items():
        if not name.startswith(args.only):
            continue
        print(f"{name:26} {100 * coverage(case, args.studies, args.runs):5.1f}%", flush=True)


if __name__ == "__main__":
    main()
