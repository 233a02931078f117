"""Permutation test of two conditions, shuffles restricted to blocks where there are any."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tasks.metrics.contrasts.inverted import Difference, Shuffles, difference_of_means
from tasks.metrics.contrasts.ranks import studentised_permutation
from tasks.metrics.contrasts.sample import Finding, Side, TestOptions, contrast_test
from tasks.metrics.contrasts.shuffles import orders, share_as_far, studentised_difference
from tasks.metrics.statistics import effects
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.statistics.effect_intervals import NEWCOMBE, rank_biserial_interval

ALONE = "every block has one episode only, so no shuffle changes anything"


class PermutationOptions(TestOptions):
    """Options of ``permutation``."""

    statistic: Literal["mean_difference", "rank_biserial"] = Field(
        "mean_difference", description="What is compared with its shuffles."
    )
    block: Literal["none", "replicate"] = Field(
        "none", description="Within what conditions are shuffled."
    )
    draws: int = Field(9999, ge=99, le=1_000_000, description="Shuffles.")


@contrast_test(
    title="whether the difference of b and a is larger than chance assignment gives",
    effect="mean_difference",
    source="Pitman (1937); Phipson and Smyth (2010) for counting the observed arrangement; Janssen "
    "(1997) and Neubert and Brunner (2007) for statistics over their errors, so that sides may "
    "spread differently.",
    avoid="Restrict to blocks (`block: replicate`) where replicates share seeds, personas or "
    "briefs; a free shuffle would then be too wide or too narrow. With blocks, sides are taken to "
    "spread alike within them.",
    options=PermutationOptions,
)
def permutation(
    sides: tuple[Side, ...], options: PermutationOptions, rng: np.random.Generator
) -> Finding:
    """Two-sided permutation test; with blocks, the whole statistic is shuffled block by block."""
    a, b = sides[0], sides[1]
    in_b = np.repeat([False, True], [len(a.values), len(b.values)])
    blocks = (
        np.concatenate([a.replicates, b.replicates])
        if options.block == "replicate"
        else np.zeros(len(in_b), dtype=np.int64)
    )
    ranked = options.statistic == "rank_biserial"
    if options.block == "none":
        of = studentised_permutation if ranked else _studentised_means
        _, p = of(a.values, b.values, options.draws, rng)
    else:
        values = np.concatenate([a.values, b.values])
        p = _within_blocks(_signed_ranks(values) if ranked else values, in_b, blocks, options, rng)
    effect_of = effects.rank_biserial if ranked else effects.mean_difference
    shown = (
        Difference(rank_biserial_interval(a.values, b.values), NEWCOMBE)
        if ranked
        else difference_of_means(a.values, b.values, Shuffles.of_values(a.values, b.values, rng))
    )
    effect = effect_of(a.values, b.values)
    within = f" within {options.block}s" if options.block != "none" else ", studentised"
    _, sizes = np.unique(blocks, return_counts=True)
    return Finding(
        statistic=effect,
        p=p,
        effect=effect,
        effect_name=options.statistic,
        interval=shown.ends,
        method=f"permutation test, two-sided, {options.draws} shuffles of conditions{within}, the "
        "observed arrangement counted among them; positive: b has the larger values; "
        f"{shown.method}",
        warning="; ".join(filter(None, [ALONE if sizes.max() < 2 else "", shown.warning])),
        p_least=max(_arrangement_share(in_b, blocks), 1 / (options.draws + 1)),
    )


def _studentised_means(
    a: Floats, b: Floats, draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Welch's statistic, and the share of shuffles with one as large, it included."""
    values = np.concatenate([a, b])

    def statistic(ordered: Floats) -> Floats:
        return studentised_difference(ordered, np.ones_like(ordered), len(a), welch=True)

    observed = float(statistic(values[None])[0])
    drawn = (statistic(values[order]) for order in orders(len(values), draws, rng))
    return observed, share_as_far(observed, drawn, draws)


def _within_blocks(
    values: Floats,
    in_b: Bools,
    blocks: Ints,
    options: PermutationOptions,
    rng: np.random.Generator,
) -> float:
    """Share of shuffles within blocks whose sum over b is as far from what is expected."""
    order = np.argsort(blocks, kind="stable")
    values, in_b, blocks = values[order], in_b[order], blocks[order]
    observed = values[in_b].sum()
    centre = _expected(values, in_b, blocks)
    far = 0
    step = max(1, 4_000_000 // len(values))
    for first in range(0, options.draws, step):
        size = min(step, options.draws - first)
        keys = rng.random((size, len(values))) + blocks.astype(np.float64)[None, :] * 2
        shuffled = values[np.argsort(keys, axis=1)]
        drawn = shuffled[:, in_b].sum(axis=1)
        far += int((np.abs(drawn - centre) >= abs(observed - centre) - 1e-9).sum())
    return (far + 1) / (options.draws + 1)


def _arrangement_share(in_b: Bools, blocks: Ints) -> float:
    """Two over the number of arrangements of conditions within blocks, at most 1.

    Example:
        >>> _arrangement_share(np.arange(6) > 2, np.zeros(6, dtype=np.int64))
        0.1
    """
    found = 1
    for block in np.unique(blocks):
        mine = in_b[blocks == block]
        found *= math.comb(len(mine), int(mine.sum()))
    return min(1.0, 2 / found)


def _signed_ranks(values: Floats) -> Floats:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group], dtype=np.float64)


def _expected(values: Floats, in_b: Bools, blocks: Ints) -> float:
    """Mean of the sum over b under shuffles within blocks."""
    _, number = np.unique(blocks, return_inverse=True)
    sums = np.bincount(number, weights=values)
    counts = np.bincount(number)
    mine = np.bincount(number, weights=in_b.astype(float))
    return float((sums / counts * mine).sum())
