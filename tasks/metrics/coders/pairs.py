"""Items that two sources judged: coders against coders, rules against gold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.registry import Unusable
from tasks.metrics.statistics.two_raters import cross_tables

Floats = npt.NDArray[np.float64]
ITEM = ("run", "seq", "other_seq")


@dataclass(frozen=True)
class Pair:
    """Two sources on one flag.

    Attributes:
        flag: The flag.
        first: Gold, or the first coder.
        second: Coder or rule.
        rule: The rule, where the second is one.
        tables: Cross-table by run, shape (runs, K, K).
        n_items: Items that both judged.
        n_unusable: Items that both took on, of which one judgement is missing.
    """

    flag: str
    first: str
    second: str
    rule: str | None
    tables: Floats
    n_items: int
    n_unusable: int

    @property
    def subject(self) -> str:
        """How the pair is named in ``metrics.subject``."""
        return f"{self.flag}: {self.first} ~ {self.second}"


def wide_codes(codes: pl.DataFrame, source: str) -> pl.DataFrame:
    """One row per item, one column per source; absent judgements are null, unusable ones NaN."""
    return codes.select(*ITEM, source, pl.col("value").fill_null(float("nan"))).pivot(
        on=source, index=list(ITEM), values="value", aggregate_function="first"
    )


def pairs_of(data: Data, flags: tuple[str, ...] = ()) -> list[Pair]:
    """Every pair of coders, and gold against every rule, on every flag.

    Raises:
        Unusable: A coder has no usable judgement at all.
    """
    if data.codes.is_empty():
        raise Unusable("there are no codes at all")
    usable = data.codes.group_by("coder").agg(pl.len(), pl.col("value").count().alias("usable"))
    bad = usable.filter(pl.col("usable") == 0).sort("coder")
    if bad.height:
        found = ", ".join(f"{coder}: 0 of {n} usable" for coder, n, _ in bad.iter_rows())
        raise Unusable(f"coders without one usable judgement ({found})")
    found_pairs: list[Pair] = []
    for flag in flags or data.flags.names:
        codes = data.codes.filter(pl.col("flag") == flag)
        if codes.is_empty():
            continue
        found_pairs += _pairs_of_flag(data, flag, codes)
    return found_pairs


def _pairs_of_flag(data: Data, flag: str, codes: pl.DataFrame) -> list[Pair]:
    k = len(data.flags.levels.get(flag, ())) or 2
    wide = wide_codes(codes, "coder")
    coders = sorted(codes["coder"].unique().to_list(), key=lambda name: (name != data.gold, name))
    found = [
        pair
        for first, second in combinations(coders, 2)
        if (pair := _pair(wide, (first, second), flag=flag, rule=None, k=k))
    ]
    if data.gold not in coders or data.all_labels.is_empty():
        return found
    labels = data.all_labels.filter(pl.col("flag") == flag)
    if labels.is_empty():
        return found
    gold = str(data.gold)
    by_rule = wide_codes(labels, "rule")
    names = {rule: f"rule {rule}" for rule in by_rule.columns if rule not in ITEM}
    both = wide.select(*ITEM, gold).join(
        by_rule.rename(names), on=list(ITEM), how="inner", nulls_equal=True
    )
    for rule in data.rules:
        if rule in names and (pair := _pair(both, (gold, names[rule]), flag=flag, rule=rule, k=k)):
            found.append(pair)
    return found


def _pair(
    wide: pl.DataFrame, columns: tuple[str, str], *, flag: str, rule: str | None, k: int
) -> Pair | None:
    a, b = columns
    taken = wide.select("run", pl.col(a).alias("a"), pl.col(b).alias("b")).drop_nulls()
    good = taken.filter(pl.col("a").is_not_nan() & pl.col("b").is_not_nan())
    if taken.is_empty():
        return None
    tables = cross_tables(good["a"].to_numpy(), good["b"].to_numpy(), good["run"].to_numpy(), k)
    return Pair(flag, a, rule or b, rule, tables, good.height, taken.height - good.height)
