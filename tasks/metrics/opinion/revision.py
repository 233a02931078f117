"""How seats revise a private answer that they gave before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.opinion.moves import with_moves
from tasks.metrics.opinion.responses import named_responses
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats, Ints, mean_over
from tasks.metrics.statistics.nulls import null_summary

#: p of the answers of a condition as a whole, last against first, below which a row warns.
MOVED = 0.05


class RevisionOptions(Options):
    """Options of ``opinion_revision``."""

    of: str = Field("", description="Probe, or item as probe.item; the only one if left out.")
    draws: int = Field(200, ge=1, description="Draws of the null.")


@dataclass(frozen=True)
class Revised:
    """First and last answers of seats.

    Attributes:
        first: Number of the option by episode and seat; -1 where there is none.
        last: The same at the last time.
        n_options: How many options were ever chosen in the study.
    """

    first: Ints
    last: Ints
    n_options: int

    def swapped(self, which: Bools) -> Revised:
        """The same with the first and the last answer of some seats in each other's place."""
        first = np.where(which, self.last, self.first)
        return Revised(first, np.where(which, self.first, self.last), self.n_options)

    @property
    def both(self) -> Bools:
        """Which seats gave both answers."""
        return np.asarray((self.first >= 0) & (self.last >= 0))

    @property
    def changed(self) -> Bools:
        """Which of them gave another one at last."""
        return np.asarray(self.both & (self.first != self.last))

    @property
    def backing(self) -> Floats:
        """Share of the other seats that gave the same first answer as a seat."""
        given = self.first >= 0
        same = (self.first[:, :, None] == self.first[:, None, :]) & given[:, None, :]
        others = given.sum(axis=1, keepdims=True) - given
        alike = np.where(others > 0, (same.sum(axis=2) - given) / np.maximum(others, 1), np.nan)
        return np.where(given, alike, np.nan)

    @property
    def counts(self) -> Ints:
        """Seats by episode and option of their first answer."""
        options = np.arange(self.n_options)
        return np.asarray((self.first[:, :, None] == options).sum(axis=1))


def pressure(revised: Revised) -> Floats:
    """Change among seats whose answer was a minority's, less that among the rest, by episode."""
    few = revised.backing < 0.5
    value = np.where(revised.both, revised.changed, np.nan)
    alone = mean_over(np.where(few, value, np.nan), (1,))
    backed = mean_over(np.where(few, np.nan, value), (1,))
    return np.asarray(alone - backed)


def conformity(revised: Revised) -> Floats:
    """Share of changes that land on the commonest first answer of the others, by episode."""
    counts = revised.counts[:, None, :] - (
        revised.first[:, :, None] == np.arange(revised.n_options)
    )
    chosen = np.take_along_axis(counts, np.maximum(revised.last, 0)[:, :, None], axis=2)[:, :, 0]
    most = (chosen == counts.max(axis=2)) & (chosen > 0)
    return mean_over(np.where(revised.changed, most, np.nan), (1,))


def confabulation(revised: Revised) -> Floats:
    """Share of last answers that nobody in the group gave at first, by episode."""
    held = np.take_along_axis(revised.counts, np.maximum(revised.last, 0), axis=1)
    return mean_over(np.where(revised.both, held == 0, np.nan), (1,))


#: What is held against its null, by quantity.
OF_GROUPS: dict[str, Callable[[Revised], Floats]] = {
    "pressure": pressure,
    "conformity": conformity,
    "confabulation": confabulation,
}


def revised_answers(data: Data, of: str) -> Revised:
    """First and last answers to one probe, episode by episode; a number is an option as well.

    Raises:
        Unusable: There is no such probe, or several, or it was asked at one time only.
    """
    answer = pl.col("text").fill_null(pl.col("value").cast(pl.String))
    named = named_responses(data.responses, (of,) if of else ())
    asked = named.with_columns(answer.alias("answer")).drop_nulls("answer")
    names = asked["name"].unique(maintain_order=True).to_list()
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise Unusable(f"name one probe with option `of`: there are answers to {found}")
    turns, episode = pl.col("after_turns"), pl.col("episode")
    ends = asked.with_columns(begin=turns.min().over(episode), end=turns.max().over(episode))
    ends = ends.filter(pl.col("begin") < pl.col("end")).with_columns(
        seat_number=(pl.col("seat").rank("dense") - 1).cast(pl.Int64),
        option=(pl.col("answer").rank("dense") - 1).cast(pl.Int64),
    )
    if ends.is_empty():
        raise Unusable(f"{names[0]} was asked once, so nothing can be revised")
    shape = data.n_episodes, int(ends["seat_number"].to_numpy().max()) + 1
    answers = []
    for time in ("begin", "end"):
        then = ends.filter(turns == pl.col(time))
        one = np.full(shape, -1, dtype=np.int64)
        one[then["episode"].to_numpy(), then["seat_number"].to_numpy()] = then["option"].to_numpy()
        answers.append(one)
    return Revised(answers[0], answers[1], int(ends["option"].to_numpy().max()) + 1)


