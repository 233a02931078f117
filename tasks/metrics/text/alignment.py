"""Whether a speaker takes up the words of the one before."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of
from tasks.metrics.data import Data
from tasks.metrics.metric import Confirmation, Metric, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Bools, Floats, Ints, group_means
from tasks.metrics.text import vectors
from tasks.metrics.text.apart import NEXT_WORDS, WORDS, alike_apart
from tasks.metrics.text.places import (
    LEAST_EPISODES,
    Spots,
    baselines,
    scaled,
    spots_with_baselines,
    turn_warnings,
)
from tasks.metrics.text.vectors import Matrix, TextOptions

PLACE = (
    "null: a message at the partner's own round, seat and turn in other episodes of the condition "
    "{}as jackknife pseudo-values, "
)
LEFT_OUT = f"replies whose partner's place fewer than {LEAST_EPISODES} episodes have are left out"
STRETCHES = "(stretches of as many messages as seats where there are no rounds), "
ACROSS = "across"


def compute(data: Data, options: TextOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``alignment``."""
    unit = vectors.message_vectors(data, options.encoder)
    episode = data.messages["episode"].to_numpy()
    seat = data.messages["seat"].to_numpy().astype(str)
    adjacent = (episode[1:] == episode[:-1]) & (seat[1:] != seat[:-1])
    replies = np.flatnonzero(adjacent & data.shown_before()[1:]) + 1
    cosine = vectors.row_cosines(unit, replies, replies - 1)
    replies, cosine = replies[np.isfinite(cosine)], cosine[np.isfinite(cosine)]
    stretch, by_round = blocks_of(data).moment, blocks_of(data).by_round
    across = (stretch[replies] - stretch[replies - 1] == 1) & by_round[episode[replies]]
    found = {
        "": _of_replies(data, options, unit, replies, cosine),
        ACROSS: _of_replies(data, options, unit, replies[across], cosine[across], across=True),
    }
    return rows.of_episodes(data, options, found)


def _of_replies(
    data: Data,
    options: TextOptions,
    unit: Matrix,
    replies: Ints,
    cosine: Floats,
    *,
    across: bool = False,
) -> ByEpisode:
    """Mean cosine of replies with the message before, and its baseline."""
    episode = data.messages["episode"].to_numpy()

    def null_of(spots: Spots) -> Floats:
        null = _baselines(unit, spots, replies[_usable(spots, replies)], episode, data.n_episodes)
        return null + alike_apart(unit, spots, data.n_episodes, neighbouring=across)

    spots, null = spots_with_baselines(data, np.diff(unit.indptr) > 0, null_of)
    usable = _usable(spots, replies)
    # An episode without a baseline has a value all the same.
    kept = usable | np.isnan(null)[episode[replies]]
    n = np.bincount(episode[replies[kept]], minlength=data.n_episodes)
    who = "another seat in the round before" if across else "another seat"
    place = PLACE.format("" if across else STRETCHES)
    return ByEpisode(
        group_means(cosine[kept], episode[replies[kept]], data.n_episodes),
        f"mean cosine of a message with the one before it, by {who}, that its prompt showed "
        f"({vectors.encoder_words(options.encoder)}); {place}{NEXT_WORDS if across else WORDS}; "
        f"{LEFT_OUT}",
        n,
        null[:, None],
        np.bincount(episode[replies], minlength=data.n_episodes) - n,
        null_warnings=turn_warnings(spots),
    )


def _usable(spots: Spots, replies: Ints) -> Bools:
    """Whether enough episodes have the place of each reply's partner."""
    partner = spots.of[replies - 1]
    return np.asarray((partner >= 0) & np.append(spots.usable, False)[partner])


def _baselines(unit: Matrix, spots: Spots, replies: Ints, episode: Ints, n_episodes: int) -> Floats:
    """Baseline of each episode, not-a-number for episodes without a usable reply."""
    n_usable = np.bincount(episode[replies], minlength=n_episodes)
    weight = 1 / np.maximum(n_usable, 1)
    replied = np.zeros(len(episode), dtype=bool)
    replied[replies - 1] = True
    null = np.zeros(n_episodes)
    for block, messages in spots.blocks():
        usable = spots.usable[block]
        size = block.stop - block.start
        local = spots.of[messages] - block.start
        said = vectors.summed(scaled(unit[messages], 1 / spots.size[block][local]), local, size)
        partner = replied[messages]
        answers = messages[partner] + 1
        mine = vectors.summed(scaled(unit[answers], weight[episode[answers]]), local[partner], size)
        found = baselines(
            mine[usable], said[usable], spots.place[block][usable], spots.in_episodes[block][usable]
        )
        null += np.bincount(spots.episode[block][usable], weights=found, minlength=len(null))
    return np.where(n_usable > 0, null, np.nan)


METRIC = Metric(
    name="alignment",
    title="How far speakers take up the words of the one before, against a shuffled partner",
    quantities={
        "": Quantity(
            "cosine of adjacent messages of two seats, the first shown to the second's writer",
            "mean_i cos(u_i, u_{i-1})",
            "[-1, 1]",
            confirmed_by=Confirmation(
                ACROSS, "topics that an episode has by itself in single rounds give it as well"
            ),
        ),
        ACROSS: Quantity(
            "that of replies to a message of the round before",
            "mean over i whose round is one after that of i - 1",
            "[-1, 1]",
        ),
    },
    source="Fusaroli et al. (2012); shuffled-partner baseline after Dubuisson Duplessis et al. "
    "(2017); pseudo-values after Efron and Stein (1981).",
    avoid="Replies count whose prompt showed the message before: few, with a barrier per round. Of "
    "transcripts that were brought in, all count. Compare the excess, never the raw cosine: "
    "what is taken up from the message before rather than from all that was said. A word that "
    "stays in use in later rounds counts less. Topics that an episode has by itself in single "
    "rounds, as after an intervention, are alike within the round without anybody taking up a "
    "word: an excess that replies across rounds do not confirm has a warning. Where many seats "
    "speak in drawn order, few episodes have a seat at the same turn of a round: replies to such a "
    "turn are left out, or turns do not count and the row warns. Where there are no rounds, "
    "nothing can confirm it, and a topic that moves on in a stretch leaves a little.",
    needs=("messages", "exposures"),
    options=TextOptions,
    version=7,
    compute=compute,
)
