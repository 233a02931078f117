"""Whether a classifier tells from a message who wrote it, in episodes that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.blocks import blocks_of, free_to_shuffle, shuffle_words, shuffled_places
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.statistics.bootstrap import episode_weights, interval, interval_words
from tasks.metrics.statistics.nulls import null_summary
from tasks.metrics.statistics.ridge import held_out_scores
from tasks.metrics.statistics.roc import areas, weighted_auc
from tasks.metrics.text import vectors
from tasks.metrics.text.vectors import TextNullOptions

#: Numbers that are scored at once; bounds memory.
CHUNK = 16_000_000
#: p against the null below which an interval need not hold it.
LEVEL = 0.05


class ClassifierOptions(TextNullOptions):
    """Options of ``agent_auc``."""

    by: Literal["model", "name", "seat", "position"] = Field(
        "model", description="What the classifier is to recognise."
    )
    folds: int = Field(5, ge=2, le=20, description="Parts that runs are split into.")
    most: int = Field(20_000, ge=100, description="Messages of a condition that are used at most.")
    resamples: int = Field(500, ge=100, le=10_000, description="Resamples behind an interval.")


def compute(data: Data, options: ClassifierOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``agent_auc``."""
    unit = vectors.message_vectors(data, options.encoder)
    who = data.agents(options.by)
    episode, round_ = (data.messages[name].to_numpy() for name in ("episode", "round"))
    known = who.is_not_null().to_numpy()
    blocks, free = blocks_of(data), free_to_shuffle(data)
    words = np.array(shuffle_words(blocks, free, options.draws, "agents"))
    found = []
    for condition in data.conditions:
        mine = np.flatnonzero(np.isin(episode, data.by_condition[condition]) & known)
        if len(mine) > options.most:
            mine = np.sort(rng.choice(mine, size=options.most, replace=False))
        names = who.to_numpy()[mine].astype(str)
        messages = _Messages(
            unit[mine], names, episode[mine], round_[mine], blocks.of[mine], free[episode[mine]]
        )
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_excluded": data.excluded.get(condition, 0),
                **_condition(messages, list(dict.fromkeys(words[messages.episode])), options, rng),
            }
        )
    return rows.frame(found)


@dataclass(frozen=True)
class _Messages:
    """Messages of a condition: vectors, who wrote them, where, and whether they can be shuffled."""

    unit: Any
    names: npt.NDArray[np.str_]
    episode: Ints
    round: Ints
    block: Ints
    free: Bools


def _condition(
    messages: _Messages,
    shuffles: Sequence[str],
    options: ClassifierOptions,
    rng: np.random.Generator,
) -> dict[str, Any]:
    from sklearn.model_selection import GroupKFold

    classes, who = np.unique(messages.names, return_inverse=True)
    episodes, group = np.unique(messages.episode, return_inverse=True)
    n_folds = min(options.folds, len(episodes))
    counts = (
        f"{len(classes)} agents (by {options.by}), {len(episodes)} episodes, {len(who)} messages"
    )
    if len(classes) < 2 or n_folds < 2:
        return {
            "n_measured": len(episodes),
            "method": f"undefined: needs two agents and two episodes; there are {counts}",
        }
    fold = np.zeros(len(who), dtype=np.int64)
    for number, (_, held) in enumerate(GroupKFold(n_folds).split(who, groups=group)):
        fold[held] = number
    strata = fold * (int(messages.round.max()) + 1) + messages.round
    own = who[:, None] == np.arange(len(classes))
    scores = held_out_scores(messages.unit, own.astype(np.float64), fold)
    value = float(areas(scores, own, strata).mean())
    draws = _null(messages, own, fold, strata, options.draws, rng)
    null = null_summary(np.array([value]), draws[None, :])
    weights = episode_weights(len(episodes), options.resamples).astype(np.float64)[:, group]
    drawn = [weighted_auc(scores[:, k], own[:, k], weights, strata) for k in range(len(classes))]
    ends = interval(np.mean(drawn, axis=0), len(episodes))
    low, high = (float(end) for end in ends)
    words = interval_words(low, high, len(episodes))
    if null.p[0] >= LEVEL:
        reach = float(np.quantile(np.abs(draws - null.mean[0]), 1 - LEVEL))
        low, high = min(low, value - reach), max(high, value + reach)
        words += ", as wide as the null at least"
    return {
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "null_mean": float(null.mean[0]) if len(draws) else 0.5,
        "null_sd": float(null.sd[0]),
        "p_null": float(null.p[0]),
        "n_measured": len(episodes),
        "method": f"mean one-against-rest area under the ROC curve of {counts}, messages of the "
        f"same round compared; ridge regression on {vectors.encoder_words(options.encoder)}, "
        f"{n_folds} folds with whole episodes held out; null: "
        f"{'; '.join(shuffles)}; {words}",
    }


def _null(
    messages: _Messages,
    own: Bools,
    fold: Ints,
    strata: Ints,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Mean areas with the agents of messages shuffled within blocks, the regressions refitted."""
    if not messages.free.any():
        return np.empty(0)
    n, classes = own.shape
    step = max(1, CHUNK // (n * classes))
    found = []
    for first in range(0, draws, step):
        size = min(step, draws - first)
        places = shuffled_places(messages.block, size, rng)
        mixed = own[places].transpose(1, 0, 2).reshape(n, size * classes)
        scores = held_out_scores(messages.unit, mixed.astype(np.float64), fold)
        found.append(areas(scores, mixed, strata).reshape(size, classes).mean(axis=1))
    return np.concatenate(found)


METRIC = Metric(
    name="agent_auc",
    title="How well messages of unseen episodes give away who wrote them (.5: not at all)",
    quantities={
        "": Quantity(
            "area under the ROC curve, one against the rest, mean over agents",
            "P(score of own message > score of another's of the round)",
            "[0, 1]",
        )
    },
    source="Hand and Till (2001) for the mean over classes; groups held out as in GroupKFold; "
    "pairs within a round, so that who speaks when gives nobody away; null: agents shuffled within "
    "rounds and the regressions refitted, since what they learnt from one episode is in the "
    "scores of the others.",
    avoid="Agents that sign their messages are recognised by the signature: with `by: name` it "
    "measures that. Positions are recognised by what comes first. With fewer than ten episodes the "
    "area is rough.",
    needs=("messages", "seats"),
    options=ClassifierOptions,
    version=3,
    compute=compute,
)
