"""Signed ranks of episodes paired by replicate."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from tasks.metrics.contrasts.ranks import SIGN
from tasks.metrics.contrasts.sample import Finding, Side, TestOptions, Untestable, contrast_test
from tasks.metrics.contrasts.shuffles import FEW
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.arrays import Floats, without_rounding
from tasks.metrics.statistics.bootstrap import few_episodes, interval, interval_words


def paired_differences(a: Side, b: Side) -> tuple[Floats, int]:
    """Differences b - a of episodes with the same replicate, and how many have no partner."""
    left = dict(zip(a.replicates.tolist(), a.values.tolist(), strict=True))
    right = dict(zip(b.replicates.tolist(), b.values.tolist(), strict=True))
    both = sorted(left.keys() & right.keys())
    alone = len(left) + len(right) - 2 * len(both)
    differences = np.array([right[r] - left[r] for r in both], dtype=np.float64)
    largest = max((abs(value) for side in (left, right) for value in side.values()), default=0.0)
    # .3 - .1 and .2 - 0 are tied, and neither .3 - .2 - .1 nor 0 is a difference.
    return without_rounding(differences, largest), alone


class WilcoxonOptions(TestOptions):
    """Options of ``wilcoxon``."""

    resamples: int = Field(2000, ge=100, le=100_000, description="Resamples behind an interval.")


@contrast_test(
    title="whether episodes of b differ from the episodes of a with the same replicate",
    effect="matched_rank_biserial",
    source="Wilcoxon (1945); Pratt and Gibbons (1981), chapter 3, for ties; Kerby (2014).",
    avoid="Only where replicates are matched (same seeds, same personas); independent episodes "
    "are not pairs. Differences are taken to be symmetric around 0 if nothing differs. Where all "
    "have one sign there is no interval.",
    options=WilcoxonOptions,
)
def wilcoxon(
    sides: tuple[Side, ...], options: WilcoxonOptions, rng: np.random.Generator
) -> Finding:
    """Wilcoxon signed-rank test of episodes paired by replicate."""
    differences, alone = paired_differences(sides[0], sides[1])
    n = len(differences)
    if n < 2:
        raise Untestable(
            f"wilcoxon needs at least 2 pairs of episodes with the same replicate ({n})"
        )
    if not np.any(differences):
        raise Untestable(
            "the episodes of every pair have the same value, so there is nothing to test"
        )
    less, p, kind = _signed_ranks(differences)
    picks = rng.integers(0, n, size=(options.resamples, n))
    times = np.stack([np.bincount(pick, minlength=n) for pick in picks]).astype(np.float64)
    draws = effects.matched_rank_biserials(differences, times)
    low, high = (float(end) for end in interval(draws, n))
    return Finding(
        statistic=less,
        p=p,
        effect=effects.matched_rank_biserial(differences),
        effect_name="matched_rank_biserial",
        interval=(low, high),
        method=f"Wilcoxon signed ranks of {n} pairs with the same replicate, two-sided, {kind}; "
        f"{SIGN}; {interval_words(low, high, n)}",
        warning="; ".join(filter(None, [_alone(alone), few_episodes(n)])),
        p_least=min(1.0, 2.0 ** (1 - int(np.count_nonzero(differences)))),
    )


def _signed_ranks(differences: Floats) -> tuple[float, float, str]:
    """The smaller sum of signed ranks, its p and how that was found; differences of 0 left out.

    Up to fifty pairs p counts all ways in which signs can fall, given the sizes of the differences,
    tied or not.

    Example:
        >>> _signed_ranks(np.array([1.0, 1.0, -1.0, 2.0, 2.0, 0.0]))[:2]
        (2.0, 0.25)
    """
    from scipy import stats

    there = differences[differences != 0]
    ranks = stats.rankdata(np.abs(there))
    less = float(min(ranks[there > 0].sum(), ranks[there < 0].sum()))
    if len(there) > FEW:
        found = stats.wilcoxon(there, method="asymptotic")
        return less, float(found.pvalue), "normal approximation with tie correction"
    # Share of signs by twice their positive rank sum, which is whole with mean ranks too.
    shares = np.ones(1)
    for rank in np.rint(2 * ranks).astype(int):
        with_it = np.concatenate([np.zeros(rank), shares])
        shares = (np.concatenate([shares, np.zeros(rank)]) + with_it) / 2
    return less, min(1.0, 2 * float(shares[: round(2 * less) + 1].sum())), "exact"


def _alone(n: int) -> str:
    return f"{n} episodes without a partner left out" if n else ""
