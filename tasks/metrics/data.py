"""What metrics are computed from: the frames of one unit, with episodes numbered."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from tasks.metrics.hearing import conversations
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.statistics.means import Bounds

#: Columns of ``episodes`` that say which episodes there are and how complete they are.
EPISODE = ("episode_key", "environment", "status", "planned_rounds", "completed_rounds")


@dataclass(frozen=True)
class Flags:
    """What metrics need to know of a codebook.

    Attributes:
        traits: Present-or-absent flags that make up a profile.
        levels: Names of the levels of flags that have several, by flag.
        scales: Level of measurement by flag.
        conditional: Flag -> flag that must be present for it to apply.
    """

    traits: tuple[str, ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scales: Mapping[str, str] = field(default_factory=dict)
    conditional: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All flags in the order of the codebook."""
        return tuple(self.scales)

    @property
    def binary(self) -> tuple[str, ...]:
        """Flags that are present or absent."""
        return tuple(name for name in self.scales if not self.levels.get(name))


@dataclass(frozen=True, slots=True)
class MeasuredEpisode:
    """An episode that a metric is computed from."""

    episode_key: str
    condition: str
    replicate: int


@dataclass(frozen=True)
class Cases(ABC):
    """What a metric has one value of each for, by condition: episodes, or personas.

    Attributes:
        scope: ``episode`` or ``persona``: the column that numbers them, and, with ``_key``, the one
            that names them.
        excluded: Those that were left out, by condition.
        bounds: Smallest and largest value that a quantity of the metric can have, by quantity.
    """

    scope: ClassVar[Literal["episode", "persona"]]
    excluded: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    bounds: Mapping[str, Bounds] = field(default_factory=dict, kw_only=True)

    @property
    @abstractmethod
    def cases(self) -> pl.DataFrame:
        """A row for each, with its number from 0, its key and its ``condition``."""

    def by_case(self, frame: pl.DataFrame, column: str) -> Floats:
        """A column of a frame with a row per case, not-a-number where there is none."""
        values = np.full(self.cases.height, np.nan)
        values[frame[self.scope].to_numpy()] = frame[column].cast(pl.Float64).to_numpy()
        return values

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Conditions that have cases, or had before exclusion, in the order declared."""
        found = self.cases["condition"].unique(maintain_order=True).to_list()
        return tuple(dict.fromkeys([*found, *self.excluded]))

    @cached_property
    def by_condition(self) -> dict[str, Ints]:
        """Numbers of the cases of each condition."""
        names = self.cases["condition"].to_numpy()
        return {name: np.flatnonzero(names == name) for name in self.conditions}


@dataclass(frozen=True)
class Data(Cases):
    """The frames that a metric of episodes is computed from. Frames hold rows of ``episodes`` only.

    Attributes:
        episodes: ``episode`` (number, from 0), ``episode_key``, ``condition``, ``replicate``,
            ``environment``, ``status``, ``planned_rounds``, ``completed_rounds``; sorted by
            condition as declared.
        seats: ``episode, seat, position, role, name, model, persona_key``.
        seat_changes: ``episode, seat, from_seq, name, model``: what seats are shown as, and which
            model acts for them, from an event on; where it is empty nothing changes.
        events: Events of every kind with ``episode``; only what quality measures need.
        actions: Questions put to seats with ``episode``; only what quality measures need.
        messages: ``episode, seq, round, turn, seat, text``: events of kind say that have words;
            ``conversation``: the seats that hear it, empty text where all do, as it is where the
            column is not there.
        labels: ``episode, seq, other_seq, flag, value`` of one rule, undecided ones included.
        all_labels: The same of every rule, with ``rule``.
        codes: ``episode, seq, other_seq, flag, coder, value``.
        samples: ``episode, seq, sample_key, stratum, inclusion_probability``: drawn for people.
        outcomes: ``episode, scope, subject, other, round, metric, value, label``.
        exposures: ``episode, seq, first_seq, last_seq``: runs of events that the prompt of a
            message had shown; a run without numbers where it had shown none. Messages that were
            brought in have no row.
        responses: Answers to probes: ``episode, after_rounds, after_turns, seat, instrument, item,
            value, text``.
        choice_sets: Alternatives that were shown, with ``chosen``: ``v_choice_sets`` with
            ``episode``.
        tokens: Tokens of the calls of each seat: ``v_episode_tokens`` with ``episode``.
        flags: The codebook.
        rule: The rule of ``labels``.
        rules: All rules, the used one first.
        gold: Coder that the others are held against.
        encoders: Text encoders by name, besides the hashed one.
        shared: What metrics of the same episodes share, such as tokens and vectors.
    """

    scope = "episode"
    episodes: pl.DataFrame
    seats: pl.DataFrame = field(default_factory=pl.DataFrame)
    seat_changes: pl.DataFrame = field(default_factory=pl.DataFrame)
    events: pl.DataFrame = field(default_factory=pl.DataFrame)
    actions: pl.DataFrame = field(default_factory=pl.DataFrame)
    messages: pl.DataFrame = field(default_factory=pl.DataFrame)
    labels: pl.DataFrame = field(default_factory=pl.DataFrame)
    all_labels: pl.DataFrame = field(default_factory=pl.DataFrame)
    codes: pl.DataFrame = field(default_factory=pl.DataFrame)
    samples: pl.DataFrame = field(default_factory=pl.DataFrame)
    outcomes: pl.DataFrame = field(default_factory=pl.DataFrame)
    exposures: pl.DataFrame = field(default_factory=pl.DataFrame)
    responses: pl.DataFrame = field(default_factory=pl.DataFrame)
    choice_sets: pl.DataFrame = field(default_factory=pl.DataFrame)
    tokens: pl.DataFrame = field(default_factory=pl.DataFrame)
    flags: Flags = field(default_factory=Flags)
    rule: str | None = None
    rules: tuple[str, ...] = ()
    gold: str | None = None
    encoders: Mapping[str, Any] = field(default_factory=dict)
    shared: dict[Any, Any] = field(default_factory=dict, compare=False)

    @property
    def cases(self) -> pl.DataFrame:
        """The episodes."""
        return self.episodes

    @property
    def n_episodes(self) -> int:
        """Number of episodes."""
        return self.episodes.height

    @cached_property
    def n_messages(self) -> Ints:
        """Number of messages of each episode."""
        return np.bincount(self.messages["episode"].to_numpy(), minlength=self.n_episodes)

    @cached_property
    def names(self) -> pl.DataFrame:
        """What seats are shown as: ``episode, seat, from_seq, until_seq, name, model``."""
        changes = self.seat_changes
        if changes.is_empty():
            changes = self.seats.select("episode", "seat", "name", "model", from_seq=pl.lit(0))
        changes = changes.cast({"from_seq": pl.Int64}).sort("from_seq")
        following = pl.col("from_seq").shift(-1).over("episode", "seat")
        return changes.with_columns(until_seq=following.fill_null(np.iinfo(np.int64).max))

    def agents(self, by: str) -> pl.Series:
        """Who spoke each message: the ``model`` or ``name`` then, or the ``seat`` or ``position``.

        Missing for a speaker that is no seat.
        """
        said = self.messages.select("episode", "seat", pl.col("seq").cast(pl.Int64))
        agent = pl.col(by).cast(pl.String).alias("agent")
        if by in {"seat", "position"}:
            known = self.seats.with_columns(agent, from_seq=pl.lit(0, pl.Int64))
        else:
            known = self.names.with_columns(agent)
        return said.join_asof(
            known.select("episode", "seat", "from_seq", "agent"),
            left_on="seq",
            right_on="from_seq",
            by=["episode", "seat"],
            check_sortedness=False,
        )["agent"]

    def shown_before(self) -> Bools:
        """Whether the prompt of each message had shown the message before it, of any seat.

        What was shown is not known of messages that were brought in; it counts as shown.
        """
        said = self.messages.select("episode", pl.col("seq").cast(pl.Int64))
        if self.exposures.is_empty():
            return np.ones(said.height, dtype=bool)
        numbers = pl.col("seq", "first_seq", "last_seq").cast(pl.Int64)
        runs = self.exposures.with_columns(numbers, known=True)
        found = (
            said.with_columns(before=pl.col("seq").shift(1).over("episode"))
            .join(runs, on=["episode", "seq"], how="left", maintain_order="left")
            .group_by("episode", "seq", maintain_order=True)
            .agg(
                known=pl.col("known").any(),
                shown=pl.col("before").is_between("first_seq", "last_seq").any(),
            )
        )
        return (found["shown"] | ~found["known"]).to_numpy()

    def blocks(self, most: int = 50_000) -> Iterator[slice]:
        """Stretches of ``messages`` with whole episodes, of about so many messages each.

        What is made of every word of every message is made block by block, so that memory does
        not grow with the number of episodes.
        """
        episode = self.messages["episode"].to_numpy()
        starts = np.flatnonzero(np.diff(episode, prepend=-1))
        firsts = np.unique(
            np.searchsorted(starts, np.arange(0, len(episode), most), side="right") - 1
        )
        bounds = np.append(starts[firsts], len(episode))
        yield from (slice(*pair) for pair in itertools.pairwise(bounds.tolist()) if len(episode))

    def by_episode(self, frame: pl.DataFrame, column: str) -> Floats:
        """A column of a frame with a row per episode, not-a-number where there is none."""
        return self.by_case(frame, column)


def numbered(
    frame: pl.DataFrame, episodes: pl.DataFrame, columns: Sequence[pl.Expr] = ()
) -> pl.DataFrame:
    """The rows that belong to the episodes, ``episode_key`` replaced by the episode's number.

    Args:
        frame: Rows with ``episode_key``.
        episodes: The episodes.
        columns: What is kept besides; all columns if none are named.
    """
    known = pl.Enum(episodes["episode_key"])
    number = pl.col("episode_key").cast(known, strict=False).to_physical().cast(pl.Int64)
    kept = columns or [pl.exclude("episode_key", "episode")]
    found = frame.select(number.alias("episode"), *kept)
    return (
        found
        if not found["episode"].null_count()
        else found.filter(pl.col("episode").is_not_null())
    )


def messages_of(events: pl.DataFrame, audiences: pl.DataFrame | None = None) -> pl.DataFrame:
    """What was said: ``episode, seq, round, turn, seat, text`` of events of kind say with words.

    Args:
        events: Events of any kind.
        audiences: Members of audiences; with them there is also ``conversation``.
    """
    said = (
        events.filter(
            (pl.col("kind") == "say") & (pl.col("text").str.strip_chars().str.len_chars() > 0)
        )
        .with_columns(pl.col("actor").cast(pl.String).alias("seat"))
        .sort("episode", "seq")
    )
    columns = ["episode", "seq", "round", "turn", "seat", "text"]
    if audiences is None or "audience" not in said.columns:
        return said.select(columns)
    heard = conversations(said, audiences).cast(pl.Categorical)
    return said.select(*columns, heard.alias("conversation"))


def episode_frame(episodes: Sequence[MeasuredEpisode], known: pl.DataFrame) -> pl.DataFrame:
    """The episodes numbered, with what is known of their completeness."""
    schema = {"episode_key": pl.String, "condition": pl.String, "replicate": pl.Int64}
    frame = pl.DataFrame(
        {name: [getattr(episode, name) for episode in episodes] for name in schema}, schema=schema
    ).with_row_index("episode")
    return frame.with_columns(pl.col("episode").cast(pl.Int64)).join(
        known.select(EPISODE), on="episode_key", how="left", maintain_order="left"
    )
