"""What a metric finds in its worlds: bias, coverage and rejection over simulated studies."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import polars as pl
from scipy import stats

from schemas.keys import seed_of
from schemas.tables.measures import EXCESS
from tasks.metrics.computed import computed
from tasks.metrics.contrasts.sample import Test, Untestable, refuse_equal_episodes
from tasks.metrics.data import Cases
from tasks.metrics.metric import Metric
from tasks.metrics.statistics.arrays import Bools, Floats
from tasks.metrics.worlds.world import A, B, SidesWorld, Truth, World

ALPHA = 0.05
#: A made-up study, of episodes or of personas.
C = TypeVar("C", bound=Cases)


@dataclass(frozen=True)
class Recovery:
    """What was found of one true number.

    Attributes:
        truth: The number.
        studies: Simulated studies.
        defined: Share of conditions of studies in which the number had a value.
        found: Mean of the numbers found in each condition.
        error: Monte-Carlo standard error of each of those means.
        intervals: Intervals of conditions whose truth is known.
        coverage: Share of these 95% intervals that hold the truth.
        rejection: Share of studies whose Welch test of the two conditions has p < .05; of metrics
            without values by episode, share of conditions whose p against the null is below .05.
            Not-a-number where there is neither.
        null_rejection: Share of conditions whose p against the null is below .05; not-a-number
            without one.
    """

    truth: Truth
    studies: int
    defined: float
    found: tuple[float, float]
    error: tuple[float, float]
    intervals: int
    coverage: float
    rejection: float
    null_rejection: float


#: Studies whose conditions are put into one computation.
TOGETHER = 25
_NUMBERS = ("value", "ci_low", "ci_high", "p_null")


def recovered(metric: Metric, world: World, episodes: int, studies: int) -> list[Recovery]:
    """How well a metric finds the truth of a world.

    Args:
        metric: The metric.
        world: The world.
        episodes: Episodes in each of the two conditions.
        studies: Studies that are simulated.
    """
    step = 1 if world.alone else TOGETHER
    parts = [
        _computed(metric, world, episodes, range(first, min(first + step, studies)))
        for first in range(0, studies, step)
    ]
    found = np.concatenate(parts, axis=1)
    return [_summary(truth, found[place]) for place, truth in enumerate(world.truths)]


def _computed(metric: Metric, world: World, episodes: int, numbers: range) -> Floats:
    """What is found of each truth in some studies, shape (truths, studies, 9).

    The last axis holds value, ends of the interval and p against the null of ``a``, then of ``b``,
    then p of the comparison.
    """
    drawn = []
    for number in numbers:
        rng = np.random.default_rng(seed_of(metric.name, world.title, episodes, number))
        drawn.append(world.make({A: episodes, B: episodes}, rng))
    rng = np.random.default_rng(seed_of(metric.name, world.title, episodes, "draws", numbers.start))
    rows = computed(metric, merged(drawn), metric.options(**world.options), rng)
    return np.stack([_found(rows, truth, len(numbers)) for truth in world.truths])


def merged(studies: Sequence[C]) -> C:
    """Several studies as one, whose conditions are called a, b, a1, b1, a2 and so on."""
    if len(studies) == 1:
        return studies[0]
    first = studies[0]
    scope, whole = first.scope, f"{first.scope}s"
    n = [study.cases.height for study in studies]
    starts = np.concatenate([[0], np.cumsum(n)[:-1]]).tolist()

    def joined(name: str) -> pl.DataFrame:
        frames: list[pl.DataFrame] = [getattr(study, name) for study in studies]
        if not frames[0].width:
            return pl.DataFrame()
        moved = [
            frame.with_columns((pl.col(scope) + start).alias(scope))
            for frame, start in zip(frames, starts, strict=True)
        ]
        return pl.concat(moved)

    study = pl.Series(np.repeat(np.arange(len(studies)), n)).cast(pl.String).replace("0", "")
    cases = joined(whole)
    cases = cases.with_columns(
        pl.col("condition") + study,
        pl.Series(f"{scope}_key", [f"{case:032x}" for case in range(cases.height)]),
    )
    frames: dict[str, Any] = {
        field.name: joined(field.name)
        for field in dataclasses.fields(first)
        if field.name != whole and isinstance(getattr(first, field.name), pl.DataFrame)
    }
    changed: dict[str, Any] = {whole: cases, "shared": {}, **frames}
    return dataclasses.replace(first, **changed)


@dataclass(frozen=True)
class TestRecovery:
    """What a test found.

    Attributes:
        effect: The true effect.
        studies: Simulated studies.
        found: Mean of the effects found.
        error: Monte-Carlo standard error of that mean.
        tested: Share of studies with a p-value.
        coverage: Share of 95% intervals that hold the effect; not-a-number without intervals.
        rejection: Share of studies with p < .05, those without a p-value counted as not rejected.
    """

    __test__ = False
    effect: float
    studies: int
    found: float
    error: float
    tested: float
    coverage: float
    rejection: float


def recovered_by_test(test: Test, world: SidesWorld, episodes: int, studies: int) -> TestRecovery:
    """How well a test finds the truth of a world.

    Args:
        test: The test.
        world: The world.
        episodes: Episodes on the first side, and on the others unless the world says more.
        studies: Studies that are simulated.
    """
    options = test.options.model_validate(world.options)
    found = np.empty((studies, 4))
    for study in range(studies):
        rng = np.random.default_rng(seed_of("tests", test.name, world.title, episodes, study))
        sides = world.make(episodes, rng)
        try:
            refuse_equal_episodes(sides)
            one = test.compute(sides, options, rng)
        except Untestable:
            found[study] = np.nan
        else:
            found[study] = one.effect, *one.interval, one.p
    effect, low, high, p = found.T
    held: Bools = (low <= world.effect + 1e-9) & (high >= world.effect - 1e-9)
    good = np.isfinite(effect)
    return TestRecovery(
        effect=world.effect,
        studies=studies,
        found=float(effect[good].mean()),
        error=float(effect[good].std(ddof=1) / np.sqrt(good.sum())),
        tested=float(np.isfinite(p).mean()),
        coverage=_share(held, low),
        rejection=float(np.mean(p < ALPHA)),
    )


def _found(rows: pl.DataFrame, truth: Truth, studies: int) -> Floats:
    mine = rows.filter(
        pl.col("quantity") == truth.quantity,
        pl.col("rule").eq_missing(pl.lit(truth.rule, dtype=pl.String)),
    )
    found = np.full((studies, 9), np.nan)
    ends = mine.filter(
        pl.col("subject") == truth.subject, pl.col("scope").is_in(("condition", "study", "round"))
    )
    for condition, *row in ends.select("condition", *_NUMBERS).iter_rows():
        place = 4 if condition[:1] == B else 0
        numbers = [np.nan if number is None else number for number in row]
        found[int(condition[1:] or 0), place : place + 4] = numbers
    found[:, 8] = _compared(mine, truth, studies)
    return found


def _compared(mine: pl.DataFrame, truth: Truth, studies: int) -> Floats:
    """The p-values of Welch's test of the episodes of the two conditions of each study."""
    excess = truth.subject == EXCESS
    episodes = mine.filter(
        pl.col("scope").is_in(["episode", "persona"]),
        pl.col("subject") == ("" if excess else truth.subject),
    ).select("condition", pl.col("value") - (pl.col("null_mean") if excess else 0.0))
    sides = {
        condition: values["value"].drop_nulls().to_numpy()
        for (condition,), values in episodes.partition_by("condition", as_dict=True).items()
    }
    moments = np.full((studies, 2, 3), np.nan)
    for study in range(studies):
        a, b = (sides.get(f"{name}{study or ''}", np.empty(0)) for name in (A, B))
        if min(len(a), len(b)) > 1 and np.ptp(a) + np.ptp(b) > 1e-9:
            moments[study] = [[x.mean(), x.std(ddof=1), len(x)] for x in (a, b)]
    first, second = moments[:, 0].T, moments[:, 1].T
    return np.asarray(stats.ttest_ind_from_stats(*first, *second, equal_var=False).pvalue)


