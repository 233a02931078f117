"""One whole number for each flag of each item, so that a million of them group quickly."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_LIMIT = 2**62


@dataclass(frozen=True)
class Numbering:
    """Mixed-radix numbers of (unit, episode, seq, other_seq, flag), in that order.

    Attributes:
        episodes: Keys of the episodes.
        flags: Names of the flags.
        seqs: Size of the place of ``seq``: the largest plus two, as missing ones count too.
        others: Size of the place of ``other_seq``.
    """

    episodes: pl.Enum
    flags: pl.Enum
    seqs: int
    others: int

    @classmethod
    def of(cls, taken: pl.DataFrame, n_units: int) -> Numbering:
        """The numbering of a frame of judgements.

        Args:
            taken: Columns ``unit`` (a number), ``episode_key`` and ``flag`` (enums), ``seq`` and
                ``other_seq``.
            n_units: How many units there are.

        Raises:
            OverflowError: There are more items than 62 bits can number.
        """
        episodes, flags = taken.schema["episode_key"], taken.schema["flag"]
        if not isinstance(episodes, pl.Enum) or not isinstance(flags, pl.Enum):
            raise TypeError("episodes and flags must be enums")
        seqs, others = (_size(taken[column]) for column in ("seq", "other_seq"))
        total = n_units * max(len(episodes.categories), 1) * seqs * others * len(flags.categories)
        if total >= _LIMIT:
            raise OverflowError(f"{total} items are too many to label at once")
        return cls(episodes, flags, seqs, others)

    @property
    def item(self) -> pl.Expr:
        """The number of a row."""
        number = pl.col("unit") * max(len(self.episodes.categories), 1)
        number = number + pl.col("episode_key").to_physical().cast(pl.Int64)
        number = number * self.seqs + (pl.col("seq").cast(pl.Int64) + 1).fill_null(0)
        number = number * self.others + (pl.col("other_seq").cast(pl.Int64) + 1).fill_null(0)
        return number * len(self.flags.categories) + pl.col("flag").to_physical().cast(pl.Int64)

    def decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame with ``unit, episode_key, seq, other_seq, flag`` in the place of ``item``."""
        episodes, flags = self.episodes.categories, self.flags.categories
        item = pl.col("item")
        pair = item // len(flags)
        single = pair // self.others
        episode = single // self.seqs
        return frame.with_columns(
            (episode // max(len(episodes), 1)).alias("unit"),
            _word(episode % max(len(episodes), 1), episodes).alias("episode_key"),
            _place(single % self.seqs).alias("seq"),
            _place(pair % self.others).alias("other_seq"),
            _word(item % len(flags), flags).alias("flag"),
        ).drop("item")


def _size(places: pl.Series) -> int:
    largest = places.max()
    return 1 if largest is None else int(largest) + 2  # type: ignore[arg-type]


def _place(number: pl.Expr) -> pl.Expr:
    return pl.when(number > 0).then(number - 1)


def _word(number: pl.Expr, words: pl.Series) -> pl.Expr:
    return pl.lit(words).gather(number)
