"""Stances of seats by round, as one array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics.data import Data
from tasks.metrics.metric import Options, Unusable
from tasks.metrics.rows import ByEpisode, of_episodes
from tasks.metrics.statistics.arrays import Bools, Floats, Ints


class StanceOptions(Options):
    """Options of metrics over stances."""

    flag: str = Field(
        "", description="Flag with levels that codes the stance; none: the only one with levels."
    )
    outcome: str = Field(
        "", description="Outcome by seat and round that gives the stance, in place of a flag."
    )


@dataclass(frozen=True)
class Stances:
    """Stances of one study.

    Attributes:
        values: Shape (episodes, seats, rounds); the last stance that was given, not-a-number before
            the first.
        given: Whether a stance was given in that round.
        levels: Number of levels; 0 where stances are numbers without levels.
        source: Where they come from, for ``method``.
    """

    values: Floats
    given: Bools
    levels: int
    source: str

    @property
    def n_given(self) -> Ints:
        """Stances that were given, by episode."""
        return np.asarray(self.given.sum(axis=(1, 2)))

    def rows(
        self,
        data: Data,
        options: StanceOptions,
        found: Mapping[str, Floats],
        which: str = "stances of seats",
        notes: Mapping[str, str] | None = None,
        n_measured: Mapping[str, Ints] | None = None,
    ) -> pl.DataFrame:
        """Rows of quantities.

        Args:
            data: What they were computed from.
            options: Options of the metric.
            found: Values by quantity.
            which: Which stances they are of.
            notes: What ``method`` says of a quantity besides.
            n_measured: What its values are made of, where that is not all stances.
        """
        method = f"{which}, from {self.source}"
        quantities = {
            quantity: ByEpisode(
                value,
                method + (notes or {}).get(quantity, ""),
                (n_measured or {}).get(quantity, self.n_given),
            )
            for quantity, value in found.items()
        }
        return of_episodes(data, options, quantities)


def stances_of(data: Data, options: StanceOptions) -> Stances:
    """Every seat's stance after every round.

    Raises:
        Unusable: There is no flag with levels, or none of its labels is usable.
    """
    if options.outcome:
        mine = data.outcomes.filter(
            (pl.col("scope") == "seat_round") & (pl.col("metric") == options.outcome)
        ).select("episode", pl.col("subject").alias("seat"), "round", pl.col("value"))
        return _array(data, mine, 0, f"outcome {options.outcome}")
    flag = options.flag or _only_levelled(data)
    labels = data.labels.filter((pl.col("flag") == flag) & pl.col("seq").is_not_null())
    mine = (
        labels.join(data.messages.select("episode", "seq", "seat", "round"), on=["episode", "seq"])
        .sort("episode", "seq")
        .select("episode", "seat", "round", "value")
    )
    if mine["value"].count() == 0:
        raise Unusable(f"of {labels.height} labels of {flag} under rule {data.rule} none is usable")
    return _array(data, mine, len(data.flags.levels.get(flag, ())) or 2, f"flag {flag}")


def _only_levelled(data: Data) -> str:
    names = [name for name, levels in data.flags.levels.items() if levels]
    if len(names) == 1:
        return names[0]
    found = ", ".join(names) or "none"
    raise Unusable(f"name the stance with option `flag`: flags with levels are {found}")


def _array(data: Data, stances: pl.DataFrame, levels: int, source: str) -> Stances:
    last = (
        stances.drop_nulls("value")
        .group_by("episode", "seat", "round", maintain_order=True)
        .agg(pl.col("value").last())
    )
    if last.is_empty():
        raise Unusable(f"there is no usable stance ({source})")
    seat = (last["seat"].rank("dense") - 1).cast(pl.Int64).to_numpy()
    round_ = last["round"].cast(pl.Int64).to_numpy()
    values = np.full((data.n_episodes, int(seat.max()) + 1, int(round_.max()) + 1), np.nan)
    values[last["episode"].to_numpy(), seat, round_] = last["value"].to_numpy()
    given: Bools = np.asarray(np.isfinite(values))
    for place in range(1, values.shape[2]):
        values[:, :, place] = np.where(
            given[:, :, place], values[:, :, place], values[:, :, place - 1]
        )
    return Stances(values, given, levels, source)


def last_round(values: Floats, given: Bools) -> Floats:
    """Stances after the last round in which anybody gave one, shape (episodes, seats)."""
    some = given.any(axis=1)
    last = values.shape[2] - 1 - np.argmax(np.asarray(some)[:, ::-1], axis=1)
    return np.asarray(values[np.arange(len(values)), :, last])


def first_round(values: Floats) -> Floats:
    """First stance of each seat, shape (episodes, seats)."""
    place = np.argmax(np.isfinite(values), axis=2)
    return np.take_along_axis(values, place[:, :, None], axis=2)[:, :, 0]