def compute(data: Data, options: RevisionOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``opinion_revision``."""
    revised = revised_answers(data, options.of)
    both, changed = revised.both, revised.changed
    value, few = np.where(both, changed, np.nan), revised.backing < 0.5
    nulls = {name: np.empty((data.n_episodes, options.draws)) for name in OF_GROUPS}
    moves = np.empty((len(data.conditions), options.draws))
    for draw in range(options.draws):
        swapped = revised.swapped(both & (rng.random(both.shape) < 0.5))
        for name, of in OF_GROUPS.items():
            nulls[name][:, draw] = of(swapped)
        moves[:, draw] = _moves(data, swapped)
    n = both.sum(axis=1)
    asked = "seats that answered at the first and at the last time"
    null = "null: first and last answer of each seat swapped at random"
    found = {
        "rate": ByEpisode(mean_over(value, (1,)), f"changed answers, {asked}", n),
        "rate_alone": ByEpisode(
            mean_over(np.where(few, value, np.nan), (1,)),
            f"changed answers, {asked}, that less than half of the others shared",
            (both & few).sum(axis=1),
        ),
        "rate_backed": ByEpisode(
            mean_over(np.where(few, np.nan, value), (1,)),
            f"changed answers, {asked}, that half of the others or more shared",
            (both & ~few).sum(axis=1),
        ),
        "pressure": ByEpisode(
            pressure(revised), f"rate_alone less rate_backed; {null}", n, nulls["pressure"]
        ),
        "conformity": ByEpisode(
            conformity(revised),
            f"changes that land on the others' commonest first answer; {null}",
            changed.sum(axis=1),
            nulls["conformity"],
        ),
        "confabulation": ByEpisode(
            confabulation(revised),
            f"last answers that nobody gave at first, {asked}; {null}",
            n,
            nulls["confabulation"],
        ),
    }
    p = null_summary(_moves(data, revised), moves).p
    moved = [name for name, one in zip(data.conditions, p.tolist(), strict=True) if one < MOVED]
    return with_moves(rows.of_episodes(data, options, found), OF_GROUPS, moved)


def _moves(data: Data, revised: Revised) -> Floats:
    """How far the answers of each condition as a whole are from what they were at first."""
    asked = revised.both[:, :, None]
    options = np.arange(revised.n_options)
    first, last = (
        ((answers[:, :, None] == options) & asked).sum(axis=1)
        for answers in (revised.first, revised.last)
    )
    where = data.by_condition.values()
    return np.array([((last[one] - first[one]).sum(axis=0) ** 2).sum() for one in where], float)


METRIC = Metric(
    name="opinion_revision",
    title="How seats revise a private answer, and whether towards what the others held",
    quantities={
        "rate": Quantity("share of seats whose answer changed", "mean 1[x_T ≠ x_1]", "[0, 1]"),
        "rate_alone": Quantity(
            "that share where less than half of the others had the same answer",
            "mean 1[x_T ≠ x_1 | s < 1/2]",
            "[0, 1]",
        ),
        "rate_backed": Quantity("that share elsewhere", "mean 1[x_T ≠ x_1 | s ≥ 1/2]", "[0, 1]"),
        "pressure": Quantity("the difference of the two", "rate_alone - rate_backed", "[-1, 1]"),
        "conformity": Quantity(
            "share of changes that land on the others' commonest first answer",
            "mean 1[x_T in mode(x_1 of the others)] over changes",
            "[0, 1]",
        ),
        "confabulation": Quantity(
            "share of last answers that nobody gave at first",
            "mean 1[x_T not in {x_1}]",
            "[0, 1]",
        ),
    },
    source="Baltaji, Hemmatian and Varshney (2024), arXiv 2405.03862: change of private answers by "
    "the share of the group that holds the same, and answers that nobody held; conformity after "
    "Zhang et al. (2024), arXiv 2310.02124.",
    avoid="Answers that change by themselves raise every rate, and even then those that few hold "
    "are given up more often, mostly for those that many hold. Read the excess: the null "
    "swaps the first and the last answer of seats, and an excess says that groups are left for "
    "what they held more often than they come from it. Where answers as a whole move, as all may "
    "by themselves, the row warns: hold it against a condition without talk. Episodes in which "
    "nobody changed have no conformity, and those of one opinion no pressure.",
    needs=("responses",),
    options=RevisionOptions,
    version=2,
    compute=compute,
)
