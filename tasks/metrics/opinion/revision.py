"""How seats revise a private answer that they gave before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.opinion.responses import named_responses
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats, Ints, mean_over


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


def pressure(changed: Bools, revised: Revised) -> Floats:
    """Change among seats whose answer was a minority's, less that among the rest, by episode."""
    few = revised.backing < 0.5
    value = np.where(revised.both, changed, np.nan)
    alone = mean_over(np.where(few, value, np.nan), (1,))
    backed = mean_over(np.where(few, np.nan, value), (1,))
    return np.asarray(alone - backed)


def conformity(last: Ints, revised: Revised) -> Floats:
    """Share of changes that land on the commonest first answer of the others, by episode."""
    counts = revised.counts[:, None, :] - (
        revised.first[:, :, None] == np.arange(revised.n_options)
    )
    chosen = np.take_along_axis(counts, np.maximum(last, 0)[:, :, None], axis=2)[:, :, 0]
    most = (chosen == counts.max(axis=2)) & (chosen > 0)
    return mean_over(np.where(revised.changed, most, np.nan), (1,))


def confabulation(last: Ints, revised: Revised) -> Floats:
    """Share of last answers that nobody in the group gave at first, by episode."""
    held = np.take_along_axis(revised.counts, np.maximum(last, 0), axis=1)
    return mean_over(np.where(revised.both, held == 0, np.nan), (1,))


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
    shuffled = np.empty((data.n_episodes, options.draws))
    landed, invented = np.empty_like(shuffled), np.empty_like(shuffled)
    for draw in range(options.draws):
        shuffled[:, draw] = pressure(_shuffled(changed, both, rng), revised)
        step = 1 + rng.integers(0, max(revised.n_options - 1, 1), revised.first.shape)
        elsewhere = np.where(changed, (revised.first + step) % revised.n_options, revised.last)
        landed[:, draw] = conformity(elsewhere, revised)
        invented[:, draw] = confabulation(elsewhere, revised)
    n = both.sum(axis=1)
    asked = "seats that answered at the first and at the last time"
    moved = "null: changes go to another option at random"
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
            pressure(changed, revised),
            "rate_alone less rate_backed; null: which seats changed is shuffled in the episode",
            n,
            shuffled,
        ),
        "conformity": ByEpisode(
            conformity(revised.last, revised),
            f"changes that land on the others' commonest first answer; {moved}",
            changed.sum(axis=1),
            landed,
        ),
        "confabulation": ByEpisode(
            confabulation(revised.last, revised),
            f"last answers that nobody gave at first, {asked}; {moved}",
            n,
            invented,
        ),
    }
    return rows.of_episodes(data, options, found)


def _shuffled(changed: Bools, both: Bools, rng: np.random.Generator) -> Bools:
    """The same number of changes of every episode, given to seats at random."""
    key = np.where(both, rng.random(changed.shape), 2.0)
    order = np.argsort(np.argsort(key, axis=1), axis=1)
    return np.asarray(order < changed.sum(axis=1, keepdims=True))


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
    avoid="Answers that change by themselves raise every rate: read the excess over the null, and "
    "hold it against a condition without talk. Options that nobody ever chose are unknown to the "
    "null. Episodes in which nobody changed have no conformity, and those of one opinion no "
    "pressure.",
    needs=("responses",),
    options=RevisionOptions,
    compute=compute,
)
