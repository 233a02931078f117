"""Coverage of intervals and rejection of tests over simulated studies whose truth is known.

    python bench/interval_coverage.py                      # the tables of bench/README.md
    python bench/interval_coverage.py --episodes 12 --only mean --studies 4000
    python bench/interval_coverage.py --tests --studies 2000

Prints, per statistic and number of episodes a side, the share of studies whose 95% interval holds
the true value; with ``--tests``, per test, the share of studies in which nothing differs and p <
.05.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tasks.metrics.coders.rates import rate_interval
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.sample import Side, Untestable, refuse_equal_episodes
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.bootstrap import sum_interval
from tasks.metrics.statistics.means import UNBOUNDED, Bounds, mean_intervals
from tasks.metrics.statistics.two_raters import cohen_kappa, gwet_ac1

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator
Draw = Callable[[Rng, int], Floats]
Interval = Callable[[Rng, int], tuple[float, float]]
Case = tuple[Interval, float]

EPISODES = (3, 5, 8, 12, 20)
SHARE, FROM_ZERO = (0.0, 1.0), (0.0, float("inf"))
#: Seats of an episode, in tests over seats.
SEATS = 5


def _tables(rng: Rng, episodes: int) -> Floats:
    """Cross-tables of two coders in episodes of 30 items, each with a prevalence of its own."""
    prevalence = rng.beta(3, 7, episodes)
    truth = rng.random((episodes, 30)) < prevalence[:, None]
    flips = rng.random((2, episodes, 30)) < rng.beta(2, 18, episodes)[None, :, None]
    first, second = truth ^ flips[0], truth ^ flips[1]
    cells = 2 * first + second
    return np.stack([(cells == c).sum(axis=1) for c in range(4)], axis=1).reshape(-1, 2, 2) * 1.0


def _seat_shares(rng: Rng, episodes: int) -> Floats:
    """Largest share of seven seats in episodes of 40 messages."""
    shares = rng.dirichlet(np.full(7, 4.0), episodes)
    return np.array([rng.multinomial(40, one).max() / 40 for one in shares])


def _of_mean(
    draw: Draw, levels: tuple[float, float] | None = None, bounds: Bounds = UNBOUNDED
) -> Interval:
    def ends(rng: Rng, episodes: int) -> tuple[float, float]:
        (found,) = mean_intervals(draw(rng, episodes)[:, None], levels=levels, bounds=bounds)
        return found.low, found.high

    return ends


def _of_table(statistic: Callable[[Floats], Floats]) -> Interval:
    def ends(rng: Rng, episodes: int) -> tuple[float, float]:
        low, high, _ = sum_interval(statistic, _tables(rng, episodes))
        return float(low), float(high)

    return ends


def _of_sides(test: str, a: Draw, b: Draw) -> Interval:
    def ends(rng: Rng, episodes: int) -> tuple[float, float]:
        return _by_test(test, a(rng, episodes), b(rng, episodes), rng)

    return ends


def _by_test(name: str, a: Floats, b: Floats, rng: Rng) -> tuple[float, float]:
    """The interval that the rows of a test have; not-a-number where it has none."""
    test, episodes = TESTS[name], np.arange(len(a))
    sides = (Side("a", a, episodes, tuple(f"a{n}" for n in episodes)),)
    sides += (Side("b", b, episodes, tuple(f"b{n}" for n in episodes)),)
    try:
        refuse_equal_episodes(sides)
        return test.compute(sides, test.options(), rng).interval
    except Untestable:
        return float("nan"), float("nan")


def _paired(rng: Rng, episodes: int) -> tuple[float, float]:
    level = rng.normal(0, 1, episodes)
    a, b = level + rng.normal(0, 1, episodes), level + rng.normal(0.6, 1, episodes)
    return _by_test("wilcoxon", a, b, rng)


def _normal(mean: float, sd: float = 1.0) -> Draw:
    return lambda rng, episodes: rng.normal(mean, sd, episodes)


def _exponential(mean: float) -> Draw:
    return lambda rng, episodes: rng.exponential(mean, episodes)


def _log_normal(more: float) -> Draw:
    return lambda rng, episodes: rng.lognormal(0, 1, episodes) + more


def _one_of(first: float, second: float, third: float) -> Draw:
    """Three values, the last in half of the episodes and each of the others in a quarter."""
    return lambda rng, episodes: rng.choice([first, second, third, third], episodes)


def _mostly_one(rng: Rng, episodes: int) -> Floats:
    """What became of five seats, each of which fails in three of a hundred episodes."""
    return rng.binomial(5, 0.97, episodes) / 5


def _yes(share: float) -> Draw:
    return lambda rng, episodes: rng.binomial(1, share, episodes).astype(float)


def _rate_cells(rng: Rng, episodes: int) -> Floats:
    """Counts of two conditions: episodes of 30 messages, coded by a judge, a sample by a person.

    The conditions' prevalences differ (.3 and .15) and vary from episode to episode; sensitivity is
    .8, specificity .95. Of each condition, 60 items that the judge flagged and 60 that it did not
    are drawn for the person, as ``agora sample`` does, and weighted by their strata.
    """
    prevalence = np.concatenate([rng.beta(3, 7, episodes), rng.beta(3, 17, episodes)])
    truth = rng.random((2 * episodes, 30)) < prevalence[:, None]
    label = rng.random((2 * episodes, 30)) < np.where(truth, 0.8, 0.05)
    weight = np.zeros(truth.shape)
    for first in (0, episodes):
        for kind in (True, False):
            rows, columns = np.nonzero(label[first : first + episodes] == kind)
            drawn = rng.permutation(len(rows))[:60]
            weight[first + rows[drawn], columns[drawn]] = len(rows) / len(drawn)
    kinds = (truth & label, truth & ~label, ~truth & label, ~truth & ~label)
    sums = [np.full(2 * episodes, 30.0), label.sum(axis=1) * 1.0]
    return np.stack([*sums, *((weight * kind).sum(axis=1) for kind in kinds)], axis=1)


def _of_rate(place: int) -> Interval:
    def ends(rng: Rng, episodes: int) -> tuple[float, float]:
        low, high = rate_interval(_rate_cells(rng, episodes), np.arange(episodes), 2000)
        return float(low[place]), float(high[place])

    return ends


#: Test whose rows have an effect, and what the effect is, by its name.
_EFFECTS = {
    "rank_biserial": ("mann_whitney", effects.rank_biserial),
    "mean_difference": ("permutation", effects.mean_difference),
    "hedges_g": ("welch", effects.standardised),
}


def cases(begins: str = "") -> dict[str, Case]:
    """Statistics whose name begins so, with the true value: of many draws where no formula is."""
    rng = np.random.default_rng(99)
    pooled = _tables(rng, 200_000).sum(axis=0)
    shares = float(_seat_shares(rng, 100_000).mean())
    found: dict[str, Case] = {
        "mean, normal": (_of_mean(_normal(0.5)), 0.5),
        "mean, Student's t of 3 degrees": (_of_mean(lambda r, n: r.standard_t(3, n)), 0.0),
        "mean, exponential": (_of_mean(_exponential(1)), 1.0),
        "mean, exponential, range from 0": (_of_mean(_exponential(1), bounds=FROM_ZERO), 1.0),
        "mean, log-normal": (_of_mean(lambda r, n: r.lognormal(0, 1, n)), float(np.exp(0.5))),
        "mean, three values": (_of_mean(_one_of(-1, 0.25, 1)), 0.3125),
        "mean share, beta(2, 5)": (
            _of_mean(lambda r, n: r.beta(2, 5, n), bounds=SHARE),
            2 / 7,
        ),
        "mean share, largest of seven seats": (_of_mean(_seat_shares, bounds=SHARE), shares),
        "mean share, one of three values": (
            _of_mean(_one_of(0.375, 0.5, 1), bounds=SHARE),
            0.71875,
        ),
        "mean share, mostly 1": (_of_mean(_mostly_one, bounds=SHARE), 0.97),
        "mean count, Poisson of .3": (
            _of_mean(lambda r, n: r.poisson(0.3, n) * 1.0, bounds=FROM_ZERO),
            0.3,
        ),
        "share of episodes, .1": (_of_mean(_yes(0.1), (0, 1)), 0.1),
        "share of episodes, .5": (_of_mean(_yes(0.5), (0, 1)), 0.5),
        "agreement.cohen_kappa": (_of_table(cohen_kappa), float(cohen_kappa(pooled))),
        "agreement.gwet_ac1": (_of_table(gwet_ac1), float(gwet_ac1(pooled))),
        "rates.raw": (_of_rate(0), 0.3 * 0.8 + 0.7 * 0.05),
        "rates.rogan_gladen": (_of_rate(1), 0.3),
        "rates.prediction_powered": (_of_rate(2), 0.3),
        "matched_rank_biserial, normal": (_paired, _matched_truth(rng)),
    }
    pairs: dict[str, tuple[Draw, Draw]] = {
        "normal, .6 apart": (_normal(0), _normal(0.6)),
        "normal, 2 apart": (_normal(0), _normal(2)),
        "normal, twice the spread": (_normal(0), _normal(0.6, 2)),
        "normal, three times the spread": (_normal(0), _normal(0.6, 3)),
        "exponential, means 1 and 2": (_exponential(1), _exponential(2)),
        "exponential, means 1 and 3": (_exponential(1), _exponential(3)),
        "log-normal, 2 apart": (_log_normal(0), _log_normal(2)),
        "shares .1 and .1": (_yes(0.1), _yes(0.1)),
        "shares .1 and .5": (_yes(0.1), _yes(0.5)),
    }
    for name, (test, effect) in _EFFECTS.items():
        for title, (a, b) in pairs.items():
            case = f"{name}, {title}"
            if not case.startswith(begins) or (name == "hedges_g" and "share" in title):
                continue
            truth = effect(a(rng, 1_000_000), b(rng, 1_000_000))
            found[case] = (_of_sides(test, a, b), truth)
    return {name: case for name, case in found.items() if name.startswith(begins)}


def _matched_truth(rng: Rng) -> float:
    """What the matched rank-biserial of pairs .6 apart tends to: 2 P(d + d' > 0) - 1."""
    first, second = rng.normal(0.6, np.sqrt(2), (2, 2_000_000))
    return float(2 * (first + second > 0).mean() - 1)


def coverage(case: Case, studies: int, episodes: int, seed: int = 0) -> float:
    """Share of simulated studies with an interval in which it holds the true value."""
    ends, truth = case
    rng = np.random.default_rng(seed)
    found = np.array([ends(rng, episodes) for _ in range(studies)])
    there = np.isfinite(found).all(axis=1)
    slack = 1e-9
    held = (found[there, 0] <= truth + slack) & (found[there, 1] >= truth - slack)
    return float(held.mean()) if there.any() else float("nan")


def _levels(normal: bool, rng: Rng, episodes: int) -> Floats:
    return rng.normal(0, 1, episodes) if normal else rng.exponential(1, episodes) - 1


def null_sides(test: str, normal: bool, rng: Rng, episodes: int) -> tuple[Side, ...]:
    """Sides that do not differ: of tests over seats, episodes of five seats that are half alike."""
    names = "abc" if TESTS[test].many else "ab"
    sides = []
    for name in names:
        values = _levels(normal, rng, episodes)
        seats = SEATS if TESTS[test].scope == "seat" else 1
        if seats > 1:
            values = np.repeat(values, seats) + rng.normal(0, 1, episodes * seats)
        replicates = np.repeat(np.arange(episodes), seats)
        keys = tuple(f"{name}{number}" for number in replicates)
        sides.append(Side(name, values, replicates, keys))
    return tuple(sides)


def rejection(test: str, normal: bool, studies: int, episodes: int, seed: int = 0) -> float:
    """Share of studies without any difference in which a test has p < .05.

    Of equivalence the true difference is the margin, at which it may pass in one of twenty.
    """
    declared = TESTS[test]
    rng = np.random.default_rng(seed)
    margin = 1.0
    options = declared.options(**({"margin": margin} if test == "equivalence" else {}))
    hits = 0
    for _ in range(studies):
        sides = null_sides(test, normal, rng, episodes)
        if test == "equivalence":
            first, second = sides
            sides = (first, replace(second, values=second.values + margin))
        try:
            refuse_equal_episodes(sides)
            hits += declared.compute(sides, options, rng).p < 0.05
        except Untestable:
            continue
    return hits / studies


def _print_row(name: str, numbers: list[float]) -> None:
    cells = ("–" if np.isnan(number) else f"{100 * number:.1f}" for number in numbers)
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the coverage of every interval, or the rejection of every test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--episodes", type=int, nargs="*", default=EPISODES)
    parser.add_argument("--only", default="", help="statistics or tests whose name begins so")
    parser.add_argument("--tests", action="store_true", help="rejection instead of coverage")
    args = parser.parse_args()
    rate = 0.05 if args.tests else 0.95
    error = 100 * np.sqrt(rate * (1 - rate) / args.studies)
    print(f"{args.studies} studies; Monte-Carlo error {error:.1f}; episodes a side:")
    print(f"| % | {' | '.join(str(episodes) for episodes in args.episodes)} |")
    print(f"|---|{'---|' * len(args.episodes)}")
    if args.tests:
        for test, normal in itertools.product(sorted(TESTS), (True, False)):
            if test.startswith(args.only):
                name = f"{test}, {'normal' if normal else 'exponential'}"
                _print_row(name, [rejection(test, normal, args.studies, n) for n in args.episodes])
        return
    for name, case in cases(args.only).items():
        _print_row(name, [coverage(case, args.studies, n) for n in args.episodes])


if __name__ == "__main__":
    main()
