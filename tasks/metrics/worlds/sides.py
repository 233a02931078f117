"""Worlds of tests: values of conditions whose difference is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from scipy import stats

from tasks.metrics.contrasts.sample import Side
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.worlds.world import A, B, Rng, SidesWorld, TestWorlds

#: By how many standard deviations the sides of planted worlds differ, and spreads of a and b.
SHIFT, SPREADS = 0.8, (1.0, 2.0)
SEATS = 4


def _side(name: str, values: Floats) -> Side:
    n = len(values)
    return Side(name, values, np.arange(n), tuple(f"{name}{episode}" for episode in range(n)))


def same_skewed(n: int, rng: Rng, *, many: bool = False) -> tuple[Side, ...]:
    """Values of one skewed distribution with ties, as shares of few messages have."""
    names = (A, B, "c") if many else (A, B)
    return tuple(_side(name, rng.binomial(20, rng.beta(2, 6, n)) / 20.0) for name in names)


def unequal_spreads(n: int, rng: Rng, *, shift: float) -> tuple[Side, ...]:
    """Normal values, the second side with twice the spread and half as many episodes more."""
    return (
        _side(A, rng.normal(0.0, SPREADS[0], n)),
        _side(B, rng.normal(shift, SPREADS[1], n + n // 2)),
    )


def shifted(n: int, rng: Rng, *, many: bool = False) -> tuple[Side, ...]:
    """Normal values of one spread, the later sides shifted."""
    shifts = (0.0, SHIFT, 2 * SHIFT) if many else (0.0, SHIFT)
    names = (A, B, "c")
    return tuple(
        _side(name, rng.normal(shift, 1.0, n)) for name, shift in zip(names, shifts, strict=False)
    )


def paired(n: int, rng: Rng, *, shift: float) -> tuple[Side, ...]:
    """Replicates with a level of their own that is much larger than the difference."""
    level = rng.normal(0.0, 3.0, n)
    return (
        _side(A, level + rng.normal(0.0, 1.0, n)),
        _side(B, level + shift + rng.normal(0.0, 1.0, n)),
    )


def seats_of_episodes(n: int, rng: Rng, *, shift: float) -> tuple[Side, ...]:
    """Values of seats: each episode has a level, each seat a habit of its own."""
    sides = []
    for name, centre in ((A, 0.0), (B, shift)):
        habits = np.array([-0.5, 0.0, 0.2, 0.3])
        values = centre + rng.normal(0, 1, n)[:, None] + habits + rng.normal(0, 0.7, (n, SEATS))
        episodes = tuple(f"{name}{episode}" for episode in range(n) for _ in range(SEATS))
        subjects = tuple(f"s{seat + 1}" for seat in range(SEATS)) * n
        sides.append(Side(name, values.ravel(), np.repeat(np.arange(n), SEATS), episodes, subjects))
    return tuple(sides)


#: How many times as many episodes the second side of a hard world has.
MORE = 6


def skewed(n: int, rng: Rng, *, shift: float = 0.0, many: bool = False) -> tuple[Side, ...]:
    """Log-normal values, few against many."""
    sides = (_side(A, rng.lognormal(size=n)), _side(B, rng.lognormal(size=MORE * n) + shift))
    return (*sides, _side("c", rng.lognormal(size=n))) if many else sides


def rare(n: int, rng: Rng, *, shift: float = 0.0, many: bool = False) -> tuple[Side, ...]:
    """What one episode in ten has, few against many."""
    sizes = {A: n, B: MORE * n, "c": n}
    return tuple(
        _side(name, rng.binomial(1, 0.1 + shift * (name == B), size).astype(np.float64))
        for name, size in list(sizes.items())[: 3 if many else 2]
    )


def tied_pairs(n: int, rng: Rng) -> tuple[Side, ...]:
    """Replicates with levels of their own, counts of 0 to 4 in tenths; few have a partner."""
    level = np.round(rng.normal(0.0, 3.0, MORE * n), 1)
    counts = np.minimum(rng.poisson(0.8, (2, MORE * n)), 4) / 10
    return _side(A, (level + counts[0])[:n]), _side(B, level + counts[1])


def _seats_of(n: int, rng: Rng, values: Callable[[int], Floats]) -> tuple[Side, ...]:
    """Sides whose episodes have few seats, and some of which have many."""
    sides = []
    for name, size in ((A, n), (B, MORE * n)):
        seats = rng.choice([1, 2, 4, 12, 48], size, p=[0.3, 0.25, 0.3, 0.1, 0.05])
        each = [values(int(one)) for one in seats]
        episodes = tuple(f"{name}{episode}" for episode in np.repeat(np.arange(size), seats))
        subjects = tuple(f"s{seat}" for one in seats for seat in range(one))
        replicates = np.repeat(np.arange(size), seats)
        sides.append(Side(name, np.concatenate(each), replicates, episodes, subjects))
    return tuple(sides)


def skewed_seats(n: int, rng: Rng) -> tuple[Side, ...]:
    """Log-normal levels of episodes, few against many."""
    return _seats_of(n, rng, lambda seats: rng.lognormal() + rng.normal(0, 0.5, seats))


def rare_seats(n: int, rng: Rng) -> tuple[Side, ...]:
    """What few seats have, most of them in few episodes."""
    return _seats_of(
        n, rng, lambda seats: rng.binomial(1, rng.beta(0.3, 1.7), seats).astype(np.float64)
    )


def _worlds(
    name: str,
    null: tuple[str, Callable[..., tuple[Side, ...]]],
    planted: tuple[str, Callable[..., tuple[Side, ...]]],
    effect: float,
    nothing: float = 0.0,
    hard: Sequence[tuple[str, Callable[..., tuple[Side, ...]]]] = (),
    **options: object,
) -> TestWorlds:
    return TestWorlds(
        name,
        SidesWorld(null[0], null[1], nothing, options),
        SidesWorld(planted[0], planted[1], effect, options),
        tuple(SidesWorld(title, make, nothing, options) for title, make in hard),
    )


#: P(b > a) of two normal values that differ by the shift.
_CLES = float(stats.norm.cdf(SHIFT / np.sqrt(2)))
_CLES_UNEQUAL = float(stats.norm.cdf(SHIFT / np.hypot(*SPREADS)))
SAME = ("one skewed distribution with ties", same_skewed)
SHIFTED = (f"normal values, {SHIFT} standard deviations apart", shifted)
SPREAD = (
    "equal means, twice the spread and more episodes in b",
    partial(unequal_spreads, shift=0.0),
)
SPREAD_SHIFTED = (
    f"means {SHIFT} apart, twice the spread and more episodes in b",
    partial(unequal_spreads, shift=SHIFT),
)
PAIRED = ("replicates with levels of their own", partial(paired, shift=0.0))
PAIRED_SHIFTED = (
    f"replicates with levels of their own, {SHIFT} apart",
    partial(paired, shift=SHIFT),
)
OF_SEATS = ("seats of episodes with levels of their own", partial(seats_of_episodes, shift=0.0))
OF_SEATS_SHIFTED = (
    f"seats of episodes with levels of their own, {SHIFT} apart",
    partial(seats_of_episodes, shift=SHIFT),
)

_MANY = f"{MORE} times as many episodes in b"
HARD = (
    (f"log-normal values, {_MANY}", skewed),
    (f"what one episode in ten has, {_MANY}", rare),
)
HARD_MANY = tuple((title, partial(make, many=True)) for title, make in HARD)
HARD_SHIFTED = tuple(
    (f"{title}, exactly the margin apart", partial(make, shift=SHIFT)) for title, make in HARD
)
_SEATS_FEW = f"episodes of 1 to 48 seats, {_MANY}"
HARD_SEATS = (
    (f"log-normal levels, {_SEATS_FEW}", skewed_seats),
    (f"what few seats have, most of them in few episodes, {_SEATS_FEW}", rare_seats),
)
HARD_PAIRS = (("replicates with levels of their own, tied, few with a partner", tied_pairs),)


HARD_SPREAD = (
    f"equal means, three times the spread in a, {_MANY}",
    lambda n, rng: (_side(A, rng.normal(0, 3, n)), _side(B, rng.normal(0, 1, MORE * n))),
)


def _matched_size() -> float:
    """Matched rank-biserial of differences with mean ``SHIFT`` and variance 2, for many pairs."""
    # P(d_1 + d_2 > 0) - P(d_1 + d_2 < 0), to which Wilcoxon's statistic tends.
    return float(2 * stats.norm.cdf(2 * SHIFT / np.sqrt(4)) - 1)


def _eta_size() -> float:
    """Eta squared of three shifted sides: variance of mean ranks over that of ranks."""
    shifts = (0.0, SHIFT, 2 * SHIFT)
    above = [
        np.mean([stats.norm.cdf((mine - other) / np.sqrt(2)) for other in shifts])
        for mine in shifts
    ]
    return float(12 * np.mean((np.array(above) - 0.5) ** 2))


mann_whitney = _worlds("mann_whitney", SAME, SHIFTED, 2 * _CLES - 1, hard=HARD)
brunner_munzel = replace(
    _worlds("brunner_munzel", SPREAD, SPREAD_SHIFTED, _CLES_UNEQUAL, 0.5, (*HARD, HARD_SPREAD)),
    note="the interval takes the sides to spread alike, which p does not",
)
kruskal_wallis = _worlds(
    "kruskal_wallis",
    (SAME[0], partial(same_skewed, many=True)),
    ("three sides of normal values, each shifted by as much", partial(shifted, many=True)),
    _eta_size(),
    hard=HARD_MANY,
)
wilcoxon = _worlds("wilcoxon", PAIRED, PAIRED_SHIFTED, _matched_size(), hard=HARD_PAIRS)
permutation = _worlds("permutation", SAME, SHIFTED, SHIFT, hard=(*HARD, HARD_SPREAD), draws=999)
welch = _worlds("welch", SPREAD, SHIFTED, SHIFT, hard=(*HARD, HARD_SPREAD))
cluster_robust, mixed_model, gee = (
    _worlds(name, OF_SEATS, OF_SEATS_SHIFTED, SHIFT, hard=HARD_SEATS)
    for name in ("cluster_robust", "mixed_model", "gee")
)
#: The null hypothesis of an equivalence test is a difference of at least its margin.
equivalence = _worlds(
    "equivalence",
    (f"normal values, exactly the margin of {SHIFT} apart", shifted),
    ("one normal distribution", partial(unequal_spreads, shift=0.0)),
    0.0,
    SHIFT,
    HARD_SHIFTED,
    margin=SHIFT,
)