def _share(hits: Bools, among: Floats) -> float:
    """Share of hits among what is defined; not-a-number where nothing is."""
    good = np.isfinite(among)
    return float(np.mean(hits[good])) if good.any() else float("nan")


def _summary(truth: Truth, found: Floats) -> Recovery:
    values, p_null = found[:, [0, 4]], found[:, [3, 7]]
    low, high = found[:, [1, 5]], found[:, [2, 6]]
    truths = np.array([truth.a, truth.b])
    known = np.isfinite(truths)
    wanted = known if known.any() else ~known
    slack = 1e-9 * np.maximum(np.abs(truths), 1)
    held: Bools = (low <= truths + slack) & (high >= truths - slack)
    compared = found[:, 8]
    n = np.isfinite(values).sum(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean, sd = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    rejection = _share(compared < ALPHA, compared)
    null_rejection = _share(p_null < ALPHA, p_null)
    if not np.isfinite(rejection):
        rejection = null_rejection
    error = sd / np.sqrt(np.maximum(n, 1))
    return Recovery(
        truth=truth,
        studies=len(found),
        defined=float(np.isfinite(values[:, wanted]).mean()),
        found=(float(mean[0]), float(mean[1])),
        error=(float(error[0]), float(error[1])),
        intervals=int(np.isfinite(low[:, known]).sum()),
        coverage=_share(held[:, known], low[:, known]),
        rejection=rejection,
        null_rejection=null_rejection,
    )
