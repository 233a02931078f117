"""What metrics are computed from: the frames of one unit, with runs numbered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from tasks.metrics.statistics.arrays import Floats, Ints


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
class MeasuredRun:
    """A run that a metric is computed from."""

    episode_key: str
    condition: str
    replicate: int


@dataclass(frozen=True)
class Data:
    """The frames that a metric is computed from. Frames hold rows of ``runs`` only.

    Attributes:
        runs: ``run`` (number, from 0), ``episode_key``, ``condition``, ``replicate``, ``status``,
            ``planned_rounds``, ``completed_rounds``; sorted by condition as declared.
        excluded: Runs that were left out, by condition.
        seats: ``run, seat, position, role, name, model, persona_key``.
        events: Events of every kind with ``run``; only what quality measures need.
        actions: Questions put to seats with ``run``; only what quality measures need.
        messages: ``run, seq, round, turn, seat, text``: events of kind say that have words.
        labels: ``run, seq, other_seq, flag, value`` of one rule, undecided ones included.
        all_labels: The same of every rule, with ``rule``.
        codes: ``run, seq, other_seq, flag, coder, value``.
        samples: ``run, seq, sample_key, stratum, inclusion_probability``: drawn for people.
        outcomes: ``run, scope, subject, other, round, metric, value, label``.
        responses: Answers to probes: ``run, after_rounds, after_turns, seat, instrument, item,
            value, text``.
        flags: The codebook.
        rule: The rule of ``labels``.
        rules: All rules, the used one first.
        gold: Coder that the others are held against.
        encoders: Text encoders by name, besides the hashed one.
        shared: What metrics of the same runs share, such as tokens and vectors.
    """

    runs: pl.DataFrame
    excluded: Mapping[str, int] = field(default_factory=dict)
    seats: pl.DataFrame = field(default_factory=pl.DataFrame)
    events: pl.DataFrame = field(default_factory=pl.DataFrame)
    actions: pl.DataFrame = field(default_factory=pl.DataFrame)
    messages: pl.DataFrame = field(default_factory=pl.DataFrame)
    labels: pl.DataFrame = field(default_factory=pl.DataFrame)
    all_labels: pl.DataFrame = field(default_factory=pl.DataFrame)
    codes: pl.DataFrame = field(default_factory=pl.DataFrame)
    samples: pl.DataFrame = field(default_factory=pl.DataFrame)
    outcomes: pl.DataFrame = field(default_factory=pl.DataFrame)
    responses: pl.DataFrame = field(default_factory=pl.DataFrame)
    flags: Flags = field(default_factory=Flags)
    rule: str | None = None
    rules: tuple[str, ...] = ()
    gold: str | None = None
    encoders: Mapping[str, Any] = field(default_factory=dict)
    shared: dict[Any, Any] = field(default_factory=dict, compare=False)

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return self.runs.height

    @cached_property
    def n_messages(self) -> Ints:
        """Number of messages of each run."""
        return np.bincount(self.messages["run"].to_numpy(), minlength=self.n_runs)

    def blocks(self, most: int = 50_000) -> Iterator[slice]:
        """Stretches of ``messages`` with whole runs, of about so many messages each.

        What is made of every word of every message is made block by block, so that memory does
        not grow with the number of runs.
        """
        run = self.messages["run"].to_numpy()
        starts = np.flatnonzero(np.diff(run, prepend=-1))
        firsts = np.unique(np.searchsorted(starts, np.arange(0, len(run), most), side="right") - 1)
        bounds = np.append(starts[firsts], len(run))
        yield from (slice(*pair) for pair in itertools.pairwise(bounds.tolist()) if len(run))

    def by_run(self, frame: pl.DataFrame, column: str) -> Floats:
        """A column of a frame with a row per run, not-a-number for runs without a row or value."""
        values = np.full(self.n_runs, np.nan)
        values[frame["run"].to_numpy()] = frame[column].cast(pl.Float64).to_numpy()
        return values

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Conditions that have runs, or had before exclusion, in the order declared."""
        found = self.runs["condition"].unique(maintain_order=True).to_list()
        return tuple(dict.fromkeys([*found, *self.excluded]))

    @cached_property
    def condition_runs(self) -> dict[str, Ints]:
        """Numbers of the runs of each condition."""
        names = self.runs["condition"].to_numpy()
        return {name: np.flatnonzero(names == name) for name in self.conditions}


def numbered(
    frame: pl.DataFrame, runs: pl.DataFrame, columns: Sequence[pl.Expr] = ()
) -> pl.DataFrame:
    """The rows of a table that belong to the runs, ``episode_key`` replaced by the run's number.

    Args:
        frame: Rows with ``episode_key``.
        runs: The runs.
        columns: What is kept besides; all columns if none are named.
    """
    known = pl.Enum(runs["episode_key"])
    number = pl.col("episode_key").cast(known, strict=False).to_physical().cast(pl.Int64)
    kept = columns or [pl.exclude("episode_key", "run")]
    found = frame.select(number.alias("run"), *kept)
    return found if not found["run"].null_count() else found.filter(pl.col("run").is_not_null())


def messages_of(events: pl.DataFrame) -> pl.DataFrame:
    """What was said: ``run, seq, round, turn, seat, text`` of events of kind say with words."""
    return (
        events.filter(
            (pl.col("kind") == "say") & (pl.col("text").str.strip_chars().str.len_chars() > 0)
        )
        .select(
            "run", "seq", "round", "turn", pl.col("actor").cast(pl.String).alias("seat"), "text"
        )
        .sort("run", "seq")
    )


def run_frame(runs: Sequence[MeasuredRun], episodes: pl.DataFrame) -> pl.DataFrame:
    """The runs numbered, with what their episodes say of completeness."""
    schema = {"episode_key": pl.String, "condition": pl.String, "replicate": pl.Int64}
    frame = pl.DataFrame(
        {name: [getattr(run, name) for run in runs] for name in schema}, schema=schema
    ).with_row_index("run")
    wanted = ["episode_key", "status", "planned_rounds", "completed_rounds"]
    return frame.with_columns(pl.col("run").cast(pl.Int64)).join(
        episodes.select(wanted), on="episode_key", how="left", maintain_order="left"
    )
