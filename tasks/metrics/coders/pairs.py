"""Items that two sources judged: coders against coders, rules against gold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.metric import Unusable
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.statistics.two_raters import cross_tables

ITEM = ("episode", "seq", "other_seq")


@dataclass(frozen=True)
class Pair:
    """Two sources on one flag.

    Attributes:
        flag: The flag.
        first: Gold, or the first coder.
        second: Coder or rule.
        rule: The rule, where the second is one.
        tables: Cross-table by episode, shape (episodes, K, K).
        episodes: The episodes.
        n_items: Items that both judged.
        n_unusable: Items that both took on, of which one judgement is missing.
    """

    flag: str
    first: str
    second: str
    rule: str | None
    tables: Floats
    episodes: Ints
    n_items: int
    n_unusable: int

    @property
    def subject(self) -> str:
        """How the pair is named in ``metrics.subject``."""
        return f"{self.flag}: {self.first} ~ {self.second}"


@dataclass(frozen=True)
class Judged:
    """Judgements of one source on one flag.

    Attributes:
        items: Number of each item, rising.
        episodes: Episode of each item.
        values: Judgement of each item; not-a-number where it is unusable.
    """

    items: Ints
    episodes: Ints
    values: Floats


def wide_codes(codes: pl.DataFrame, source: str) -> pl.DataFrame:
    """One row per item, one column per source; absent judgements are null, unusable ones NaN."""
    return codes.select(
        *ITEM, pl.col(source).cast(pl.String), pl.col("value").fill_null(float("nan"))
    ).pivot(on=source, index=list(ITEM), values="value", aggregate_function="first")


def judged(frame: pl.DataFrame, flag: str, source: str, widths: Ints) -> dict[str, Judged]:
    """Judgements on one flag by source.

    Args:
        frame: Rows of codes or labels.
        flag: The flag.
        source: Column with the source: coder or rule.
        widths: Numbers that ``seq`` and ``other_seq`` take at most, so that items of two frames
            get the same numbers.
    """
    mine = frame.filter(pl.col("flag") == flag)
    found = {}
    for name in mine[source].unique().cast(pl.String).sort():
        part = mine.filter(pl.col(source) == name)
        episode = part["episode"].to_numpy().astype(np.int64)
        seq, other = (part[column].fill_null(-1).to_numpy() + 1 for column in ITEM[1:])
        item = (episode * widths[0] + seq) * widths[1] + other
        found[name] = _in_order(item, episode, part["value"].fill_null(float("nan")).to_numpy())
    return found


def _in_order(items: Ints, episodes: Ints, values: Floats) -> Judged:
    """Items in rising order, the first judgement of each."""
    if np.all(np.diff(items) > 0):
        return Judged(items, episodes, values)
    known, first = np.unique(items, return_index=True)
    return Judged(known, episodes[first], values[first])


def item_widths(*frames: pl.DataFrame) -> Ints:
    """Numbers that ``seq`` and ``other_seq`` take at most, one left for none."""
    tops = [0, 0]
    for frame in frames:
        for place, name in enumerate(ITEM[1:]):
            top = frame[name].max() if frame.height else None
            tops[place] = max(tops[place], int(top) if isinstance(top, int) else 0)
    return np.array(tops, dtype=np.int64) + 2


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
    widths = item_widths(data.codes, data.all_labels)
    return [
        pair for flag in flags or data.flags.names for pair in _pairs_of_flag(data, flag, widths)
    ]


def _pairs_of_flag(data: Data, flag: str, widths: Ints) -> Iterator[Pair]:
    codes = judged(data.codes, flag, "coder", widths)
    k = len(data.flags.levels.get(flag, ())) or 2
    coders = sorted(codes, key=lambda name: (name != data.gold, name))
    for first, second in combinations(coders, 2):
        yield from _pair(flag, first, second, codes[first], codes[second], k=k)
    if data.gold not in coders:
        return
    gold = str(data.gold)
    labels = judged(data.all_labels, flag, "rule", widths)
    for rule in data.rules:
        if rule in labels:
            yield from _pair(flag, gold, rule, codes[gold], labels[rule], k=k, rule=rule)


def _pair(
    flag: str,
    first: str,
    second: str,
    a: Judged,
    b: Judged,
    *,
    k: int,
    rule: str | None = None,
) -> Iterator[Pair]:
    """The pair, if there is an item that both took on."""
    if np.array_equal(a.items, b.items):
        episodes, left, right = a.episodes, a.values, b.values
    else:
        _, mine, theirs = np.intersect1d(a.items, b.items, assume_unique=True, return_indices=True)
        episodes, left, right = a.episodes[mine], a.values[mine], b.values[theirs]
    if not len(episodes):
        return
    good = np.isfinite(left) & np.isfinite(right)
    tables = cross_tables(left[good], right[good], episodes[good], k)
    n = int(good.sum())
    yield Pair(flag, first, second, rule, tables, np.unique(episodes[good]), n, len(episodes) - n)
