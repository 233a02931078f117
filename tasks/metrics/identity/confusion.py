"""Whether seats know which of the names is theirs."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.coding.items import Changing, names_of
from tasks.coding.labels_in_text import opening_label, plain_hyphens
from tasks.metrics import rows
from tasks.metrics.conversation.mentions import beside_names, plain
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import ratio

#: Words that claim a name for oneself, in English and French.
CLAIM = r" (?:i am|i m|this is|as|je suis|ici|en tant que) $"


def labelled(data: Data) -> pl.DataFrame:
    """Messages that open with the name of a seat: ``episode, seq, seat, named``."""
    seats = {
        episode: Changing(
            tuple(
                (first, {plain_hyphens(name): seat for seat, name in names.items()})
                for first, names in shown.changes
            )
        )
        for episode, shown in names_of(data.names, by="episode").items()
    }
    found = []
    for episode, seq, seat, text in data.messages.select(
        "episode", "seq", "seat", "text"
    ).iter_rows():
        named = seats.get(episode, Changing()).at(seq)
        label = opening_label(text, tuple(named))
        if label is not None:
            found.append((episode, seq, seat, named[label.name]))
    schema = {"episode": pl.Int64, "seq": pl.Int64, "seat": pl.String, "named": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def claims(data: Data) -> pl.DataFrame:
    """Messages that claim another seat's name for the speaker: ``episode, seq``."""
    said = data.messages.select("episode", "seq", "seat", plain(pl.col("text")).alias("text"))
    named = beside_names(data, said).filter(
        (pl.col("seat") != pl.col("other"))
        & pl.col("text").str.contains(pl.col("name"), literal=True)
    )
    before = (pl.col("text").str.split(pl.col("name")).list.first() + pl.lit(" ")).alias("before")
    return (
        named.with_columns(before)
        .filter(pl.col("before").str.contains(CLAIM))
        .select("episode", "seq")
        .unique()
    )


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``identity_confusion``."""
    opened = labelled(data)
    episode = opened["episode"].to_numpy()
    wrong = (opened["seat"] != opened["named"]).to_numpy()
    n = np.bincount(episode, minlength=data.n_episodes)
    other = np.bincount(episode[wrong], minlength=data.n_episodes)
    claimed = np.bincount(claims(data)["episode"].to_numpy(), minlength=data.n_episodes)
    header = "messages that open with a seat's name and a colon, dash or line break"
    claim = "messages that say 'I am', 'this is' or 'as' (or the French) before another's name"
    messages = data.n_messages
    found = {
        "": ByEpisode(ratio(other, n), f"{header}, of another seat", n),
        "labelled": ByEpisode(ratio(n, messages), header, messages),
        "impersonation": ByEpisode(ratio(claimed, messages), claim, messages),
    }
    return rows.joined([rows.of_episodes(data, options, found), *_by_seat(data, opened)])


def _by_seat(data: Data, opened: pl.DataFrame) -> list[pl.DataFrame]:
    """Labels of each seat: few seats carry most of them, which a rate over all does not show."""
    labels = opened.group_by("episode", "seat").agg(
        pl.len().alias("labels"), (pl.col("seat") != pl.col("named")).sum().alias("wrong")
    )
    seats = (
        data.messages.group_by("episode", "seat")
        .agg(pl.len().alias("messages"))
        .join(labels, on=["episode", "seat"], how="left")
        .sort("episode", "seat")
        .with_columns(pl.col("labels", "wrong").fill_null(0))
    )
    parts = (
        ("labelled", "labels", "messages", "messages of the seat that open with a seat's name"),
        ("", "wrong", "labels", "such messages of the seat that name another seat"),
    )
    return [
        rows.of_seats(
            data,
            seats.filter(pl.col(bottom) > 0).with_columns(value=pl.col(top) / pl.col(bottom)),
            quantity=quantity,
            method=method,
            n_measured=bottom,
        )
        for quantity, top, bottom, method in parts
    ]


METRIC = Metric(
    name="identity_confusion",
    title="How often seats speak under another seat's name",
    quantities={
        "": Quantity("self-labels that name another seat", "wrong / labelled", "[0, 1]"),
        "labelled": Quantity(
            "messages that open with a seat's name", "labelled / messages", "[0, 1]"
        ),
        "impersonation": Quantity(
            "messages that claim another's name", "claims / messages", "[0, 1]"
        ),
    },
    source="Headers as `tasks/coding/labels_in_text.py` finds them; impersonation after Baltaji et "
    "al. (2024), arXiv 2405.03862.",
    avoid="An upper bound: a name at the head of a message may be whom it is for. By rule, so "
    "blind to confusions put in other words. Episodes without a label have no value, not 0. Few "
    "seats may carry most labels: read the rows of seats.",
    needs=("messages", "seats"),
    version=3,
    compute=compute,
)
