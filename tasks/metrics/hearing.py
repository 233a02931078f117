"""Which seats hear a message, so that only those who hear the same are taken for each other."""

from __future__ import annotations

import polars as pl

from schemas.environment import EVERYONE, NOBODY


def conversations(said: pl.DataFrame, audiences: pl.DataFrame) -> pl.Series:
    """The seats that hear each message, its speaker among them; empty text where all do.

    Args:
        said: ``episode, seq, seat, audience`` of messages.
        audiences: ``episode, audience, from_seq, seats``: members of audiences from an event on;
            everybody, nobody and single seats need no row. Has no columns where there are none.

    Example:
        >>> said = pl.DataFrame(
        ...     {"episode": [0, 0, 0], "seq": [1, 2, 3], "seat": ["s2", "s1", "s1"],
        ...      "audience": ["pair", "everyone", "s3"]})
        >>> pairs = pl.DataFrame(
        ...     {"episode": [0], "audience": ["pair"], "from_seq": [0], "seats": [["s2", "s1"]]})
        >>> conversations(said, pairs).to_list()
        ['s1 s2', '', 's1 s3']
    """
    said = said.select(
        pl.int_range(pl.len()).alias("place"),
        pl.col("episode", "seq").cast(pl.Int64),
        pl.col("seat", "audience").cast(pl.String),
    )
    if audiences.is_empty():
        members = said.with_columns(seats=pl.lit(None, dtype=pl.List(pl.String)))
    else:
        known = audiences.select(
            pl.col("episode", "from_seq").cast(pl.Int64),
            pl.col("audience").cast(pl.String),
            "seats",
        )
        members = said.sort("seq").join_asof(
            known.sort("from_seq"),
            left_on="seq",
            right_on="from_seq",
            by=["episode", "audience"],
            check_sortedness=False,
        )
    alone = pl.when(pl.col("audience") == NOBODY).then(pl.col("seat")).otherwise("audience")
    hearers = pl.coalesce("seats", pl.concat_list(alone))
    every = hearers.list.concat(pl.concat_list("seat")).list.unique().list.sort().list.join(" ")
    found = pl.when(pl.col("audience") == EVERYONE).then(pl.lit("")).otherwise(every)
    return members.with_columns(found.alias("conversation")).sort("place")["conversation"]
