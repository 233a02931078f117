"""The sample that people code: stratified, seeded, with inclusion probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from schemas.codebook import Codebook
from schemas.errors import Mistake
from schemas.keys import digest, seed_of
from schemas.study.coding import HumanSpec
from schemas.unit import Result, Unit
from tasks.coding.rows import codebook_row

RECIPE = 1


def draw_sample(
    messages: pl.DataFrame,
    spec: HumanSpec,
    codebook: Codebook,
    labels: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """A stratified random sample of messages: rows of ``samples`` without ``unit_key``.

    Strata are the combinations of the declared fields. Every stratum gets the same number of
    items, as far as it has so many; what is left over goes to the others. Rare strata are thus
    coded as well as common ones, and the inclusion probabilities undo the imbalance in estimates.
    Within a stratum every item is as likely as any other.

    Args:
        messages: What may be drawn: ``episode_key``, ``seq`` and a column for each declared
            stratum but ``flag``.
        spec: Size, strata and seed.
        codebook: Codebook that the sample is to be coded by.
        labels: For strata by ``flag``: ``episode_key, seq, flag, value`` of one adjudication rule
            or coder. An item belongs to the rarest flag that is present in it, or to ``none``.

    Returns:
        ``sample_key, episode_key, seq, position, stratum, inclusion_probability,
        codebook_digest``, in the order of the coding sheet, which is random.

    Raises:
        Mistake: A stratum has no column here, there are fewer messages than the
            sample is to have, or fewer items than strata.
    """
    pool = _with_strata(messages, spec, labels).sort("episode_key", "seq")
    if pool.height < spec.sample:
        raise Mistake(
            what="there are fewer messages than the sample asks for",
            place="coding.human.sample",
            found=f"{pool.height} messages",
            expected=f"at least {spec.sample}",
            fix=f"write sample: {pool.height}, or fewer",
        )
    sizes = dict(sorted(pool.group_by("stratum").len().iter_rows()))
    if len(sizes) > spec.sample:
        raise Mistake(
            what="the sample has fewer items than there are strata",
            place="coding.human",
            found=f"{spec.sample} items, {len(sizes)} strata",
            fix="draw more, or stratify by fewer fields",
        )
    universe = pool.select("episode_key", "seq", "stratum").rows()
    key = digest("sample", RECIPE, universe, spec, codebook.digest)
    quota = allocation(sizes, spec.sample)
    drawn = []
    for stratum, size in sizes.items():
        members = pool.filter(pl.col("stratum") == stratum)
        rng = np.random.default_rng(seed_of("sample", key, stratum))
        chosen = np.sort(rng.choice(size, quota[stratum], replace=False))
        drawn.append(
            members[chosen].with_columns(
                pl.lit(quota[stratum] / size).alias("inclusion_probability")
            )
        )
    sample = pl.concat(drawn)
    order = np.random.default_rng(seed_of("sheet", key)).permutation(sample.height)
    return sample[order].select(
        pl.lit(key).alias("sample_key"),
        "episode_key",
        "seq",
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("position"),
        "stratum",
        "inclusion_probability",
        pl.lit(codebook.digest).alias("codebook_digest"),
    )


def allocation(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """How many items each stratum gives: as even as the sizes allow.

    Example:
        >>> allocation({"common": 100, "rare": 3}, 13)
        {'common': 10, 'rare': 3}
    """
    quota = dict.fromkeys(sizes, 0)
    left = total
    while left:
        open_strata = [name for name in sizes if quota[name] < sizes[name]]
        if not open_strata:
            raise ValueError(f"{total} items are wanted of {sum(sizes.values())}")
        share = left // len(open_strata)
        if share == 0:
            for name in sorted(open_strata, key=lambda name: quota[name])[:left]:
                quota[name] += 1
            break
        for name in open_strata:
            more = min(share, sizes[name] - quota[name])
            quota[name] += more
            left -= more
    return quota


def sample_result(sample: pl.DataFrame, codebook: Codebook, label: str = "") -> Result:
    """A drawn sample as the unit that brings it into the warehouse."""
    key = sample.item(0, "sample_key")
    unit = Unit(
        stage="import", step="sample", key=key, spec=None, label=label or f"sample {key[:8]}"
    )
    rows: dict[str, Any] = {
        "codebooks": [codebook_row(codebook)],
        "samples": sample.with_columns(pl.lit(key).alias("unit_key")),
    }
    return Result(unit, rows)


def _with_strata(
    messages: pl.DataFrame, spec: HumanSpec, labels: pl.DataFrame | None
) -> pl.DataFrame:
    for name in spec.stratify:
        if name == "flag" and labels is None:
            raise Mistake(
                what="strata by flag need labels",
                place="coding.human.stratify",
                found="no labels of these messages",
                fix="run the coding stage first, or stratify by something else",
            )
        if name != "flag" and name not in messages.columns:
            raise Mistake(
                what=f"these messages have no {name}",
                place="coding.human.stratify",
                found=", ".join(messages.columns),
                fix="leave it out",
            )
    pool = messages
    if "flag" in spec.stratify and labels is not None:
        pool = pool.join(_rarest_flag(labels), on=["episode_key", "seq"], how="left").with_columns(
            pl.col("flag").fill_null("none")
        )
    if not spec.stratify:
        return pool.with_columns(pl.lit("all").alias("stratum"))
    parts = [
        pl.format("{}={}", pl.lit(name), pl.col(name).cast(pl.String).fill_null("?"))
        for name in spec.stratify
    ]
    return pool.with_columns(pl.concat_str(parts, separator=", ").alias("stratum"))


def _rarest_flag(labels: pl.DataFrame) -> pl.DataFrame:
    present = labels.filter(pl.col("value") > 0).select("episode_key", "seq", "flag")
    counts = present.group_by("flag").agg(pl.len().alias("count"))
    return (
        present.join(counts, on="flag")
        .sort("count", "flag")
        .unique(["episode_key", "seq"], keep="first", maintain_order=True)
        .select("episode_key", "seq", "flag")
    )
